"""The promise audit as two declared reports: one row per SLA, and the orders behind it."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from reporting.declarations import Column, Kind, Report, Row, Sort, register
from reporting.models import Promise, PromiseSettling
from reporting.promises import filters

Outcome = Promise.Outcome
_PERMISSIONS = ("reporting.see_reports", "orders.view_money")
_ORDERS = "promises-orders"
COLOURS = {
    Outcome.KEPT: "success",
    Outcome.LATE: "danger",
    Outcome.OVERDUE: "danger",
    Outcome.AHEAD: "info",
    Outcome.CANCELLED_LATE: "danger",
    Outcome.CANCELLED: "info",
    Outcome.UNKNOWN: "warning",
}


def _note() -> str:
    """As of when: the rows are worked out by the clock, not while somebody waits."""
    settled = PromiseSettling.objects.order_by("settled_at").first()
    if settled is None:
        return gettext("Not worked out yet. It is done by itself within half an hour.")
    moment = timezone.localtime(settled.settled_at, settled.account.zone)
    return gettext("as of %(moment)s") % {"moment": date_format(moment, "SHORT_DATETIME_FORMAT")}


def _counted_slas(rows: int) -> str:
    shown = number_format(rows, force_grouping=True)
    return ngettext("%(rows)s SLA", "%(rows)s SLAs", rows) % {"rows": shown}


def _counted_promises(rows: int) -> str:
    shown = number_format(rows, force_grouping=True)
    return ngettext("%(rows)s promise", "%(rows)s promises", rows) % {"rows": shown}


# --- one row per SLA ----------------------------------------------------------------------------


def _orders_of(row: Row, **more: str) -> str:
    """The orders behind a row's numbers, of the same days."""
    asked = {**row["asked"], "account": str(row["account_id"]), **more}
    asked.pop("sort", None)
    if row["sla"]:
        asked["sla"] = row["sla"]
    return f"{reverse('admin:report', args=[_ORDERS])}?{urlencode(asked)}"


def _behind(row: Row) -> str:
    return _orders_of(row)


def _with(outcome: Outcome) -> Callable[[Row], str | None]:
    """A link from a number to its orders; none from zero."""
    return lambda row: _orders_of(row, outcome=outcome) if row[_KEYS[outcome]] else None


_KEYS = {Outcome.LATE: "late", Outcome.OVERDUE: "overdue", Outcome.CANCELLED_LATE: "cancelled_late"}


def _costly_behind(row: Row) -> str | None:
    return _orders_of(row, sort="-cost") if row["cost"] else None


def _of(*outcomes: Outcome) -> str:
    listed = ", ".join(f"'{outcome}'" for outcome in outcomes)
    return f"count(*) FILTER (WHERE p.outcome IN ({listed}))"


_SUMS = f"""
SELECT min(p.id) AS id, p.account_id, p.policy_ref AS ref, count(*) AS orders,
       {_of(Outcome.KEPT)} AS kept, {_of(Outcome.LATE)} AS late,
       {_of(Outcome.OVERDUE)} AS overdue,
       {_of(Outcome.CANCELLED_LATE)} AS cancelled_late,
       {_of(Outcome.KEPT, Outcome.LATE, Outcome.OVERDUE, Outcome.CANCELLED_LATE)} AS judged,
       percentile_disc(0.5) WITHIN GROUP (ORDER BY p.days_promised) AS days_promised,
       percentile_disc(0.5) WITHIN GROUP (ORDER BY p.days_taken) AS half_took,
       percentile_disc(0.9) WITHIN GROUP (ORDER BY p.days_taken) AS most_took,
       sum(p.days_late) FILTER (WHERE p.days_late > 0) AS days_late,
       sum(p.sold_cents)::bigint AS sold, sum(p.freight_cents)::bigint AS freight,
       sum(p.freight_commission_cents)::bigint AS commission,
       sum(p.returned_cents)::bigint AS returned, sum(p.cost_cents)::bigint AS cost
  FROM reporting_promise p{{where}}
 GROUP BY p.account_id, p.policy_ref
"""  # noqa: S608  (our own text)

