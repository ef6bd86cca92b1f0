"""What was promised with each order, and what became of it: worked out, never typed."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from orders.models import Order
from sellers.models import SellerAccount, Warehouse


class Workday(models.Model):
    """How many business days a warehouse has worked up to and with a day.

    Between two days lie as many business days as their numbers differ. Worked out from its weekend,
    public holidays and closures by `reporting.promises.workdays`, and always to be worked out anew.
    """

    warehouse = models.ForeignKey(
        Warehouse, on_delete=models.CASCADE, related_name="+", verbose_name=_("warehouse")
    )
    day = models.DateField(_("day"))
    number = models.IntegerField(_("business days up to it"))

    class Meta:
        verbose_name = _("business day")
        verbose_name_plural = _("business days")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["warehouse", "day"], include=["number"], name="one_number_per_workday"
            )
        ]
        indexes = [models.Index(fields=["warehouse", "number", "day"], name="workday_by_number")]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d}: {self.number}"


class PromiseSettling(models.Model):
    """When an account's promises were last worked out."""

    account = models.OneToOneField(
        SellerAccount,
        on_delete=models.CASCADE,
        related_name="+",
        primary_key=True,
        verbose_name=_("account"),
    )
    settled_at = models.DateTimeField(_("worked out"))

    class Meta:
        verbose_name = _("working out of promises")
        verbose_name_plural = _("workings out of promises")
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.account_id} {self.settled_at:%Y-%m-%d %H:%M}"


class Promise(models.Model):
    """An order's lines of one delivery option (SLA): by when they were promised, and how it went.

    Worked out by `reporting.promises.settling` alone, from orders, lines and invoices. Money is
    cents; days are business days, counted from the day of the payment.
    """

    class Outcome(models.TextChoices):
        KEPT = "kept", _("delivered in time")
        LATE = "late", _("delivered late")
        OVERDUE = "overdue", _("overdue, not delivered")
        AHEAD = "ahead", _("still ahead")
        CANCELLED_LATE = "cancelled-late", _("cancelled when it was late")
        CANCELLED = "cancelled", _("cancelled before")
        UNKNOWN = "unknown", _("can't be told")

    account = models.ForeignKey(
        SellerAccount, on_delete=models.CASCADE, related_name="+", verbose_name=_("account")
    )
    order = models.ForeignKey(
        Order, on_delete=models.CASCADE, related_name="+", verbose_name=_("order")
    )
    policy_ref = models.CharField(_("SLA id"), max_length=60, blank=True)
    paid_at = models.DateTimeField(_("authorised"))
    estimate = models.CharField(_("estimate"), max_length=10, blank=True)
    promised_at = models.DateTimeField(_("promised for"), null=True)
    outcome = models.CharField(_("outcome"), max_length=14, choices=Outcome.choices)
    days_promised = models.IntegerField(_("days promised"), null=True)
    days_taken = models.IntegerField(_("days taken"), null=True)
    days_late = models.IntegerField(_("days late"), null=True)
    sold_cents = models.BigIntegerField(_("value of its lines, cents"))
    freight_cents = models.BigIntegerField(_("freight, cents"))
    freight_commission_cents = models.BigIntegerField(_("freight commission, cents"), null=True)
    returned_cents = models.BigIntegerField(_("given back, cents"))
    cost_cents = models.BigIntegerField(_("cost of lateness, cents"))

    class Meta:
        verbose_name = _("promise")
        verbose_name_plural = _("promises")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["order", "policy_ref"], name="one_promise_per_order_and_sla"
            )
        ]
        indexes = [
            models.Index(fields=["paid_at", "id"], name="promise_by_payment"),
            models.Index(fields=["cost_cents", "id"], name="promise_by_cost"),
            models.Index(
                fields=["days_late", "id"],
                name="promise_by_days_late",
                condition=models.Q(days_late__isnull=False),
            ),
            models.Index(
                fields=["promised_at", "id"],
                name="promise_by_promised",
                condition=models.Q(promised_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_id} {self.policy_ref}"
