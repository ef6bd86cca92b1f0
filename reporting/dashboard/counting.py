"""Counts what happened on each day, out of the rows: now and then the last weeks, nightly all.

A day is counted whole and put in place of what was known of it, so that counting again is never
wrong, and counting everything anew is always possible.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Min

from orders.models import Order
from reporting.dashboard.figures import Figure, figures
from reporting.models import Counting, DayCount
from sellers.models import SellerAccount
from simulation.models import SimulationMinute

#: Orders change for so long after they were placed, as a rule; what changes later waits a night.
RECENT_DAYS = 45
#: Days counted in one transaction.
_AT_ONCE = 31


def count_recent(*, now: datetime) -> int:
    """Bring the last weeks up to date; an account never counted before is counted whole.

    Returns the days counted.
    """
    known = set(Counting.objects.values_list("account", flat=True))
    return sum(
        count(account, now=now, days=RECENT_DAYS if account.pk in known else None)
        for account in SellerAccount.objects.order_by("pk")
    )


def count_all(*, now: datetime) -> int:
    """Count every day there is anew; returns the days counted."""
    return sum(count(account, now=now) for account in SellerAccount.objects.order_by("pk"))


def count(account: SellerAccount, *, now: datetime, days: int | None = None) -> int:
    """Count the last `days` days of an account, or all of them; how many there were."""
    today = now.astimezone(account.zone).date()
    first, remembered = _first_day(account, today), _remembered_since(today)
    since = first if days is None else max(first, today - timedelta(days=days - 1))
    for begin, end in _spans(since, today + timedelta(days=1)):
        _count_span(account, begin, end, remembered=remembered)
    if days is None:
        gone = DayCount.objects.filter(account=account, day__lt=first)
        gone.exclude(figure__in=_OF_MINUTES).delete()
    Counting.objects.update_or_create(
        account=account, defaults={"counted_at": now, "first_day": first}
    )
    return (today + timedelta(days=1) - since).days


def _first_day(account: SellerAccount, today: date) -> date:
    """Of the first order or simulation; today for an account that has neither."""
    moments = (
        Order.objects.filter(account=account).aggregate(first=Min("placed_at"))["first"],
        SimulationMinute.objects.filter(account=account).aggregate(first=Min("minute"))["first"],
    )
    days: list[date] = [moment.astimezone(account.zone).date() for moment in moments if moment]
    return min([today, *days])


def _remembered_since(today: date) -> date:
    """The first day whose minutes of simulations are all still kept; earlier counts stand."""
    return today - timedelta(days=settings.SIMULATION_MINUTE_DAYS - 1)


def _spans(since: date, until: date) -> Iterator[tuple[date, date]]:
    while since < until:
        end = min(until, since + timedelta(days=_AT_ONCE))
        yield since, end
        since = end


@transaction.atomic
def _count_span(account: SellerAccount, since: date, until: date, *, remembered: date) -> None:
    """The days from `since` up to but without `until`."""
    _take_turns(account)
    counts = DayCount.objects.filter(account=account, day__lt=until)
    counts.filter(day__gte=since).exclude(figure__in=_OF_MINUTES).delete()
    counts.filter(day__gte=max(since, remembered), figure__in=_OF_MINUTES).delete()
    of_orders = [_statement(figure) for figure in figures().values()]
    _execute(of_orders, account, since, until)
    _execute(_SIMULATIONS, account, max(since, remembered), until)


def _execute(statements: Iterable[str], account: SellerAccount, since: date, until: date) -> None:
    params: dict[str, Any] = {
        "account": account.pk,
        "zone": account.timezone,
        "since": datetime.combine(since, time(), account.zone),
        "until": datetime.combine(until, time(), account.zone),
    }
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement, params)


def _take_turns(account: SellerAccount) -> None:
    """One counting of an account at a time (race: two would insert the same day)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('day-counts', %s))", [account.pk]
        )


_INSERT = "INSERT INTO reporting_daycount (account_id, day, figure, key, count, cents)"


def _statement(figure: Figure) -> str:
    return f"""
        {_INSERT}
        SELECT %(account)s, day, '{figure.code}', key, count(*), sum(cents) FROM (
            SELECT ({figure.moment} AT TIME ZONE %(zone)s)::date AS day, {figure.key} AS key,
                   {figure.cents} AS cents
              FROM orders_order o
             WHERE o.account_id = %(account)s AND {figure.moment} >= %(since)s
               AND {figure.moment} < %(until)s AND ({figure.where})
        ) found GROUP BY day, key
    """  # noqa: S608  (our own text)


_DAY = "(m.minute AT TIME ZONE %(zone)s)::date"


def _of_minutes(figure: str, key: str, calls: str, beside: str) -> str:
    """Sums over the minutes of the simulation, taken apart by what stands `beside` each."""
    return f"""
        {_INSERT}
        SELECT %(account)s, day, '{figure}', key, sum(calls), 0 FROM (
            SELECT {_DAY} AS day, {key} AS key, {calls} AS calls
              FROM simulation_simulationminute m CROSS JOIN LATERAL {beside}
             WHERE m.account_id = %(account)s AND m.minute >= %(since)s AND m.minute < %(until)s
        ) found GROUP BY day, key HAVING sum(calls) > 0
    """  # noqa: S608  (our own text)


#: Figures that come from minutes, which are forgotten after a while.
_OF_MINUTES = ("simulations", "refused-lines", "simulation-ms")
#: Calls of the simulation by fate, all of them under no key; lines that were refused, by cause;
#: and the histogram of times, by bucket.
_SIMULATIONS = (
    _of_minutes(
        "simulations",
        "kind.key",
        "kind.calls",
        """(VALUES ('', m.calls), ('unavailable', m.unavailable), ('rejected', m.rejected),
                   ('unanswered', m.unanswered), ('failed', m.failed)) AS kind(key, calls)""",
    ),
    _of_minutes(
        "refused-lines", "cause.key", "cause.value::bigint", "jsonb_each_text(m.causes) AS cause"
    ),
    _of_minutes(
        "simulation-ms",
        "step.at::text",
        "step.calls",
        "unnest(m.durations) WITH ORDINALITY AS step(calls, at)",
    ),
)
