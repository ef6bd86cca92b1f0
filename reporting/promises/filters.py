"""How promises are chosen: the same for the sums and for the orders behind them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from orders.admin.searching import matching
from orders.models import Order
from reporting.declarations import Condition
from reporting.filtering import AnyId, MomentOf, OneOf, Period
from reporting.mapping_filters import accounts, slas
from reporting.models import Promise


def _moments(*, sorted_: bool) -> dict[str, MomentOf]:
    return {
        "paid": MomentOf(
            _("Authorised"), "p.paid_at", may_lack=False, sort="paid_at" if sorted_ else ""
        ),
        "promised": MomentOf(
            _("Promised for"), "p.promised_at", sort="promised_at" if sorted_ else ""
        ),
    }


def _of_account(pk: str) -> Condition:
    return Condition("p.account_id = %s", (int(pk),))


def _of_sla(ref: str) -> Condition:
    return Condition("p.policy_ref = %s", (ref,))


def _with_outcome(code: str) -> Condition:
    return Condition("p.outcome = %s", (code,))


def _of_order(text: str) -> Condition:
    pks = matching(Order.objects.all(), text).values_list("pk", flat=True)
    return Condition("p.order_id = ANY(%s)", (list(pks),))


_SLA = OneOf(name="sla", label=_("SLA"), options=slas, means=_of_sla)
_ACCOUNT = OneOf(name="account", label=_("Account"), options=accounts, means=_of_account, rare=True)

OF_SUMS = (Period(moments=_moments(sorted_=False), account="p.account_id"), _SLA, _ACCOUNT)
OF_ORDERS = (
    AnyId(
        name="q",
        label=_("Any id"),
        hint=_("order, invoice, tracking, SKU"),
        means=_of_order,
    ),
    Period(moments=_moments(sorted_=True), account="p.account_id"),
    _SLA,
    OneOf(
        name="outcome",
        label=_("Outcome"),
        options=lambda: list(Promise.Outcome.choices),
        means=_with_outcome,
    ),
    _ACCOUNT,
)
