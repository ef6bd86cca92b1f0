"""The only way an order changes status, and the only writer of the timeline."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from orders.models import Order, TimelineEntry
from orders.states import Status, sources_of
from sellers.errors import Conflict
from sellers.models import User

#: Which moment a status marks on the order, when it marks one.
_MOMENTS = {
    Status.AUTHORIZED: "authorized_at",
    Status.HANDLING: "handling_at",
    Status.INVOICED: "invoiced_at",
    Status.SHIPPED: "shipped_at",
    Status.DELIVERED: "delivered_at",
    Status.CANCELLED: "cancelled_at",
}


def lock(*, order_id: int) -> Order:
    """The order, with its row held until the transaction ends.

    Everything that decides about an order (authorise, cancel, pack, invoice, expire) starts here,
    so that two deciders go one after the other and the second sees what the first did.
    """
    return Order.objects.select_for_update().get(pk=order_id)


def lock_all(*, order_ids: Collection[int]) -> list[Order]:
    """The same for several orders, in id order, so that two callers queue up."""
    rows = Order.objects.select_for_update(of=("self",)).select_related("account")
    return list(rows.filter(pk__in=order_ids).order_by("pk"))


def move(
    order: Order,
    to: Status,
    *,
    now: datetime,
    code: str,
    actor: User | None = None,
    facts: dict[str, Any] | None = None,
) -> Order:
    """Move `order` to `to` and record it; the WHERE clause is the lock.

    Raises Conflict (`illegal-move`) when the order, as the database has it now, can't go there.
    """
    moment = _MOMENTS.get(to)
    before = order.status
    changes: dict[str, Any] = {"status": to}
    if moment and getattr(order, moment) is None:
        changes[moment] = now
    moved = Order.objects.filter(pk=order.pk, status=before, status__in=sources_of(to))
    if moved.update(**changes) != 1:
        order.refresh_from_db(fields=["status"])
        raise Conflict(
            "illegal-move",
            f"Order {order.marketplace_order_id} is {order.status}, not ready for {to}.",
        )
    for field, value in changes.items():
        setattr(order, field, value)
    record(
        order,
        kind=TimelineEntry.Kind.STATUS,
        code=code,
        now=now,
        actor=actor,
        facts=facts,
        from_status=before,
        to_status=to,
    )
    return order


def record(
    order: Order,
    *,
    kind: TimelineEntry.Kind,
    code: str,
    now: datetime,
    actor: User | None = None,
    facts: dict[str, Any] | None = None,
    from_status: str = "",
    to_status: str = "",
) -> TimelineEntry:
    """Write what happened on the order's timeline. `facts` must hold no personal data."""
    return TimelineEntry.objects.create(
        order=order,
        kind=kind,
        code=code,
        at=now,
        actor=actor,
        facts=facts or {},
        from_status=from_status,
        to_status=to_status,
    )
