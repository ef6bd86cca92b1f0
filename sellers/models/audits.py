"""What the stock audit found wrong. Only `orders.housekeeping` writes here."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from sellers.models.accounts import SellerAccount


class StockAudit(models.Model):
    """An alarm: ledger, holds and levels of an account disagreed. Open until an audit is clean."""

    account = models.ForeignKey(
        SellerAccount,
        on_delete=models.PROTECT,
        related_name="stock_audits",
        verbose_name=_("account"),
    )
    found_at = models.DateTimeField(_("found"))
    last_seen_at = models.DateTimeField(_("last seen"))
    resolved_at = models.DateTimeField(_("resolved"), null=True, blank=True)
    total = models.PositiveIntegerField(_("differences"))
    differences = models.JSONField(_("what differs"), help_text=_("The first hundred."))

    class Meta:
        verbose_name = _("stock audit")
        verbose_name_plural = _("stock audits")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account"],
                name="one_open_stock_audit",
                condition=Q(resolved_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)
