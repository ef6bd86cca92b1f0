"""Goods that came back, and the invoice that gives their value back."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from invoicing.models.packages import Invoice
from orders.models import Order, OrderLine
from sellers.models import Warehouse


class Return(models.Model):
    """Units of one order that arrived together. `key` comes from the screen: a repeat counts once.

    The goods are received by the warehouse, the invoice is issued by a manager, in this order.
    """

    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, related_name="returns", verbose_name=_("order")
    )
    number = models.PositiveIntegerField(_("number"), help_text=_("1, 2, 3… within the order."))
    key = models.CharField(_("key"), max_length=40, editable=False)
    received_at = models.DateTimeField(_("received"))
    received_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("received by"),
    )
    invoice = models.OneToOneField(
        Invoice,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="returned",
        verbose_name=_("return invoice"),
    )
    undone_at = models.DateTimeField(_("undone"), null=True, blank=True)

    class Meta:
        verbose_name = _("return")
        verbose_name_plural = _("returns")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["order", "number"], name="one_return_per_number"),
            models.UniqueConstraint(fields=["order", "key"], name="one_effect_per_return_key"),
            models.CheckConstraint(
                condition=Q(invoice__isnull=True) | Q(undone_at__isnull=True),
                name="undone_return_has_no_invoice",
            ),
        ]
        indexes = [
            # Read by the desk: what a manager still has to issue an invoice for.
            models.Index(
                fields=["id"],
                name="return_to_invoice",
                condition=Q(invoice__isnull=True, undone_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.order_id} / {self.number}"


class ReturnItem(models.Model):
    """Units of one order line that came back: onto a shelf, or to scrap with the reason."""

    class Condition(models.TextChoices):
        AS_NEW = "as-new", _("as new")
        OPENED = "opened", pgettext_lazy("condition", "opened")
        DAMAGED = "damaged", _("damaged")
        INCOMPLETE = "incomplete", _("incomplete")
        OTHER = "other", _("not the item that was sent")

    arrival = models.ForeignKey(
        Return, on_delete=models.CASCADE, related_name="items", verbose_name=_("return")
    )
    line = models.ForeignKey(
        OrderLine, on_delete=models.PROTECT, related_name="returned", verbose_name=_("line")
    )
    quantity = models.PositiveIntegerField(_("quantity"))
    condition = models.CharField(
        _("condition"), max_length=10, choices=Condition.choices, default=Condition.AS_NEW
    )
    warehouse = models.ForeignKey(
        Warehouse,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("back on the shelf in"),
    )
    scrap_reason = models.CharField(_("scrapped because"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("returned item")
        verbose_name_plural = _("returned items")
        ordering = ["arrival", "line", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="returned_quantity_positive"),
            models.CheckConstraint(
                condition=Q(warehouse__isnull=False, scrap_reason="")
                | (Q(warehouse__isnull=True) & ~Q(scrap_reason="")),
                name="returned_to_a_shelf_or_scrapped",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.line_id}"
