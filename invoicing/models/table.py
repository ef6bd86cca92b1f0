"""The packing table: who is at which order, what they did, and how they like it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from invoicing.models.packages import Package
from orders.models import Order, OrderLine


class Gesture(models.Model):
    """One thing a packer did on the screen. `key` comes from the screen: a repeat counts once."""

    order = models.ForeignKey(
        Order, on_delete=models.CASCADE, related_name="gestures", verbose_name=_("order")
    )
    key = models.CharField(_("key"), max_length=40)
    action = models.CharField(_("action"), max_length=20)
    package = models.ForeignKey(
        Package, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    line = models.ForeignKey(
        OrderLine, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    quantity = models.PositiveIntegerField(_("quantity"), default=0)
    answer = models.JSONField(_("answer"), default=dict)
    refused = models.CharField(
        _("refused"), max_length=40, blank=True, help_text=_("Why nothing came of it, as a code.")
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, verbose_name=_("who")
    )
    at = models.DateTimeField(_("at"))
    undone_at = models.DateTimeField(_("undone"), null=True, blank=True)

    class Meta:
        verbose_name = _("gesture")
        verbose_name_plural = _("gestures")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["order", "key"], name="one_effect_per_gesture")
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.order_id}"


class PackingLease(models.Model):
    """One packer is at an order. `seen_at`: when they last did something there."""

    order = models.OneToOneField(
        Order,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="packing_lease",
        verbose_name=_("order"),
    )
    packer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("packer"),
    )
    since = models.DateTimeField(_("since"))
    seen_at = models.DateTimeField(_("seen"))

    class Meta:
        verbose_name = _("packing lease")
        verbose_name_plural = _("packing leases")

    def __str__(self) -> str:
        return f"{self.order_id}: {self.packer_id}"


class TableSettings(models.Model):
    """How one packer likes the table, on every device. No row: all defaults."""

    class Prints(models.TextChoices):
        AS_ACCOUNT = "account", _("as the account has it")
        NOTHING = "", _("nothing")
        SLIP = "slip", _("packing slip")
        LABEL = "label", _("package label")
        BOTH = "slip label", _("packing slip and package label")

    packer = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="+",
        verbose_name=_("packer"),
    )
    is_muted = models.BooleanField(_("sound off"), default=False)
    prints = models.CharField(
        _("printed by itself"), max_length=10, blank=True, choices=Prints.choices, default="account"
    )
    opens_next = models.BooleanField(_("opens the next order by itself"), default=True)

    class Meta:
        verbose_name = _("settings of the packing table")
        verbose_name_plural = _("settings of the packing table")

    def __str__(self) -> str:
        return str(self.packer_id)
