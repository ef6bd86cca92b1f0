"""How many orders a shipping policy takes: booked with the placement, freed when it falls through.

Only what has a limit is counted, so that policies without one never make placements queue.
"""

from __future__ import annotations

from datetime import date, datetime

from django.db import connection
from django.db.models import F

from sellers.errors import Conflict
from sellers.models import CapacityUse, DeliveryWindow, ShippingPolicy

Slot = tuple[datetime, datetime]

# The counter's row is the lock: of two orders for the last place, one finds the WHERE false.
_BOOK = """
INSERT INTO sellers_capacityuse AS used (account_id, policy_id, day, starts_at, ends_at, orders)
VALUES (%s, %s, %s, %s, %s, 1)
ON CONFLICT (policy_id, day, starts_at, ends_at)
    DO UPDATE SET orders = used.orders + 1 WHERE used.orders < %s
"""


def book(*, policy: ShippingPolicy, at: datetime, window: Slot | None = None) -> None:
    """Count one more order on the policy's day, and on its window if one was chosen.

    Call it inside the placement's transaction, once per policy of the order, policies in id order.
    `at` is the time of placement; the day is the account's. Raises Conflict when it is full, and
    when the window is none of the policy's.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("Book capacity in the transaction of the order it is for.")
    if policy.daily_capacity is not None:
        _book(policy, _local_day(policy, at), None, policy.daily_capacity)
    if window is not None:
        capacity = _window(policy, window).capacity
        if capacity is not None:
            _book(policy, _local_day(policy, window[0]), window, capacity)


def free(*, policy: ShippingPolicy, at: datetime, window: Slot | None = None) -> None:
    """Take back what `book` counted with the same arguments; never below zero."""
    _free(policy, _local_day(policy, at), None)
    if window is not None:
        _free(policy, _local_day(policy, window[0]), window)


def _local_day(policy: ShippingPolicy, at: datetime) -> date:
    return at.astimezone(policy.account.zone).date()


def _window(policy: ShippingPolicy, window: Slot) -> DeliveryWindow:
    starts_at, ends_at = window
    found = policy.windows.filter(starts_at=starts_at, ends_at=ends_at).first()
    if found is None:
        raise Conflict("window-unknown", f"{policy.ref} has no delivery window {starts_at:%F %R}.")
    return found


def _book(policy: ShippingPolicy, day: date, window: Slot | None, capacity: int) -> None:
    starts_at, ends_at = window or (None, None)
    values = (policy.account_id, policy.pk, day, starts_at, ends_at, capacity)
    with connection.cursor() as cursor:
        if capacity > 0:
            cursor.execute(_BOOK, values)
        if capacity == 0 or cursor.rowcount == 0:
            raise Conflict("capacity-full", f"{policy.ref} takes no more orders for {day:%F}.")


def _free(policy: ShippingPolicy, day: date, window: Slot | None) -> None:
    starts_at, ends_at = window or (None, None)
    CapacityUse.objects.filter(
        policy=policy, day=day, starts_at=starts_at, ends_at=ends_at, orders__gt=0
    ).update(orders=F("orders") - 1)
