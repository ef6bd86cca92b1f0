"""Which order a packer opens next."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, F, OuterRef

from invoicing import contents, leasing
from invoicing.models import PickSlot, ShortPick
from orders.models import Order
from sellers.models import User


def next_after(order: Order, *, reader: User, now: datetime) -> str:
    """Our id of the most urgent order that can be packed: nobody else is at it, no picker walks for
    it, no manager has to decide about it. `""` when there is none.
    """
    walked = PickSlot.objects.filter(order=OuterRef("pk"), closed_at=None)
    short = ShortPick.objects.open().filter(order=OuterRef("pk"))
    waiting = Order.objects.filter(
        ~Exists(walked),
        ~Exists(short),
        account=order.account_id,
        status__in=contents.PACKABLE,
        change_asked_at=None,
    )
    free = waiting.exclude(pk=order.pk).exclude(
        pk__in=leasing.taken(now=now, by_others_than=reader)
    )
    soonest = free.order_by(F("due_at").asc(nulls_last=True), "pk").first()
    return soonest.seller_order_id if soonest else ""
