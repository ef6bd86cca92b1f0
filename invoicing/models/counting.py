"""Shelves counted by scanning: what lay there, beside what the books said at that moment."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from sellers.models import Sku, Warehouse


class StockCount(models.Model):
    """One count of some shelves. Open, handed in by who counted, recorded by a manager; or dropped.

    Until it is recorded the books don't know of it.
    """

    warehouse = models.ForeignKey(
        Warehouse, on_delete=models.PROTECT, related_name="counts", verbose_name=_("warehouse")
    )
    bin = models.CharField(
        _("bin"), max_length=40, blank=True, help_text=_("How the places begin. Empty: anywhere.")
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("counted by"),
    )
    started_at = models.DateTimeField(_("started"))
    handed_in_at = models.DateTimeField(_("handed in"), null=True, blank=True)
    recorded_at = models.DateTimeField(_("recorded"), null=True, blank=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("recorded by"),
    )
    dropped_at = models.DateTimeField(_("dropped"), null=True, blank=True)

    class Meta:
        verbose_name = _("stock count")
        verbose_name_plural = _("stock counts")
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["-id"],
                name="stock_count_open",
                condition=Q(recorded_at=None, dropped_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"C-{self.pk}"

    @property
    def is_over(self) -> bool:
        return self.recorded_at is not None or self.dropped_at is not None


class CountedSku(models.Model):
    """Units of a SKU that were counted. `expected` is what the books had on that shelf when the
    last one was: what is picked or sold afterwards is no difference."""

    stock_count = models.ForeignKey(StockCount, on_delete=models.CASCADE, related_name="counted")
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="+", verbose_name=_("SKU"))
    units = models.PositiveIntegerField(_("counted"))
    expected = models.IntegerField(_("expected"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("counted SKU")
        verbose_name_plural = _("counted SKUs")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["stock_count", "sku"], name="one_row_per_counted_sku")
        ]

    def __str__(self) -> str:
        return f"{self.units} × {self.sku_id}"

    @property
    def difference(self) -> int:
        return self.units - self.expected


class CountGesture(models.Model):
    """One thing somebody did while counting. `key` comes from the screen: a repeat counts once."""

    stock_count = models.ForeignKey(StockCount, on_delete=models.CASCADE, related_name="gestures")
    key = models.CharField(_("key"), max_length=40)
    action = models.CharField(_("action"), max_length=20)
    answer = models.JSONField(_("answer"), default=dict)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, verbose_name=_("who")
    )
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("gesture of a count")
        verbose_name_plural = _("gestures of counts")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["stock_count", "key"], name="one_effect_per_count_gesture"
            )
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.stock_count_id}"
