"""Reservations that were not paid in time. Their stock stopped counting at that very moment;
this only tidies: units back in the books, capacity free, the order shown as expired."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from django.db import transaction

from orders import booking, moving
from orders.models import Order
from orders.retrying import retried
from orders.states import Status
from sellers import stock

_BATCH = 500


def expire_due(*, now: datetime) -> int:
    """Expire up to 500 reservations whose time is over; returns how many there were."""
    due = Order.objects.filter(status=Status.RESERVED, hold_expires_at__lte=now)
    ids = list(due.order_by("hold_expires_at").values_list("pk", flat=True)[:_BATCH])
    return sum(retried(partial(_expire, pk, now=now)) for pk in ids)


@transaction.atomic
def _expire(order_id: int, *, now: datetime) -> bool:
    """One transaction each. Whoever is deciding about the order right now goes first (race: the
    payment arrives at this moment)."""
    order = (
        Order.objects.select_for_update(skip_locked=True)
        .filter(pk=order_id, status=Status.RESERVED, hold_expires_at__lte=now)
        .first()
    )
    if order is None:
        return False
    stock.release(seller_order_id=order.seller_order_id, now=now, cause="expired")
    booking.free(order)
    moving.move(order, Status.EXPIRED, now=now, code="expired")
    return True
