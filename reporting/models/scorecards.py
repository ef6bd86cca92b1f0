"""What the marketplace demands of the seller: its thresholds, never in code."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from sellers.models import SellerAccount


def _percent(label: Any, default: str, help_text: Any) -> models.DecimalField[Any, Any]:
    return models.DecimalField(
        label,
        max_digits=5,
        decimal_places=2,
        default=Decimal(default),
        validators=[MinValueValidator(0), MaxValueValidator(100)],
        help_text=help_text,
    )


class Scorecard(models.Model):
    """The limits of one marketplace account. An account without one has the defaults.

    They are what large marketplaces ask for; the contract says what this one does.
    """

    account = models.OneToOneField(
        SellerAccount,
        on_delete=models.CASCADE,
        related_name="scorecard",
        primary_key=True,
        verbose_name=_("account"),
    )
    most_late = _percent(
        _("late hand-overs, at most, percent"),
        "4",
        _("Of the orders due: handed over after their time, or not yet."),
    )
    most_cancelled = _percent(
        _("cancelled by us, at most, percent"),
        "2.5",
        _("Of the paid orders: cancelled by us before the hand-over."),
    )
    least_tracked = _percent(
        _("valid tracking, at least, percent"),
        "95",
        _("Of the orders handed over: every package has tracking the marketplace accepted."),
    )
    most_returned = _percent(
        _("returns, at most, percent"),
        "8",
        _("Of the orders handed over: goods came back."),
    )

    class Meta:
        verbose_name = _("marketplace threshold")
        verbose_name_plural = _("marketplace thresholds")
        ordering = ["account"]

    def __str__(self) -> str:
        return str(self.account_id)
