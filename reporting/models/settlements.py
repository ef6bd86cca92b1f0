"""What the marketplace says it has paid: how its files are read, the files, their rows."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from jobs.models import Job
from orders.models import Order
from sellers.models import SellerAccount


class SettlementLayout(models.Model):
    """How an account's files are read (`reporting.payouts.layouts`): told once, kept."""

    account = models.OneToOneField(
        SellerAccount,
        on_delete=models.CASCADE,
        related_name="+",
        primary_key=True,
        verbose_name=_("account"),
    )
    document = models.JSONField(_("columns"))
    changed_at = models.DateTimeField(_("changed"))
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("changed by"),
    )

    class Meta:
        verbose_name = _("columns of settlement files")
        verbose_name_plural = _("columns of settlement files")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.account_id)


class SettlementFile(models.Model):
    """A file that was entered, known by its content: the same one counts once.

    Taken back, its rows are gone and it may be entered again; that it was there is kept.
    """

    account = models.ForeignKey(
        SellerAccount, on_delete=models.CASCADE, related_name="+", verbose_name=_("account")
    )
    name = models.CharField(_("name"), max_length=200)
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    rows_count = models.PositiveIntegerField(_("rows"))
    paid_cents = models.BigIntegerField(_("paid, cents"))
    job = models.ForeignKey(
        Job, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("job")
    )
    entered_at = models.DateTimeField(_("entered"))
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("entered by"),
    )
    taken_back_at = models.DateTimeField(_("taken back"), null=True, blank=True)
    taken_back_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("taken back by"),
    )

    class Meta:
        verbose_name = _("settlement file")
        verbose_name_plural = _("settlement files")
        ordering = ["-id"]
        default_permissions = ()
        permissions = [("enter_settlements", _("Can enter settlement files"))]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "sha256"],
                name="one_entry_per_settlement_file",
                condition=Q(taken_back_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return self.name


class SettlementRow(models.Model):
    """A row of an entered file: what was paid for an order, below zero what was taken back.

    `named` is the order id as the file has it; `order` is empty when we have none of that id.
    """

    file = models.ForeignKey(
        SettlementFile, on_delete=models.CASCADE, related_name="rows", verbose_name=_("file")
    )
    line = models.PositiveIntegerField(_("row"))
    named = models.CharField(_("order id in the file"), max_length=60)
    order = models.ForeignKey(
        Order, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("order")
    )
    paid_cents = models.BigIntegerField(_("paid, cents"))
    commission_cents = models.BigIntegerField(_("commission, cents"), null=True)

    class Meta:
        verbose_name = _("row of a settlement file")
        verbose_name_plural = _("rows of settlement files")
        ordering = ["-id"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["file", "line"], name="one_row_per_settlement_line")
        ]

    def __str__(self) -> str:
        return f"{self.file_id}:{self.line}"
