"""Which order a packer opens next."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F

from invoicing import contents, leasing
from orders.models import Order
from orders.states import Status
from sellers.models import User


def next_after(order: Order, *, reader: User, now: datetime) -> str:
    """Our id of the most urgent order that can be packed and nobody else is at; `""` while `order`
    itself is to be packed, and when there is none."""
    if order.status in (*contents.PACKABLE, Status.RESERVED):
        return ""
    waiting = Order.objects.filter(account=order.account_id, status__in=contents.PACKABLE)
    free = waiting.exclude(pk__in=leasing.taken(now=now, by_others_than=reader))
    soonest = free.order_by(F("due_at").asc(nulls_last=True), "pk").first()
    return soonest.seller_order_id if soonest else ""
