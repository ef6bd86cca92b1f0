"""Packages and what is in them, their invoices, and the gestures that made them."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from orders.models import Order, OrderLine
from sellers.models import OutboxMessage, SellerAccount

INVOICE_NUMBER = RegexValidator(
    r"^[A-Za-z0-9-]+$",
    _(
        "Use letters, digits and hyphens only: "
        "a slash or a space would break tracking at the marketplace."
    ),
)


class Package(models.Model):
    """A box. Closed, it has its invoice; then tracking, then it is delivered."""

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        CLOSED = "closed", _("closed")

    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, related_name="packages", verbose_name=_("order")
    )
    number = models.PositiveIntegerField(_("number"), help_text=_("1, 2, 3… within the order."))
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.OPEN
    )
    weight_g = models.PositiveIntegerField(_("weighed, g"), null=True, blank=True)
    opened_at = models.DateTimeField(_("opened"))
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("closed by"),
    )
    courier = models.CharField(_("carrier"), max_length=100, blank=True)
    tracking_number = models.CharField(
        _("tracking number"), max_length=100, blank=True, db_index=True
    )
    tracking_url = models.URLField(_("tracking address"), max_length=500, blank=True)
    dispatched_at = models.DateTimeField(_("handed over"), null=True, blank=True)
    delivered_at = models.DateTimeField(_("delivered"), null=True, blank=True)

    class Meta:
        verbose_name = _("package")
        verbose_name_plural = _("packages")
        ordering = ["order", "number"]
        constraints = [
            models.UniqueConstraint(fields=["order", "number"], name="one_package_per_number")
        ]
        indexes = [
            # Read by reports: the carriers there are, and the orders of one.
            models.Index(
                fields=["courier", "order"], name="package_by_courier", condition=~Q(courier="")
            ),
            # Closed and still in the house: what waits for its papers and its carrier.
            models.Index(
                fields=["closed_at"],
                name="package_to_hand_over",
                condition=Q(status="closed", dispatched_at__isnull=True),
            ),
            # Gone, and nobody has told its number: a person must.
            models.Index(
                fields=["dispatched_at"],
                name="package_untracked",
                condition=Q(
                    dispatched_at__isnull=False, tracking_number="", delivered_at__isnull=True
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_id} / {self.number}"


class PackageItem(models.Model):
    """Units of one order line in one package."""

    package = models.ForeignKey(
        Package, on_delete=models.CASCADE, related_name="items", verbose_name=_("package")
    )
    line = models.ForeignKey(
        OrderLine, on_delete=models.PROTECT, related_name="packed", verbose_name=_("line")
    )
    quantity = models.PositiveIntegerField(_("quantity"))

    class Meta:
        verbose_name = _("packed item")
        verbose_name_plural = _("packed items")
        ordering = ["package", "line"]
        constraints = [
            models.UniqueConstraint(fields=["package", "line"], name="one_row_per_packed_line"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="packed_quantity_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.line_id}"


class InvoiceSeries(models.Model):
    """The account's own invoice numbers, drawn without gaps or doubles under a row lock."""

    account = models.OneToOneField(
        SellerAccount,
        on_delete=models.CASCADE,
        related_name="invoice_series",
        verbose_name=_("account"),
        primary_key=True,
    )
    prefix = models.CharField(_("prefix"), max_length=20, blank=True, validators=[INVOICE_NUMBER])
    next_number = models.PositiveBigIntegerField(_("next number"), default=1)
    fiscal_series = models.PositiveIntegerField(
        _("fiscal series"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(999)],
        help_text=_("Access keys must be of this series. Empty: not compared."),
    )
    closes_by_itself = models.BooleanField(
        _("closes packages by itself"),
        default=False,
        help_text=_(
            "With its last unit an order's packages close, with the next numbers of this series. "
            "Off: the packer scans the invoice, or closes by key."
        ),
    )

    class Meta:
        verbose_name = _("invoice series")
        verbose_name_plural = _("invoice series")

    def __str__(self) -> str:
        return f"{self.prefix}{self.next_number}"


class Invoice(models.Model):
    """The fiscal document of one package (output) or of a return (input).

    Its fate at the marketplace is read from `message`.
    """

    class Kind(models.TextChoices):
        OUTPUT = "Output", _("sale")
        INPUT = "Input", _("return")

    account = models.ForeignKey(
        SellerAccount, on_delete=models.PROTECT, related_name="invoices", verbose_name=_("account")
    )
    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, related_name="invoices", verbose_name=_("order")
    )
    package = models.ForeignKey(
        Package,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="invoices",
        verbose_name=_("package"),
    )
    kind = models.CharField(_("kind"), max_length=6, choices=Kind.choices, default=Kind.OUTPUT)
    number = models.CharField(
        _("number"), max_length=60, db_index=True, validators=[INVOICE_NUMBER]
    )
    key = models.CharField(_("access key"), max_length=44, blank=True, db_index=True)
    url = models.URLField(_("address"), max_length=500, blank=True)
    value_cents = models.PositiveBigIntegerField(_("value, cents"))
    issued_at = models.DateTimeField(_("issued"))
    message = models.OneToOneField(
        OutboxMessage,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("message to the marketplace"),
    )
    voided_at = models.DateTimeField(_("voided"), null=True, blank=True)

    class Meta:
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        # Its print names the shopper's document number and prices.
        permissions = [("print_invoice", _("Can print invoices"))]
        ordering = ["-id"]
        constraints = [
            # A voided invoice never reached anyone; its number may be given to the right package.
            models.UniqueConstraint(
                fields=["account", "number"],
                name="one_live_invoice_per_number",
                condition=Q(voided_at__isnull=True),
            ),
            models.UniqueConstraint(
                fields=["package"],
                name="one_live_invoice_per_package",
                condition=Q(voided_at__isnull=True, kind="Output"),
            ),
            models.CheckConstraint(condition=Q(value_cents__gt=0), name="invoice_value_positive"),
        ]

    def __str__(self) -> str:
        return self.number


class InvoiceLine(models.Model):
    """The share of one order line in one invoice; `value_cents` is exact."""

    invoice = models.ForeignKey(
        Invoice, on_delete=models.CASCADE, related_name="lines", verbose_name=_("invoice")
    )
    line = models.ForeignKey(
        OrderLine, on_delete=models.PROTECT, related_name="invoiced", verbose_name=_("line")
    )
    quantity = models.PositiveIntegerField(_("quantity"))
    value_cents = models.BigIntegerField(_("value, cents"))

    class Meta:
        verbose_name = _("invoice line")
        verbose_name_plural = _("invoice lines")
        ordering = ["invoice", "line"]
        constraints = [
            models.UniqueConstraint(fields=["invoice", "line"], name="one_row_per_invoiced_line")
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.line_id}"
