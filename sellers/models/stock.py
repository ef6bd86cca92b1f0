"""Units on shelves and what is promised of them. Only `sellers.stock` writes these tables."""

from __future__ import annotations

from datetime import time

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from sellers.models.accounts import SellerAccount
from sellers.models.catalogue import Sku


class Warehouse(models.Model):
    """A place that ships. `priority`: the lower number is preferred among equals."""

    account = models.ForeignKey(
        SellerAccount,
        on_delete=models.PROTECT,
        related_name="warehouses",
        verbose_name=_("account"),
    )
    code = models.CharField(_("code"), max_length=40)
    name = models.CharField(_("name"), max_length=200)
    postal_code = models.CharField(_("postal code"), max_length=20, blank=True)
    country = models.CharField(_("country"), max_length=3, default="BRA")
    state = models.CharField(
        _("state"),
        max_length=3,
        blank=True,
        help_text=_("For the holidays of the state, such as SP."),
    )
    priority = models.IntegerField(_("priority"), default=0)
    cutoff = models.TimeField(
        _("cut-off"),
        default=time(14),
        help_text=_("Orders after this local time count from the next day."),
    )
    handling_days = models.PositiveSmallIntegerField(_("handling, business days"), default=0)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("warehouse")
        verbose_name_plural = _("warehouses")
        ordering = ["priority", "code"]
        constraints = [
            models.UniqueConstraint(fields=["account", "code"], name="one_warehouse_per_code")
        ]

    def __str__(self) -> str:
        return self.name


class StockLevel(models.Model):
    """Units of one SKU in one warehouse.

    `held` counts every live hold, expired ones included until they are tidied away; availability
    is therefore asked of `sellers.stock`, never read off this row alone.
    """

    sku = models.ForeignKey(
        Sku,
        on_delete=models.PROTECT,
        related_name="levels",
        verbose_name=_("SKU"),
        db_index=False,  # the unique warehouse begins with it
    )
    warehouse = models.ForeignKey(
        Warehouse, on_delete=models.PROTECT, related_name="levels", verbose_name=_("warehouse")
    )
    on_hand = models.PositiveIntegerField(_("on hand"), default=0)
    held = models.PositiveIntegerField(_("held"), default=0)
    safety = models.PositiveIntegerField(_("safety"), default=0)

    class Meta:
        verbose_name = _("stock level")
        verbose_name_plural = _("stock levels")
        ordering = ["sku", "warehouse"]
        constraints = [
            models.UniqueConstraint(
                fields=["sku", "warehouse"], name="one_level_per_sku_and_warehouse"
            ),
            models.CheckConstraint(
                condition=Q(held__lte=F("on_hand")), name="never_hold_more_than_on_hand"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sku} · {self.warehouse}"


class Hold(models.Model):
    """Units promised to one line of one order. `expires_at` is empty once the order is paid."""

    class State(models.TextChoices):
        HELD = "held", _("held")
        RELEASED = "released", _("released")
        SHIPPED = "shipped", _("shipped")

    level = models.ForeignKey(
        StockLevel, on_delete=models.PROTECT, related_name="holds", verbose_name=_("stock level")
    )
    seller_order_id = models.CharField(_("order"), max_length=40)
    line_index = models.PositiveIntegerField(_("line"))
    quantity = models.PositiveIntegerField(_("quantity"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.HELD)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("hold")
        verbose_name_plural = _("holds")
        ordering = ["id"]
        indexes = [
            models.Index(fields=["seller_order_id", "line_index"], name="hold_by_order"),
            # Read by every availability question: expired holds stop counting at that moment.
            models.Index(
                fields=["level", "expires_at"],
                name="hold_live_by_level",
                condition=Q(state="held"),
                include=["quantity"],
            ),
            models.Index(
                fields=["expires_at"],
                name="hold_due",
                condition=Q(state="held", expires_at__isnull=False),
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="hold_quantity_positive")
        ]

    def __str__(self) -> str:
        return f"{self.seller_order_id}[{self.line_index}] × {self.quantity}"


class StockMovement(models.Model):
    """A line of the ledger: what changed, why, by whom. The database refuses edits, deletes."""

    class Kind(models.TextChoices):
        OPENING = "opening", _("opening")
        IMPORT = "import", _("import")
        HOLD = "hold", _("hold")
        RELEASE = "release", _("release")
        PICK = "pick", _("pick")
        RETURN = "return", _("return")
        COUNT = "count", _("count")
        CORRECTION = "correction", _("correction")

    level = models.ForeignKey(
        StockLevel,
        on_delete=models.PROTECT,
        related_name="movements",
        verbose_name=_("stock level"),
        db_index=False,  # the unique cause begins with it
    )
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    on_hand_change = models.IntegerField(_("on hand"), default=0)
    held_change = models.IntegerField(_("held"), default=0)
    cause = models.CharField(
        _("cause"),
        max_length=160,
        help_text=_("What made it happen: an order line, a file, a count."),
    )
    seller_order_id = models.CharField(_("order"), max_length=40, blank=True)
    note = models.CharField(_("reason"), max_length=300, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("who"),
    )
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("stock movement")
        verbose_name_plural = _("stock ledger")
        ordering = ["-id"]
        constraints = [
            # The same cause never moves the same shelf twice: nothing is released or picked twice.
            models.UniqueConstraint(
                fields=["level", "kind", "cause"], name="one_movement_per_cause"
            )
        ]
        indexes = [
            # For whole ids and for what they begin with.
            models.Index(
                fields=["seller_order_id"],
                opclasses=["varchar_pattern_ops"],
                name="movement_by_order",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.cause}"
