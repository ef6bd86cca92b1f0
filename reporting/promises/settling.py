"""Works out what became of every promise, by one statement for a span of days.

A span is settled whole and put in place of what was known; rows that stay as they were are not
written. So settling again is never wrong, and settling everything anew is always possible.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Min

from orders.models import Order
from reporting.models import Promise, PromiseSettling
from reporting.promises import workdays
from sellers.models import SellerAccount

#: Orders change for so long after their payment, as a rule; what changes later waits a night.
RECENT_DAYS = 45
#: Days settled in one transaction.
_AT_ONCE = 31
_DAY = timedelta(days=1)
Outcome = Promise.Outcome


def settle_recent(*, now: datetime) -> int:
    """Bring the promises of the last weeks up to date; an account that has none yet is settled
    whole. Returns how many rows changed."""
    known = set(PromiseSettling.objects.values_list("account", flat=True))
    return sum(
        settle(account, now=now, days=RECENT_DAYS if account.pk in known else None)
        for account in SellerAccount.objects.order_by("pk")
    )


def settle_all(*, now: datetime) -> int:
    """Work out every promise anew; returns how many rows changed."""
    return sum(settle(account, now=now) for account in SellerAccount.objects.order_by("pk"))


def settle(account: SellerAccount, *, now: datetime, days: int | None = None) -> int:
    """Settle what was paid in the last `days` days of an account, or all of it."""
    changed = 0
    for since, until in _spans(account, now=now, days=days):
        changed += _settle_span(account, since, until, now=now)
    PromiseSettling.objects.update_or_create(account=account, defaults={"settled_at": now})
    return changed


def _spans(
    account: SellerAccount, *, now: datetime, days: int | None
) -> Iterator[tuple[date, date]]:
    """From the first payment, or of the last `days` days; and the calendar that they need."""
    first = Order.objects.filter(account=account).aggregate(day=Min("authorized_at"))["day"]
    if first is None:
        return
    today, begin = now.astimezone(account.zone).date(), first.astimezone(account.zone).date()
    workdays.number(account, first=begin, today=today)
    since = begin if days is None else max(begin, today - _DAY * (days - 1))
    while since <= today:
        until = min(since + _DAY * _AT_ONCE, today + _DAY)
        yield since, until
        since = until


@transaction.atomic
def _settle_span(account: SellerAccount, since: date, until: date, *, now: datetime) -> int:
    """The days from `since` up to but without `until`."""
    params: dict[str, Any] = {
        "account": account.pk,
        "zone": account.timezone,
        "since": datetime.combine(since, time(), account.zone),
        "until": datetime.combine(until, time(), account.zone),
        "now": now,
    }
    with connection.cursor() as cursor:
        # One settling of an account at a time (race: two would insert the same promise).
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('promises', %s))", [account.pk]
        )
        cursor.execute(_FORGET, params)
        cursor.execute(_SETTLE, params)
        return int(cursor.rowcount)


#: What has no such line any more, or was not paid after all.
_FORGET = """
DELETE FROM reporting_promise p
 WHERE p.account_id = %(account)s AND p.paid_at >= %(since)s AND p.paid_at < %(until)s
   AND NOT EXISTS (
       SELECT FROM orders_order o JOIN orders_orderline l ON l.order_id = o.id
        WHERE o.id = p.order_id AND o.authorized_at = p.paid_at
          AND l.policy_ref = p.policy_ref AND l.quantity > 0)
"""

#: The calendar of an SLA is that of the first warehouse that serves it, else the account's first.
_PLACES = """
places AS MATERIALIZED (
    SELECT p.ref, (
        SELECT pw.warehouse_id FROM sellers_policywarehouse pw
          JOIN sellers_warehouse w ON w.id = pw.warehouse_id
         WHERE pw.policy_id = p.id ORDER BY pw.position, w.priority, w.code LIMIT 1
    ) AS warehouse_id
      FROM sellers_shippingpolicy p WHERE p.account_id = %(account)s
), usual AS MATERIALIZED (
    SELECT id FROM sellers_warehouse WHERE account_id = %(account)s
     ORDER BY priority, code LIMIT 1
)
"""
_TODAY = "(%(now)s::timestamptz AT TIME ZONE %(zone)s)::date"


def _end_of(day: str) -> str:
    """The last second of a day on the account's clocks."""
    return f"(({day} + 1)::timestamp AT TIME ZONE %(zone)s) - interval '1 second'"


def _number(day: str) -> str:
    """The number of a day in the calendar of the row's warehouse."""
    return f"""
        (SELECT k.number FROM reporting_workday k
          WHERE k.warehouse_id = warehouse_id_ AND k.day = {day})
    """  # noqa: S608  (our own text)


