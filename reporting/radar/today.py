"""Today's open work of each warehouse beside what it usually packs until its hand-over times."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from django.core.cache import cache
from django.db import connection
from redis.exceptions import RedisError

from orders import sourcing
from orders.states import Status
from reporting.radar.pace import SLOTS, Pace, likely_misses
from sellers.errors import Unavailable
from sellers.models import SellerAccount, Warehouse
from simulation import calendar
from simulation.types import Depot

#: The pace is that of the last fortnight, today left out.
PACE_DAYS = 14
#: Of one account; nobody packs more in a day with one portal.
MOST_OPEN = 5_000
#: The past changes slowly; today does not.
PACE_SECONDS, OUTLOOK_SECONDS = 900, 60


class Waiting(NamedTuple):
    """An open order due today or before."""

    order_id: int
    marketplace_order_id: str
    seller_order_id: str
    due: datetime
    cents: int


@dataclass(frozen=True)
class Outlook:
    """One warehouse today. `misses` are those of `waiting` that the usual pace does not reach;
    `last_due` is the last hand-over time that is still ahead."""

    warehouse_id: int
    warehouse: str
    account_id: int
    cutoff: time
    is_worked: bool
    waiting: tuple[Waiting, ...]
    late: int
    packed_today: int
    usual_from_now: float | None
    last_due: datetime | None
    misses: tuple[Waiting, ...]


def outlooks(*, now: datetime) -> list[Outlook]:
    """Every active warehouse that has something due today, or packed something."""
    found: list[Outlook] = []
    for account in SellerAccount.objects.filter(is_active=True).order_by("slug"):
        found += _of_account(account, now=now)
    return found


def lately(*, now: datetime) -> list[Outlook]:
    """The same as it was within the last minute; nothing while Redis is away."""
    try:
        known: list[Outlook] | None = cache.get("radar:outlooks")
        if known is None:
            known = outlooks(now=now)
            cache.set("radar:outlooks", known, OUTLOOK_SECONDS)
    except RedisError:
        return []
    return known


def _of_account(account: SellerAccount, *, now: datetime) -> list[Outlook]:
    local = now.astimezone(account.zone)
    waiting, packed = _due_today(account, local), _packed_today(account, local)
    warehouses = Warehouse.objects.filter(account=account, is_active=True)
    shown = [each for each in warehouses if each.pk in waiting or each.pk in packed]
    if not shown:
        return []
    paces, depots = _paces(account, local.date()), _depots(account, now=now)
    return [
        _outlook(
            each,
            waiting.get(each.pk, []),
            packed=packed.get(each.pk, 0),
            pace=paces.get(each.pk, Pace(())),
            depot=depots.get(each.pk),
            local=local,
        )
        for each in shown
    ]


def _outlook(
    warehouse: Warehouse,
    waiting: list[Waiting],
    *,
    packed: int,
    pace: Pace,
    depot: Depot | None,
    local: datetime,
) -> Outlook:
    misses = likely_misses([each.due for each in waiting], pace, local)
    last = max((each.due for each in waiting if each.due > local), default=None)
    return Outlook(
        warehouse_id=warehouse.pk,
        warehouse=warehouse.name,
        account_id=warehouse.account_id,
        cutoff=warehouse.cutoff,
        is_worked=depot is None or calendar.is_business_day(local.date(), depot.calendar),
        waiting=tuple(waiting),
        late=sum(each.due <= local for each in waiting),
        packed_today=packed,
        usual_from_now=pace.packed(local, last) if last and pace.is_known else None,
        last_due=last,
        misses=tuple(waiting[place] for place in misses),
    )


def _depots(account: SellerAccount, *, now: datetime) -> Mapping[int, Depot]:
    try:
        return sourcing.tariff_for(account, now=now).depots
    except Unavailable:
        return {}  # its tariff is being compiled: a moment later it is there


# --- the database ---------------------------------------------------------------------------------

_FROM_WHERE = """
    JOIN sellers_hold h ON h.seller_order_id = o.seller_order_id AND h.state = %(state)s
    JOIN sellers_stocklevel v ON v.id = h.level_id
