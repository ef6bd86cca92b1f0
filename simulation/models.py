"""What is remembered of answers given: single ones to explain, all of them counted."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from sellers.models import SellerAccount


class SimulationCapture(models.Model):
    """One answer with everything it rested on, so that it can be given again, byte for byte.

    Written by `simulation.recording` alone. Nothing personal is kept: of the request only what
    decides (SKUs, quantities, postal code, country, sales channel). `payload` is empty when there
    was nothing to rest on: the request could not be read, or the database did not answer.
    """

    account = models.ForeignKey(
        SellerAccount, on_delete=models.CASCADE, related_name="+", verbose_name=_("account")
    )
    at = models.DateTimeField(_("at"))
    status = models.PositiveSmallIntegerField(_("HTTP status"))
    causes = ArrayField(models.CharField(max_length=60), verbose_name=_("causes"))
    refs = ArrayField(models.CharField(max_length=100), verbose_name=_("SKUs"))
    #: [SKU, asked, served, cause] of each line, for lists.
    lines = models.JSONField(_("lines"), default=list)
    tariff_revision = models.PositiveBigIntegerField(_("tariff revision"), null=True)
    took_us = models.PositiveIntegerField(_("took, µs"))
    payload = models.BinaryField(_("snapshot"))
    answer = models.BinaryField(_("answer"))

    class Meta:
        verbose_name = _("recorded answer")
        verbose_name_plural = _("recorded answers")
        ordering = ["-at", "-id"]
        indexes = [
            GinIndex(fields=["refs"], name="capture_by_sku"),
            models.Index(fields=["-at", "-id"], name="capture_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {', '.join(self.refs[:3])}"


class SimulationMinute(models.Model):
    """The calls of one account in one minute, over all processes; no account: unknown addresses.

    Written by `simulation.recording` alone. `durations` is a histogram over
    `simulation.tallying.BOUNDS_MS`; `causes` counts lines that could not be sold in full.
    """

    account = models.ForeignKey(
        SellerAccount,
        on_delete=models.CASCADE,
        null=True,
        related_name="+",
        verbose_name=_("account"),
    )
    minute = models.DateTimeField(_("minute"))
    calls = models.PositiveIntegerField(_("calls"), default=0)
    unavailable = models.PositiveIntegerField(
        _("unavailable"), default=0, help_text=_("Answered, but something could not be sold.")
    )
    rejected = models.PositiveIntegerField(_("rejected, 4xx"), default=0)
    unanswered = models.PositiveIntegerField(_("unanswered, 503"), default=0)
    failed = models.PositiveIntegerField(_("failed, other 5xx"), default=0)
    dropped = models.PositiveIntegerField(
        _("not recorded"),
        default=0,
        help_text=_("Answers that should have been kept, but were not."),
    )
    durations = ArrayField(models.PositiveIntegerField(), verbose_name=_("durations"))
    causes = models.JSONField(_("causes"), default=dict)

    class Meta:
        verbose_name = _("minute of simulations")
        verbose_name_plural = _("minutes of simulations")
        ordering = ["-minute", "account"]
        constraints = [
            models.UniqueConstraint(
                fields=["minute", "account"], name="one_row_per_minute", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"{self.minute:%Y-%m-%d %H:%M} {self.account_id}: {self.calls}"
