"""The payouts report: one row per order that is not settled, what it brings, and what blocks it."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from reporting import figures, mapping
from reporting.declarations import Column, Condition, Kind, Report, Row, Sort, Text, register
from reporting.filtering import OneOf
from reporting.mapping_filters import FILTERS as ORDER_FILTERS
from reporting.mapping_filters import MOMENTS
from reporting.payouts import figures as payout
from reporting.payouts import settled
from reporting.payouts.figures import BLOCKERS, FREE, REMEDIES, Blocker
from reporting.payouts.settled import RESULTS, Result

_BLOCKED = "blocked"


def remedy_link(row: Row) -> str | None:
    """Where a person mends what blocks the payout."""
    code = row["remedy"]
    if code == Blocker.RETURN:
        return reverse("admin:return_order", args=[row["seller_order_id"]])
    if code == Blocker.INVOICE:
        return reverse("admin:packing_order", args=[row["seller_order_id"]])
    if code == Blocker.UNSENT:
        return _searched("sellers_outboxmessage", row)
    if code in (Blocker.TRACKING, Blocker.DELIVERY):
        return _searched("invoicing_package", row)
    return None


def _searched(model: str, row: Row) -> str:
    query = urlencode({"q": row["marketplace_order_id"]})
    return f"{reverse(f'admin:{model}_changelist')}?{query}"


def _blockers() -> Sequence[tuple[str, Text]]:
    return [(_BLOCKED, _("anything")), *BLOCKERS.items()]


def _blocked_by(code: str) -> Condition:
    if code == _BLOCKED:
        free = " OR ".join(f"({payout.first_is(each)})" for each in FREE)
        return Condition(f"NOT ({free})")
    return Condition(payout.first_is(code))


def _results() -> Sequence[tuple[str, Text]]:
    return [(code, words) for code, words in RESULTS.items() if code != Result.UNKNOWN]


def _with_result(code: str) -> Condition:
    return Condition(settled.came_to(code))


def _ledger_link(row: Row) -> str:
    return reverse("admin:cent_ledger", args=[row["key"]])


_ORDER_COLUMNS = ("marketplace_order_id", "seller_order_id", "order_group", "account", "status")
_COLUMNS = (
    *(mapping.MAPPING.column(key) for key in _ORDER_COLUMNS),
    *(
        mapping.MAPPING.column(key)
        for key in ("placed_at", "invoiced_at", "shipped_at", "delivered_at")
    ),
    Column(
        key="pays",
        title=_("Marketplace pays"),
        sql=figures.DUE,
        kind=Kind.CENTS,
        summed=True,
        meaning=_("VTEX's marketplacePaymentValue, with the changes that were carried out."),
    ),
    mapping.MAPPING.column("returned"),
    Column(
        key="commissions",
        title=_("Commissions"),
        sql=payout.COMMISSIONS,
        kind=Kind.CENTS,
        needs=("lines", "invoices"),
        summed=True,
        meaning=_(
            "Of goods and freight, by each line's percentage. They fall in proportion to what the "
            "return invoices take back."
        ),
    ),
    Column(
        key="expected",
        title=_("Expected payout"),
        sql=payout.EXPECTED,
        kind=Kind.CENTS,
        needs=("lines", "invoices"),
        summed=True,
        meaning=_("Marketplace pays − returned − commissions."),
    ),
    Column(
        key="blocker",
        title=_("In the way"),
        sql=payout.BLOCKER,
        kind=Kind.CHOICE,
        words=BLOCKERS,
        colours={code: "success" if code in FREE else "warning" for code in BLOCKERS},
        meaning=_("The first of the list below that holds: what must be mended first."),
    ),
    Column(
        key="at_risk",
        title=_("Value at risk"),
        sql=payout.AT_RISK,
        kind=Kind.CENTS,
        needs=("lines", "invoices"),
        summed=True,
        meaning=_("The expected payout while anything is in the way; else nothing."),
    ),
    Column(
        key="paid",
        title=_("Paid in all"),
        sql="settled.paid::bigint",
        kind=Kind.CENTS,
        needs=("settled",),
        summed=True,
        meaning=_("For the order, by all rows of all files."),
    ),
    Column(
        key="difference",
        title=_("Difference"),
        sql=settled.DIFFERENCE,
        kind=Kind.CENTS,
        link=_ledger_link,
        needs=("lines", "invoices", "settled"),
        summed=True,
        meaning=_("Paid in all − expected payout: below zero, money is missing."),
    ),
    Column(
        key="result",
        title=_("Result"),
        sql=settled.RESULT,
        kind=Kind.CHOICE,
        needs=("lines", "invoices", "settled"),
        words=RESULTS,
        colours=settled.COLOURS,
        meaning=_("What the settlement files say of the order."),
    ),
    Column(
        key="remedy",
        title=_("What to do"),
        sql=payout.BLOCKER,
        kind=Kind.CHOICE,
        words=REMEDIES,
        link=remedy_link,
        in_files=False,
    ),
    mapping.MAPPING.column("currency_code"),
    mapping.MAPPING.column("time_zone"),
)

PAYOUTS = register(
    Report(
        slug="payouts",
        title=_("Payouts"),
        meaning=_("What each order is to bring, and what keeps the marketplace from paying it."),
        permissions=("reporting.see_reports", "orders.view_money"),
        # Orders that something is to be, or was, paid for; indexes serve it all the same.
        table=f"(SELECT o.* FROM orders_order o WHERE {payout.IS_LIVE}) o",  # noqa: S608  (our own text)
        key="o.id",
        joins="JOIN sellers_selleraccount a ON a.id = o.account_id",
        parts=(figures.LINES, figures.INVOICES, settled.PAID),
        zone="a.timezone",
        currency="a.currency",
        columns=_COLUMNS,
        filters=(
            *(each for each in ORDER_FILTERS if each.names[0] in ("q", "time", "account")),
            OneOf(name="blocker", label=_("In the way"), options=_blockers, means=_blocked_by),
            OneOf(name="result", label=_("Result"), options=_results, means=_with_result),
        ),
        sorts=(
            *(
                Sort(one.sort, one.label, one.sql, "timestamptz", may_lack=one.may_lack)
                for one in MOMENTS.values()
            ),
            Sort("pays", _("Marketplace pays"), "o.payment_value_cents", "bigint", may_lack=False),
        ),
        brief=(
            ("marketplace_order_id", "seller_order_id"),
            ("status", "account"),
            ("placed_at", "delivered_at"),
            ("pays", "returned", "commissions"),
            ("expected",),
            ("blocker", "at_risk"),
            ("result", "paid", "difference"),
            ("remedy",),
        ),
        counted=mapping.counted,
    )
)
