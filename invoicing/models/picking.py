"""Walks through the warehouse: which orders are picked together, by whom, and what was missing."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from invoicing.models.packages import PackageItem
from orders.models import Order, OrderLine
from orders.short_reasons import ShortReason
from orders.states import OPEN
from sellers.models import StockMovement, Warehouse


class PickList(models.Model):
    """One walk of one person through one warehouse. Open until `finished_at`."""

    warehouse = models.ForeignKey(
        Warehouse, on_delete=models.PROTECT, related_name="pick_lists", verbose_name=_("warehouse")
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="pick_lists",
        verbose_name=_("picker"),
    )
    started_at = models.DateTimeField(_("started"))
    paused_at = models.DateTimeField(
        _("paused"), null=True, blank=True, help_text=_("Set while the walk is interrupted.")
    )
    paused_for = models.DurationField(_("interrupted for"), default=timedelta)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("pick list")
        verbose_name_plural = _("pick lists")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["-id"], name="pick_list_open", condition=Q(finished_at=None)),
            models.Index(fields=["-finished_at"], name="pick_list_by_finish"),
        ]

    def __str__(self) -> str:
        return f"L-{self.pk}"


class PickSlot(models.Model):
    """An order's place in a walk: the numbered tote its units go into."""

    pick_list = models.ForeignKey(
        PickList, on_delete=models.CASCADE, related_name="slots", verbose_name=_("pick list")
    )
    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, related_name="pick_slots", verbose_name=_("order")
    )
    warehouse = models.ForeignKey(
        Warehouse,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("warehouse"),
        help_text=_("The pick list's: each warehouse picks its part of an order."),
    )
    number = models.PositiveSmallIntegerField(_("slot"))
    tote = models.CharField(_("tote"), max_length=40, blank=True)
    closed_at = models.DateTimeField(
        _("closed"), null=True, blank=True, help_text=_("With the walk.")
    )

    class Meta:
        verbose_name = _("place on a pick list")
        verbose_name_plural = _("places on pick lists")
        ordering = ["pick_list", "number"]
        constraints = [
            # Two people never walk for the same units.
            models.UniqueConstraint(
                fields=["order", "warehouse"],
                name="one_open_pick_list_per_order",
                condition=Q(closed_at=None),
            ),
            models.UniqueConstraint(fields=["pick_list", "number"], name="one_order_per_slot"),
        ]
        indexes = [
            models.Index(fields=["tote"], name="pick_slot_by_tote", condition=~Q(tote="")),
        ]

    def __str__(self) -> str:
        return f"{self.pick_list_id} / {self.number}"


class PickGesture(models.Model):
    """One thing a picker did. `key` comes from the screen: a repeat counts once."""

    pick_list = models.ForeignKey(PickList, on_delete=models.CASCADE, related_name="gestures")
    key = models.CharField(_("key"), max_length=40)
    action = models.CharField(_("action"), max_length=20)
    answer = models.JSONField(_("answer"), default=dict)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, verbose_name=_("who")
    )
    at = models.DateTimeField(_("at"))
    undone_at = models.DateTimeField(_("undone"), null=True, blank=True)

    class Meta:
        verbose_name = _("gesture of a picker")
        verbose_name_plural = _("gestures of pickers")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["pick_list", "key"], name="one_effect_per_pick_gesture")
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.pick_list_id}"


class Pick(models.Model):
    """Units of an order line taken off the shelf for it; negative when they were put back."""

    slot = models.ForeignKey(
        PickSlot, on_delete=models.CASCADE, related_name="picks", verbose_name=_("slot")
    )
    line = models.ForeignKey(
        OrderLine, on_delete=models.PROTECT, related_name="picks", verbose_name=_("line")
    )
    quantity = models.IntegerField(_("quantity"))
    by_hand = models.BooleanField(
        _("by hand"), default=False, help_text=_("Confirmed without its barcode.")
    )
    gesture = models.ForeignKey(PickGesture, on_delete=models.CASCADE, related_name="picks")

    class Meta:
        verbose_name = _("pick")
        verbose_name_plural = _("picks")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=~Q(quantity=0), name="pick_quantity_not_zero")
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.line_id}"


class ShortPickQuerySet(models.QuerySet["ShortPick"]):
    def relevant(self) -> ShortPickQuerySet:
        """Of open orders, and neither changed away nor packed after all."""
        packed = (
            PackageItem.objects.filter(line=OuterRef("line"))
            .order_by()
            .values("line")
            .annotate(units=Sum("quantity"))
            .values("units")
        )
        return self.filter(
            order__status__in=OPEN, line__quantity__gt=F("line_quantity") - F("quantity")
        ).filter(line__quantity__gt=Coalesce(Subquery(packed), 0))

    def open(self) -> ShortPickQuerySet:
        """A manager is to decide."""
        return self.filter(decided_at=None).relevant()

    def missing(self) -> ShortPickQuerySet:
        """Not to be picked now: undecided, or waiting for stock that has not come since."""
        come = StockMovement.objects.filter(
            level__sku=OuterRef("line__sku"),
            level__warehouse=OuterRef("warehouse"),
            on_hand_change__gt=0,
            at__gt=OuterRef("decided_at"),
        ).exclude(kind=StockMovement.Kind.PICK)
        promised = (ShortPick.Decision.WAIT, ShortPick.Decision.CHANGE)
        waiting = Q(decision__in=promised) & ~Exists(come)
        return self.filter(Q(decided_at=None) | waiting).relevant()


class ShortPick(models.Model):
    """Units that were not where the books have them. A manager decides what becomes of them."""

    class Decision(models.TextChoices):
        WAIT = "wait", _("wait for stock")
        ELSEWHERE = "elsewhere", _("taken from another warehouse")
        CANCEL = "cancel", _("order cancelled")
        CHANGE = "change", _("the marketplace is asked to change the order")
        FOUND = "found", _("found after all")

    order = models.ForeignKey(
        Order, on_delete=models.CASCADE, related_name="short_picks", verbose_name=_("order")
    )
    line = models.ForeignKey(
        OrderLine, on_delete=models.CASCADE, related_name="short_picks", verbose_name=_("line")
    )
    warehouse = models.ForeignKey(
        Warehouse, on_delete=models.PROTECT, related_name="short_picks", verbose_name=_("warehouse")
    )
    quantity = models.PositiveIntegerField(_("units missing"))
    line_quantity = models.PositiveIntegerField(
        _("units of the line"), help_text=_("As it was then: a change of the order may lower it.")
    )
    reason = models.CharField(_("reason"), max_length=20, choices=ShortReason.choices)
    words = models.CharField(_("in their words"), max_length=300, blank=True)
    reported_at = models.DateTimeField(_("reported"))
    reported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("reported by"),
    )
    decision = models.CharField(_("decision"), max_length=20, choices=Decision.choices, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("decided by"),
    )

    objects = ShortPickQuerySet.as_manager()

    class Meta:
        verbose_name = _("short pick")
        verbose_name_plural = _("short picks")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["line", "warehouse"],
                name="one_undecided_short_pick",
                condition=Q(decided_at=None),
            ),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="short_quantity_positive"),
        ]
        indexes = [
            models.Index(
                fields=["reported_at"], name="short_pick_open", condition=Q(decided_at=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.line.ref}"
