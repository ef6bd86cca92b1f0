"""What happened on each day, counted: so that a year on the dashboard costs like a week."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from sellers.models import SellerAccount


class DayCount(models.Model):
    """How often `figure` came to `key` on a day of the account, in its own time zone.

    Worked out from the rows by `reporting.dashboard.counting` alone, which can always work it out
    anew: nothing is known here that the rows do not say.
    """

    account = models.ForeignKey(
        SellerAccount, on_delete=models.CASCADE, related_name="+", verbose_name=_("account")
    )
    day = models.DateField(_("day"))
    figure = models.CharField(_("figure"), max_length=20)
    key = models.CharField(_("of which"), max_length=60, blank=True)
    count = models.BigIntegerField(_("count"))
    cents = models.BigIntegerField(_("value, cents"), default=0)

    class Meta:
        verbose_name = _("count of a day")
        verbose_name_plural = _("counts of days")
        default_permissions = ()
        constraints = [
            # Read by the dashboard from this index alone.
            models.UniqueConstraint(
                fields=["account", "day", "figure", "key"],
                include=["count", "cents"],
                name="one_count_per_day_and_key",
            )
        ]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d} {self.figure} {self.key}: {self.count}"


class Counting(models.Model):
    """When an account's days were last counted, and from which day on they ever were."""

    account = models.OneToOneField(
        SellerAccount,
        on_delete=models.CASCADE,
        related_name="+",
        primary_key=True,
        verbose_name=_("account"),
    )
    counted_at = models.DateTimeField(_("counted"))
    first_day = models.DateField(_("first day"))

    class Meta:
        verbose_name = _("counting of days")
        verbose_name_plural = _("countings of days")
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.account_id} {self.counted_at:%Y-%m-%d %H:%M}"
