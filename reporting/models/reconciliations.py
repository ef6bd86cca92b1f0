"""Our numbers beside the marketplace's own documents, for the orders of a period."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from jobs.models import Job
from orders.models import Order
from sellers.models import SellerAccount


class Reconciliation(models.Model):
    """One comparison, asked for by a person and done by long work. `since` and `until` are days of
    the account, both included: those on which orders were placed."""

    account = models.ForeignKey(
        SellerAccount, on_delete=models.CASCADE, related_name="+", verbose_name=_("account")
    )
    since = models.DateField(_("from"))
    until = models.DateField(pgettext_lazy("period", "to"))
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("asked by"),
    )
    asked_at = models.DateTimeField(_("asked"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    job = models.ForeignKey(
        Job, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("job")
    )

    class Meta:
        verbose_name = _("reconciliation")
        verbose_name_plural = _("reconciliations")
        ordering = ["-id"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.since:%Y-%m-%d} – {self.until:%Y-%m-%d}"


class ReconciledRow(models.Model):
    """What one order came to: a row when all agrees, or one for each thing that does not.

    Written by `reporting.reconciling.running` alone, whole orders at a time. `cents` is theirs
    less ours; `ours` and `theirs` are words for people. `about` is the row to mend it at.
    """

    class Kind(models.TextChoices):
        MATCHED = "matched", _("all agrees")
        DIFFERS = "differs", _("differs")
        MISSING_THERE = "missing-there", _("missing at the marketplace")
        MISSING_HERE = "missing-here", _("missing here")
        UNREAD = "unread", _("could not be read")

    class Field(models.TextChoices):
        NONE = "", "–"
        STATUS = "status", _("status")
        ITEMS = "items", _("goods and services")
        DISCOUNTS = "discounts", _("discounts")
        FREIGHT = "freight", _("freight")
        TOTAL = "total", _("total")
        QUANTITY = "quantity", _("quantity")
        INVOICE_MISSING = "invoice-missing", _("invoice missing there")
        INVOICE_VALUE = "invoice-value", _("value of an invoice")
        INVOICE_FOREIGN = "invoice-foreign", _("invoice that is not ours")
        TRACKING = "tracking", _("tracking")

    class Bucket(models.TextChoices):
        NONE = "", "–"
        ROUNDING = "rounding", _("rounding")
        FREIGHT = "freight", _("freight")
        DISCOUNT = "discount", _("discount")
        QUANTITY = "quantity", _("quantity")
        PRICE = "price", _("price")
        INVOICE = "invoice", _("invoice")
        PROGRESS = "progress", _("not money")

    reconciliation = models.ForeignKey(
        Reconciliation,
        on_delete=models.CASCADE,
        related_name="rows",
        verbose_name=_("reconciliation"),
    )
    order = models.ForeignKey(
        Order, on_delete=models.CASCADE, null=True, related_name="+", verbose_name=_("order")
    )
    marketplace_order_id = models.CharField(_("marketplace order id"), max_length=60)
    kind = models.CharField(_("outcome"), max_length=14, choices=Kind.choices)
    field = models.CharField(_("what"), max_length=16, choices=Field.choices, blank=True)
    bucket = models.CharField(_("kind of difference"), max_length=10, blank=True)
    ours = models.CharField(_("ours"), max_length=200, blank=True)
    theirs = models.CharField(_("theirs"), max_length=200, blank=True)
    cents = models.BigIntegerField(_("difference, cents"), default=0)
    about = models.BigIntegerField(_("row to mend it at"), null=True, blank=True)

    class Meta:
        verbose_name = _("reconciled order")
        verbose_name_plural = _("reconciled orders")
        ordering = ["id"]
        default_permissions = ()
        indexes = [
            models.Index(
                fields=["reconciliation", "marketplace_order_id"], name="reconciled_by_order"
            ),
            models.Index(fields=["reconciliation", "kind", "id"], name="reconciled_by_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.marketplace_order_id} {self.kind} {self.field}"
