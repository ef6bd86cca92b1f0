"""The promise audit, SLA by SLA: what each promised, how it went, what its lateness cost."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from reporting.declarations import Column, Kind, Report, Row, Sort, register
from reporting.mapping import MAPPING
from reporting.promises import filters
from reporting.promises.by_order import ORDERS, PERMISSIONS, Outcome, note


def _counted_slas(rows: int) -> str:
    shown = number_format(rows, force_grouping=True)
    return ngettext("%(rows)s SLA", "%(rows)s SLAs", rows) % {"rows": shown}


def _orders_of(row: Row, **more: str) -> str:
    """The orders behind a row's numbers, of the same days."""
    asked = {**row["asked"], "account": str(row["account_id"]), **more}
    asked.pop("sort", None)
    if row["sla"]:
        asked["sla"] = row["sla"]
    return f"{reverse('admin:report', args=[ORDERS.slug])}?{urlencode(asked)}"


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
        permissions=PERMISSIONS,
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
        note=note,
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
            MAPPING.column("account"),
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
