"""The promise audit, order by order: by when each was promised, and when it came."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from reporting.declarations import Column, Kind, Report, Row, Sort, register
from reporting.mapping import MAPPING
from reporting.models import Promise, PromiseSettling
from reporting.promises import filters

Outcome = Promise.Outcome
PERMISSIONS = ("reporting.see_reports", "orders.view_money")
COLOURS = {
    Outcome.KEPT: "success",
    Outcome.LATE: "danger",
    Outcome.OVERDUE: "danger",
    Outcome.AHEAD: "info",
    Outcome.CANCELLED_LATE: "danger",
    Outcome.CANCELLED: "info",
    Outcome.UNKNOWN: "warning",
}


def note() -> str:
    """As of when: the rows are worked out by the clock, not while somebody waits."""
    settled = PromiseSettling.objects.order_by("settled_at").first()
    if settled is None:
        return gettext("Not worked out yet. It is done by itself within half an hour.")
    moment = timezone.localtime(settled.settled_at, settled.account.zone)
    return gettext("as of %(moment)s") % {"moment": date_format(moment, "SHORT_DATETIME_FORMAT")}


def _counted_promises(rows: int) -> str:
    shown = number_format(rows, force_grouping=True)
    return ngettext("%(rows)s promise", "%(rows)s promises", rows) % {"rows": shown}


def _order_link(row: Row) -> str:
    return reverse("admin:orders_order_change", args=[row["order_id"]])


def _now_link(row: Row) -> str:
    return reverse("admin:promise_now", args=[row["order_id"]])


ORDERS = register(
    Report(
        slug="promises-orders",
        title=_("Promises, order by order"),
        meaning=_("By when each order was promised, and when it came."),
        permissions=PERMISSIONS,
        table="reporting_promise p",
        key="p.id",
        joins="""
            JOIN orders_order o ON o.id = p.order_id
            JOIN sellers_selleraccount a ON a.id = p.account_id
            LEFT JOIN sellers_shippingpolicy sla
                   ON sla.account_id = p.account_id AND sla.ref = p.policy_ref
        """,
        zone="a.timezone",
        currency="a.currency",
        beside={"order_id": "p.order_id"},
        note=note,
        counted=_counted_promises,
        filters=filters.OF_ORDERS,
        sorts=(
            Sort("cost", _("Cost of lateness"), "p.cost_cents", "bigint", may_lack=False),
            Sort("days_late", _("Days late"), "p.days_late", "integer"),
            Sort("paid_at", _("Authorised"), "p.paid_at", "timestamptz", may_lack=False),
            Sort("promised_at", _("Promised for"), "p.promised_at", "timestamptz"),
        ),
        columns=(
            Column(
                key="marketplace_order_id",
                title=_("Marketplace order id"),
                sql="o.marketplace_order_id",
                link=_order_link,
            ),
            *(MAPPING.column(key) for key in ("seller_order_id", "account")),
            Column(
                key="sla",
                title=_("SLA"),
                sql="COALESCE(NULLIF(sla.name, ''), NULLIF(p.policy_ref, ''), '–')",
            ),
            Column(key="sla_id", title=_("SLA id"), sql="p.policy_ref"),
            Column(
                key="outcome",
                title=_("Outcome"),
                sql="p.outcome",
                kind=Kind.CHOICE,
                words=dict(Outcome.choices),
                colours={str(outcome): colour for outcome, colour in COLOURS.items()},
                meaning=_(
                    "It can't be told when no estimate came with the order, or when it came back "
                    "undelivered."
                ),
            ),
            Column(
                key="estimate",
                title=_("Promised"),
                sql="p.estimate",
                meaning=_("The estimate the order was placed with; of several lines the longest."),
            ),
            Column(key="paid_at", title=_("Authorised"), sql="p.paid_at", kind=Kind.MOMENT),
            Column(
                key="promised_at",
                title=_("Promised for"),
                sql="p.promised_at",
                kind=Kind.MOMENT,
                meaning=_(
                    "The end of the chosen window; else the estimate from the payment on. Days end "
                    "at midnight; business days are those of the SLA's first warehouse."
                ),
            ),
            *(MAPPING.column(key) for key in ("due_at", "shipped_at", "delivered_at")),
            Column(
                key="days_promised",
                title=_("Days promised"),
                sql="p.days_promised",
                kind=Kind.COUNT,
                meaning=_("Business days from the day of the payment to the promised one."),
            ),
            Column(
                key="days_taken",
                title=_("Days taken"),
                sql="p.days_taken",
                kind=Kind.COUNT,
                meaning=_("Business days from the day of the payment to the delivery."),
            ),
            Column(
                key="days_late",
                title=_("Days late"),
                sql="p.days_late",
                kind=Kind.COUNT,
                meaning=_(
                    "Business days from the promised day to the delivery, or to today; at least "
                    "one for what is late at all."
                ),
            ),
            Column(
                key="now",
                title=_("Promised today"),
                sql="'compare'",
                kind=Kind.CHOICE,
                words={"compare": _("compare")},
                link=_now_link,
                in_files=False,
                meaning=_(
                    "What the same basket would be promised now, by today's rates and calendar."
                ),
            ),
            Column(key="sold", title=_("Value"), sql="p.sold_cents", kind=Kind.CENTS, summed=True),
            Column(
                key="freight",
                title=_("Freight charged"),
                sql="p.freight_cents",
                kind=Kind.CENTS,
                summed=True,
            ),
            Column(
                key="commission",
                title=_("Freight commission"),
                sql="p.freight_commission_cents",
                kind=Kind.CENTS,
                summed=True,
            ),
            Column(
                key="returned",
                title=_("Given back"),
                sql="p.returned_cents",
                kind=Kind.CENTS,
                summed=True,
            ),
            Column(
                key="cost",
                title=_("Cost of lateness"),
                sql="p.cost_cents",
                kind=Kind.CENTS,
                summed=True,
            ),
        ),
        brief=(
            ("marketplace_order_id", "seller_order_id"),
            ("outcome", "sla", "account"),
            ("cost", "returned", "freight"),
            ("paid_at", "promised_at"),
            ("shipped_at", "delivered_at"),
            ("days_promised", "days_taken", "days_late"),
            ("now",),
        ),
    )
)