# By when a line was promised: the end of the chosen window, else the estimate from the payment on,
# as the marketplace counts it. Days are promised by their end.
_PROMISED = f"""
    CASE WHEN l.window_ends_at IS NOT NULL THEN l.window_ends_at
         WHEN unit = 'bd' THEN {
    _end_of('''(
             SELECT min(k.day) FROM reporting_workday k
              WHERE k.warehouse_id = warehouse_id_ AND k.number = count + (
                  SELECT b.number FROM reporting_workday b
                   WHERE b.warehouse_id = warehouse_id_ AND b.day = paid_on))''')
}
         WHEN unit = 'd' THEN {_end_of("(paid_on + count)")}
         WHEN unit = 'h' THEN o.authorized_at + interval '1 hour' * count
         WHEN unit = 'm' THEN o.authorized_at + interval '1 minute' * count
    END
"""  # noqa: S608  (our own text)
_BACK = """
    (SELECT COALESCE(sum(n.value_cents), 0)
       FROM invoicing_invoiceline n JOIN invoicing_invoice i ON i.id = n.invoice_id
      WHERE n.line_id = l.id AND i.kind = 'Input' AND i.voided_at IS NULL)
"""
#: Cancelled when it should have been handed over, or even delivered, already. What left and came
#: back undelivered says nothing of the promise.
_OUTCOME = f"""
    CASE WHEN cancelled_at IS NOT NULL AND shipped_at IS NULL AND delivered_at IS NULL
         THEN CASE WHEN cancelled_at > least(due_at, promised_at)
                   THEN '{Outcome.CANCELLED_LATE}' ELSE '{Outcome.CANCELLED}' END
         WHEN promised_at IS NULL THEN '{Outcome.UNKNOWN}'
         WHEN delivered_at <= promised_at THEN '{Outcome.KEPT}'
         WHEN delivered_at IS NOT NULL THEN '{Outcome.LATE}'
         WHEN status = 'returned' OR cancelled_at IS NOT NULL THEN '{Outcome.UNKNOWN}'
         WHEN promised_at < %(now)s THEN '{Outcome.OVERDUE}'
         ELSE '{Outcome.AHEAD}'
    END
"""
_FOUND = f"""
WITH {_PLACES},
lines AS (
    SELECT o.id AS order_id, l.policy_ref, o.status, o.authorized_at AS paid_at, o.due_at,
           o.shipped_at, o.delivered_at, o.cancelled_at, paid_on, warehouse_id_,
           l.shipping_estimate AS estimate, {_PROMISED} AS promised_at,
           l.items_cents - l.discount_cents + l.services_cents + l.freight_cents AS sold,
           l.freight_cents AS freight,
           round(l.freight_cents * l.freight_commission / 100) AS commission,
           {_BACK} AS returned
      FROM orders_order o
      JOIN orders_orderline l ON l.order_id = o.id AND l.quantity > 0
      LEFT JOIN places ON places.ref = l.policy_ref
     CROSS JOIN LATERAL (
         SELECT (o.authorized_at AT TIME ZONE %(zone)s)::date AS paid_on,
                COALESCE(places.warehouse_id, (SELECT id FROM usual)) AS warehouse_id_,
                substring(l.shipping_estimate FROM '^[0-9]{{1,4}}(bd|d|h|m)$') AS unit,
                substring(l.shipping_estimate FROM '^([0-9]{{1,4}})(?:bd|d|h|m)$')::int AS count
     ) told
     WHERE o.account_id = %(account)s
       AND o.authorized_at >= %(since)s AND o.authorized_at < %(until)s
), promises AS (
    SELECT order_id, policy_ref, status, paid_at, due_at, shipped_at, delivered_at, cancelled_at,
           paid_on, warehouse_id_,
           (array_agg(estimate ORDER BY promised_at DESC NULLS LAST))[1] AS estimate,
           max(promised_at) AS promised_at, sum(sold) AS sold, sum(freight) AS freight,
           sum(commission) AS commission, sum(returned) AS returned
      FROM lines GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
), judged AS (
    SELECT *, {_OUTCOME} AS outcome, {_number("paid_on")} AS first,
           {_number("(promised_at AT TIME ZONE %(zone)s)::date")} AS asked,
           {_number(f"COALESCE((delivered_at AT TIME ZONE %(zone)s)::date, {_TODAY})")} AS come
      FROM promises
)
SELECT %(account)s, order_id, policy_ref, paid_at, estimate, promised_at, outcome,
       asked - first, CASE WHEN delivered_at IS NOT NULL THEN come - first END,
       CASE WHEN outcome = '{Outcome.KEPT}' THEN 0
            WHEN outcome IN ('{Outcome.LATE}', '{Outcome.OVERDUE}') THEN greatest(come - asked, 1)
       END,
       sold, freight, commission, returned,
       CASE WHEN outcome = '{Outcome.CANCELLED_LATE}' THEN sold
            WHEN outcome IN ('{Outcome.LATE}', '{Outcome.OVERDUE}') THEN returned ELSE 0 END
  FROM judged
"""  # noqa: S608  (our own text)
_VALUES = (
    "paid_at",
    "estimate",
    "promised_at",
    "outcome",
    "days_promised",
    "days_taken",
    "days_late",
    "sold_cents",
    "freight_cents",
    "freight_commission_cents",
    "returned_cents",
    "cost_cents",
)


def _each(prefix: str) -> str:
    return ", ".join(f"{prefix}.{name}" for name in _VALUES)


_SETTLE = f"""
INSERT INTO reporting_promise AS known (account_id, order_id, policy_ref, {", ".join(_VALUES)})
{_FOUND}
ON CONFLICT (order_id, policy_ref) DO UPDATE SET ({", ".join(_VALUES)}) = ({_each("EXCLUDED")})
 WHERE ({_each("known")}) IS DISTINCT FROM ({_each("EXCLUDED")})
"""
