from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from sellers.models.accounts import SellerAccount


class Sku(models.Model):
    """An item we sell. `ref` is the id VTEX knows it by: an exact string, `0123` is not `123`."""

    account = models.ForeignKey(
        SellerAccount, on_delete=models.PROTECT, related_name="skus", verbose_name=_("account")
    )
    ref = models.CharField(_("SKU id"), max_length=100)
    name = models.CharField(_("name"), max_length=300)
    ref_code = models.CharField(_("reference code"), max_length=100, blank=True, db_index=True)
    ean = models.CharField(_("EAN"), max_length=30, blank=True, db_index=True)
    weight_g = models.PositiveIntegerField(_("weight, g"), default=0)
    height_cm = models.DecimalField(_("height, cm"), max_digits=8, decimal_places=2, default=0)
    width_cm = models.DecimalField(_("width, cm"), max_digits=8, decimal_places=2, default=0)
    length_cm = models.DecimalField(_("length, cm"), max_digits=8, decimal_places=2, default=0)
    price_cents = models.PositiveBigIntegerField(
        _("price, cents"), null=True, blank=True, help_text=_("Empty: not for sale.")
    )
    list_price_cents = models.PositiveBigIntegerField(_("list price, cents"), null=True, blank=True)
    price_valid_until = models.DateTimeField(_("price valid until"), null=True, blank=True)
    measurement_unit = models.CharField(_("measurement unit"), max_length=20, default="un")
    unit_multiplier = models.DecimalField(
        _("unit multiplier"), max_digits=12, decimal_places=4, default=1
    )
    offerings = models.JSONField(_("offerings"), default=list, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    bin_location = models.CharField(_("bin"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("SKU")
        verbose_name_plural = _("SKUs")
        ordering = ["ref"]
        constraints = [
            models.UniqueConstraint(fields=["account", "ref"], name="one_sku_per_ref"),
            models.CheckConstraint(
                condition=Q(price_cents__isnull=True) | Q(price_cents__gt=0),
                name="sku_price_positive",
            ),
            models.CheckConstraint(
                condition=Q(list_price_cents__isnull=True)
                | Q(list_price_cents__gte=F("price_cents")),
                name="sku_list_price_not_below_price",
            ),
            models.CheckConstraint(
                condition=Q(unit_multiplier__gt=0), name="sku_multiplier_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ref} · {self.name}"


class CaseBarcode(models.Model):
    """The barcode on a case of one SKU: scanned, it stands for `units`. Stock stays in units."""

    sku = models.ForeignKey(
        Sku, on_delete=models.CASCADE, related_name="case_barcodes", verbose_name=_("SKU")
    )
    barcode = models.CharField(_("barcode"), max_length=48, db_index=True)
    units = models.PositiveIntegerField(
        _("units"), help_text=_("How many units of the SKU are in a case with this barcode.")
    )

    class Meta:
        verbose_name = _("case barcode")
        verbose_name_plural = _("case barcodes")
        ordering = ["sku", "barcode"]
        constraints = [
            models.UniqueConstraint(fields=["sku", "barcode"], name="one_row_per_case_barcode"),
            models.CheckConstraint(condition=Q(units__gt=0), name="case_units_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.barcode} = {self.units} × {self.sku.ref}"


class SalesChannelPrice(models.Model):
    """A price of its own for one sales channel (VTEX's `sc`, trade policy)."""

    sku = models.ForeignKey(
        Sku, on_delete=models.CASCADE, related_name="sales_channel_prices", verbose_name=_("SKU")
    )
    sales_channel = models.CharField(_("sales channel"), max_length=20)
    price_cents = models.PositiveBigIntegerField(_("price, cents"))
    list_price_cents = models.PositiveBigIntegerField(_("list price, cents"), null=True, blank=True)

    class Meta:
        verbose_name = _("sales channel price")
        verbose_name_plural = _("sales channel prices")
        ordering = ["sku", "sales_channel"]
        constraints = [
            models.UniqueConstraint(
                fields=["sku", "sales_channel"], name="one_price_per_sales_channel"
            ),
            models.CheckConstraint(condition=Q(price_cents__gt=0), name="channel_price_positive"),
            models.CheckConstraint(
                condition=Q(list_price_cents__isnull=True)
                | Q(list_price_cents__gte=F("price_cents")),
                name="channel_list_price_not_below_price",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sku.ref} @ {self.sales_channel}"