"""
# The queue's own index: open orders, soonest due first.
_DUE = f"""
WITH due AS (
    SELECT id, marketplace_order_id, seller_order_id, due_at, payment_value_cents
      FROM orders_order
     WHERE status IN ('authorized', 'handling', 'cancel-requested') AND status <> %(asked)s
       AND account_id = %(account)s AND change_asked_at IS NULL AND due_at < %(until)s
     ORDER BY due_at, id LIMIT %(most)s
)
SELECT DISTINCT v.warehouse_id, o.id, o.marketplace_order_id, o.seller_order_id, o.due_at,
       o.payment_value_cents
  FROM due o {_FROM_WHERE}
 ORDER BY o.due_at, o.id
"""  # noqa: S608  (our own text)
_PACKED = f"""
SELECT v.warehouse_id, (o.invoiced_at AT TIME ZONE %(zone)s)::date AS day,
       floor(extract(epoch FROM (o.invoiced_at AT TIME ZONE %(zone)s)::time) / 900)::int AS slot,
       count(DISTINCT o.id)
  FROM orders_order o {_FROM_WHERE}
 WHERE o.account_id = %(account)s AND o.invoiced_at >= %(since)s AND o.invoiced_at < %(until)s
 GROUP BY 1, 2, 3
"""  # noqa: S608  (our own text)


def _midnight(account: SellerAccount, day: date) -> datetime:
    return datetime.combine(day, time(), account.zone)


def _due_today(account: SellerAccount, local: datetime) -> dict[int, list[Waiting]]:
    """By warehouse, soonest due first; an order from two warehouses waits in both."""
    params: dict[str, Any] = {
        "account": account.pk,
        "asked": Status.CANCEL_REQUESTED,
        "until": _midnight(account, local.date() + timedelta(days=1)),
        "most": MOST_OPEN,
        "state": "held",
    }
    found: dict[int, list[Waiting]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_DUE, params)
        for warehouse, pk, theirs, ours, due, cents in cursor.fetchall():
            found[warehouse].append(Waiting(pk, theirs, ours, due.astimezone(account.zone), cents))
    return dict(found)


def _slots(account: SellerAccount, since: date, until: date) -> list[tuple[int, date, int, int]]:
    """Warehouse, local day, quarter of an hour, orders packed in it."""
    params: dict[str, Any] = {
        "account": account.pk,
        "zone": account.timezone,
        "since": _midnight(account, since),
        "until": _midnight(account, until),
        "state": "shipped",
    }
    with connection.cursor() as cursor:
        cursor.execute(_PACKED, params)
        return list(cursor.fetchall())


def _packed_today(account: SellerAccount, local: datetime) -> dict[int, int]:
    found: dict[int, int] = defaultdict(int)
    day = local.date()
    for warehouse, _day, _slot, orders in _slots(account, day, day + timedelta(days=1)):
        found[warehouse] += orders
    return dict(found)


def _paces(account: SellerAccount, today: date) -> dict[int, Pace]:
    """Asked of the database now and then: it is the past."""
    key = f"radar:pace:{account.pk}:{today:%Y%m%d}"
    try:
        known: dict[int, Pace] | None = cache.get(key)
        if known is None:
            known = _read_paces(account, today)
            cache.set(key, known, PACE_SECONDS)
    except RedisError:
        return _read_paces(account, today)
    return known


def _read_paces(account: SellerAccount, today: date) -> dict[int, Pace]:
    days: dict[int, dict[date, list[int]]] = defaultdict(dict)
    for warehouse, day, slot, orders in _slots(account, today - timedelta(days=PACE_DAYS), today):
        days[warehouse].setdefault(day, [0] * SLOTS)[slot] += orders
    return {
        warehouse: Pace(tuple(tuple(day) for day in worked.values()))
        for warehouse, worked in days.items()
    }
