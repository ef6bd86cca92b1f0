"""What a marketplace asks to change in an order that stands."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from orders.models.orders import Order
from sellers.models import SellerAccount


class OrderChange(models.Model):
    """A change of an order, asked for by the marketplace, from the asking to its end.

    `document` is what VTEX sent, unknown fields included, and may name the shopper: it is emptied
    by erasure. `plan` is what it does to lines and money (`orders.replanning.Plan`).
    """

    class Status(models.TextChoices):
        RECEIVED = "received", _("to be decided")
        ACKNOWLEDGED = "acknowledged", _("accepted, the marketplace is to confirm")
        CONFIRMED = "confirmed", _("confirmed by the marketplace, not yet carried out")
        APPLIED = "applied", _("carried out")
        REFUSED = "refused", _("refused")
        CANCELLED = "cancelled", _("withdrawn")

    OPEN = (Status.RECEIVED, Status.ACKNOWLEDGED, Status.CONFIRMED)

    account = models.ForeignKey(
        SellerAccount,
        on_delete=models.PROTECT,
        related_name="order_changes",
        verbose_name=_("account"),
    )
    order = models.ForeignKey(
        Order, on_delete=models.CASCADE, related_name="changes", verbose_name=_("order")
    )
    change_request_id = models.CharField(_("change request"), max_length=60)
    is_named_by_us = models.BooleanField(
        _("named by us"), default=False, help_text=_("The marketplace gave it no id of its own.")
    )
    status = models.CharField(
        _("status"), max_length=12, choices=Status.choices, default=Status.RECEIVED
    )
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    answer_reason = models.CharField(_("reason of its end"), max_length=300, blank=True)
    document = models.JSONField(_("as it came"), null=True)
    plan = models.JSONField(_("plan"))
    fingerprint = models.CharField(_("fingerprint"), max_length=64, editable=False)
    received_at = models.DateTimeField(_("received"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("change of an order")
        verbose_name_plural = _("changes of orders")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["order", "change_request_id"], name="one_change_per_request"
            ),
            models.UniqueConstraint(
                fields=["order"],
                name="one_open_change_per_order",
                condition=Q(status__in=["received", "acknowledged", "confirmed"]),
            ),
        ]

    def __str__(self) -> str:
        return self.change_request_id