PROMISES = register(
    Report(
        slug="promises",
        title=_("Promise audit"),
        meaning=_("What each SLA promised, what happened, and what lateness costs."),
        permissions=_PERMISSIONS,
        sums=_SUMS,
        table="summed s",
        key="s.id",
        joins="""
            JOIN sellers_selleraccount a ON a.id = s.account_id
            LEFT JOIN sellers_shippingpolicy sla
                   ON sla.account_id = s.account_id AND sla.ref = s.ref
        """,
        zone="a.timezone",
        currency="a.currency",
        beside={"account_id": "s.account_id", "sla": "s.ref"},
        usual="cost",
        note=_note,
        counted=_counted_slas,
        filters=filters.OF_SUMS,
        sorts=(
            Sort("cost", _("Cost of lateness"), "s.cost", "bigint", may_lack=False),
            Sort("late", _("Late"), "s.late", "bigint", may_lack=False),
            Sort("returned", _("Given back"), "s.returned", "bigint", may_lack=False),
            Sort("orders", _("Orders"), "s.orders", "bigint", may_lack=False),
        ),
        columns=(
            Column(
                key="name",
                title=_("SLA"),
                sql="COALESCE(NULLIF(sla.name, ''), NULLIF(s.ref, ''), '–')",
                link=_behind,
            ),
            Column(key="ref", title=_("SLA id"), sql="s.ref"),
            Column(key="account", title=_("Account"), sql="a.name"),
            Column(
                key="orders",
                title=_("Orders"),
                sql="s.orders",
                kind=Kind.COUNT,
                meaning=_(
                    "Paid orders with lines of this SLA; one with lines of two counts for both."
                ),
            ),
            Column(
                key="kept",
                title=_("In time"),
                sql="s.kept",
                kind=Kind.COUNT,
                meaning=_("Delivered by the promised time."),
            ),
            Column(
                key="late",
                title=_("Late"),
                sql="s.late",
                kind=Kind.COUNT,
                link=_with(Outcome.LATE),
                meaning=_("Delivered after the promised time."),
            ),
            Column(
                key="overdue",
                title=_("Overdue"),
                sql="s.overdue",
                kind=Kind.COUNT,
                link=_with(Outcome.OVERDUE),
                meaning=_("The promised time is past, and no delivery is known."),
            ),
            Column(
                key="cancelled_late",
                title=_("Cancelled late"),
                sql="s.cancelled_late",
                kind=Kind.COUNT,
                link=_with(Outcome.CANCELLED_LATE),
                meaning=_(
                    "Cancelled before it left, when its hand-over time or the promised time was "
                    "past."
                ),
            ),
            Column(
                key="broken",
                title=_("Broken, %"),
                sql="round(100.0 * (s.judged - s.kept) / NULLIF(s.judged, 0))::int",
                kind=Kind.COUNT,
                meaning=_(
                    "Late, overdue or cancelled late, of these and those in time; rounded to whole "
                    "percents."
                ),
            ),
            Column(
                key="days_promised",
                title=_("Days promised"),
                sql="s.days_promised",
                kind=Kind.COUNT,
                meaning=_(
                    "Business days from the day of the payment to the promised one, of the order "
                    "in the middle."
                ),
            ),
            Column(
                key="half_took",
                title=_("Half took"),
                sql="s.half_took",
                kind=Kind.COUNT,
                meaning=_("Business days within which half of the delivered orders came."),
            ),
            Column(
                key="most_took",
                title=_("Nine of ten took"),
                sql="s.most_took",
                kind=Kind.COUNT,
                meaning=_(
                    "Business days within which nine of ten delivered orders came: an estimate "
                    "that would be kept."
                ),
            ),
            Column(
                key="days_late",
                title=_("Days late"),
                sql="COALESCE(s.days_late, 0)",
                kind=Kind.COUNT,
                meaning=_("Business days of lateness of all late and overdue orders, added up."),
            ),
            Column(
                key="sold",
                title=_("Value"),
                sql="s.sold",
                kind=Kind.CENTS,
                summed=True,
                meaning=_("Of the lines: goods − discounts + services + freight."),
            ),
            Column(
                key="freight",
                title=_("Freight charged"),
                sql="s.freight",
                kind=Kind.CENTS,
                summed=True,
                meaning=_("What shoppers pay for the delivery of these lines."),
            ),
            Column(
                key="commission",
                title=_("Freight commission"),
                sql="s.commission",
                kind=Kind.CENTS,
                summed=True,
                meaning=_(
                    "What the marketplace keeps of it, rounded to the cent a line; empty when it "
                    "named none."
                ),
            ),
            Column(
                key="returned",
                title=_("Given back"),
                sql="s.returned",
                kind=Kind.CENTS,
                summed=True,
                meaning=_("The return invoices of these lines, late or not."),
            ),
            Column(
                key="cost",
                title=_("Cost of lateness"),
                sql="s.cost",
                kind=Kind.CENTS,
                summed=True,
                link=_costly_behind,
                meaning=_(
                    "Given back for late and overdue orders, and the value of those cancelled late."
                ),
            ),
        ),
        brief=(
            ("name", "ref", "account"),
            ("cost", "returned"),
            ("orders", "kept"),
            ("late", "overdue", "cancelled_late"),
            ("broken",),
            ("days_promised", "half_took", "most_took"),
            ("freight", "commission"),
        ),
    )
)


# --- the orders behind it -----------------------------------------------------------------------


def _order_link(row: Row) -> str:
    return reverse("admin:orders_order_change", args=[row["order_id"]])


def _now_link(row: Row) -> str:
    return reverse("admin:promise_now", args=[row["order_id"]])


ORDERS = register(
    Report(
        slug=_ORDERS,
        title=_("Promises, order by order"),
        meaning=_("By when each order was promised, and when it came."),
        permissions=_PERMISSIONS,
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
        note=_note,
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
            Column(key="seller_order_id", title=_("Our order id"), sql="o.seller_order_id"),
            Column(key="account", title=_("Account"), sql="a.name"),
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
            Column(key="due_at", title=_("Hand over by"), sql="o.due_at", kind=Kind.MOMENT),
            Column(key="shipped_at", title=_("Handed over"), sql="o.shipped_at", kind=Kind.MOMENT),
            Column(
                key="delivered_at", title=_("Delivered"), sql="o.delivered_at", kind=Kind.MOMENT
            ),
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
