"""The calendar changed: when open orders must be handed over is worked out anew.

A cut-off, handling days or a closed day raise the account's tariff revision; `Schedule` remembers
by which one its orders were last worked out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.db.models import F, Q

from orders import sourcing
from orders.due import dues_of
from orders.models import Order, Schedule
from orders.states import OPEN
from sellers.errors import Unavailable
from sellers.models import SellerAccount
from simulation.types import Tariff

_BATCH = 1000


def reschedule(*, now: datetime) -> int:
    """Follow every calendar that changed; returns how many orders have another time now.

    Late orders stay late: a day closed afterwards is no excuse. Each change is followed twice, a
    run apart, for the order that was being authorised by the old calendar during the first.
    """
    followed = Q(schedule__revision=F("tariff_revision"), schedule__is_settled=True)
    return sum(_follow(account, now=now) for account in SellerAccount.objects.exclude(followed))


def _follow(account: SellerAccount, *, now: datetime) -> int:
    try:
        tariff = sourcing.tariff_for(account, now=now)
    except Unavailable:
        return 0  # being compiled: the next run finds it
    waiting = _on_time(account, now=now)
    changed = sum(
        _work_out(waiting[start : start + _BATCH], account=account, tariff=tariff)
        for start in range(0, len(waiting), _BATCH)
    )
    is_second = Schedule.objects.filter(account=account, revision=tariff.revision).exists()
    Schedule.objects.update_or_create(
        account=account, defaults={"revision": tariff.revision, "is_settled": is_second}
    )
    return changed


_Row = tuple[int, datetime, datetime | None]


def _on_time(account: SellerAccount, *, now: datetime) -> list[_Row]:
    """Open orders that are not late: pk, when authorised, when due."""
    open_orders = Order.objects.filter(
        Q(due_at__gt=now) | Q(due_at=None), account=account, status__in=OPEN
    )
    rows = open_orders.order_by().values_list("pk", "authorized_at", "due_at")
    return [(pk, authorized, due) for pk, authorized, due in rows if authorized]


def _work_out(rows: Sequence[_Row], *, account: SellerAccount, tariff: Tariff) -> int:
    dues = dues_of({pk: at for pk, at, _due in rows}, account=account, tariff=tariff)
    anew: dict[datetime, list[int]] = defaultdict(list)
    for pk, _at, due in rows:
        other = dues[pk]
        if other is not None and other != due:
            anew[other].append(pk)
    # Most orders of a day share its cut-off: a handful of statements.
    moved = [
        Order.objects.filter(pk__in=pks, status__in=OPEN).update(due_at=due)
        for due, pks in anew.items()
    ]
    return sum(moved)
