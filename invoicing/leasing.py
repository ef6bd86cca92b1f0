"""Who is at an order: one packer at a time, by name; another takes over knowingly.

The order's row is held whenever a lease is read to decide (`gestures.once` holds it).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from invoicing.models import PackingLease
from orders import moving
from orders.models import Order, TimelineEntry
from sellers.errors import Conflict
from sellers.models import User

#: Who did nothing for this long is taken to have gone away.
IDLE = timedelta(minutes=15)


@dataclass(frozen=True)
class Holder:
    """Who is at an order; `is_live` unless they did nothing for a while."""

    packer: User
    since: str
    last: str
    is_live: bool

    @property
    def name(self) -> str:
        return _name(self.packer)


def holder(order: Order, *, now: datetime) -> Holder | None:
    lease = _look(order)
    if lease is None:
        return None
    since, last = (
        f"{timezone.localtime(at, order.account.zone):%H:%M}" for at in (lease.since, lease.seen_at)
    )
    return Holder(lease.packer, since, last, is_live=now - lease.seen_at < IDLE)


def _look(order: Order) -> PackingLease | None:
    return PackingLease.objects.filter(order=order).select_related("packer").first()


def taken(*, now: datetime, by_others_than: User) -> QuerySet[PackingLease, int]:
    """The orders (by id, for a subquery) that somebody else is at."""
    live = PackingLease.objects.filter(seen_at__gt=now - IDLE).exclude(packer=by_others_than)
    return live.values_list("order_id", flat=True)


def holders(orders: Collection[Order], *, now: datetime) -> dict[int, str]:
    """Who is at each of these orders, by order pk; who left is not named. One query."""
    live = PackingLease.objects.filter(order__in=orders, seen_at__gt=now - IDLE)
    return {lease.order_id: _name(lease.packer) for lease in live.select_related("packer")}


def _name(packer: User) -> str:
    return packer.get_full_name() or packer.get_username()


def claim(*, order: Order, actor: User, now: datetime) -> bool:
    """The order is `actor`'s from here on, unless somebody else is at it."""
    lease = _look(order)
    if lease is None:
        PackingLease.objects.create(order=order, packer=actor, since=now, seen_at=now)
        return True
    if lease.packer_id == actor.pk:
        PackingLease.objects.filter(pk=lease.pk).update(seen_at=now)
        return True
    if now - lease.seen_at < IDLE:
        return False
    PackingLease.objects.filter(pk=lease.pk).update(packer=actor, since=now, seen_at=now)
    return True


def require(*, order: Order, actor: User, now: datetime) -> None:
    """Raises Conflict `taken`, naming who is at the order, unless it is or becomes `actor`'s."""
    if claim(order=order, actor=actor, now=now):
        return
    there = holder(order, now=now)
    facts = {"name": there.name, "time": there.since} if there else {"name": "?", "time": "?"}
    raise Conflict(
        "taken", _("%(name)s is packing this order since %(time)s. Take it over first.") % facts
    )


def take_over(*, order: Order, actor: User, now: datetime) -> None:
    """The order is `actor`'s, whoever was at it; the change of hands is on the timeline."""
    if claim(order=order, actor=actor, now=now):
        return
    PackingLease.objects.filter(order=order).update(packer=actor, since=now, seen_at=now)
    moving.record(order, kind=TimelineEntry.Kind.PACKING, code="taken-over", now=now, actor=actor)


def let_go(order: Order) -> None:
    """Nothing is left to pack: nobody is at it."""
    PackingLease.objects.filter(order=order).delete()
