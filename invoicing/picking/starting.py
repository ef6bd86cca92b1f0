"""A walk begins: orders chosen by hand or the most urgent ones, each on one open list only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils.translation import gettext as _

from invoicing import contents, packing
from invoicing.models import PickList, PickSlot, ShortPick
from invoicing.picking.needs import needs_of
from orders import modifying, moving
from orders.models import Order
from sellers.errors import Conflict
from sellers.models import Hold, User, Warehouse

#: More totes than this no cart carries.
MOST_ORDERS = 60
DEFAULT_ORDERS = 12


@dataclass(frozen=True)
class LeftOut:
    """An order that was chosen and is not on the list, and why."""

    order: Order
    why: str


@dataclass(frozen=True)
class Started:
    pick_list: PickList
    left_out: list[LeftOut]


@transaction.atomic
def start(
    *, orders: Collection[Order], warehouse: Warehouse, now: datetime, actor: User
) -> Started:
    """A pick list of these orders' units in `warehouse`; the marketplace hears that work began.

    What can't be picked is left out and told. Raises Conflict `nothing-to-pick` when nothing is
    left; then nothing changed.
    """
    # Orders in id order (race: two pickers choose the same ones; the second finds them taken).
    locked = moving.lock_all(order_ids={order.pk for order in orders})
    takers = _takers(locked, warehouse)
    needs = needs_of(locked, warehouse_id=warehouse.pk)
    chosen: list[Order] = []
    left_out: list[LeftOut] = []
    for order in sorted(locked, key=_urgency):
        units = sum(need.to_pick for need in needs.get(order.pk, ()))
        why = _why_not(order, takers.get(order.pk), units)
        if why is None and len(chosen) < MOST_ORDERS:
            chosen.append(order)
        else:
            left_out.append(LeftOut(order, why or _("A list has room for no more.")))
    if not chosen:
        raise Conflict("nothing-to-pick", left_out[0].why if left_out else _("Nothing to pick."))
    pick_list = _make(chosen, warehouse=warehouse, now=now, actor=actor)
    for order in locked:
        if order in chosen:
            packing.start(order=order, now=now, actor=actor)
    return Started(pick_list, left_out)


def _urgency(order: Order) -> tuple[bool, datetime | None, int]:
    return order.due_at is None, order.due_at, order.pk


def _takers(orders: Iterable[Order], warehouse: Warehouse) -> dict[int, User]:
    """Who is picking which of the orders there at the moment."""
    taken = PickSlot.objects.filter(order__in=list(orders), warehouse=warehouse, closed_at=None)
    return {
        slot.order_id: slot.pick_list.owner for slot in taken.select_related("pick_list__owner")
    }


def _why_not(order: Order, taker: User | None, units: int) -> str | None:
    refusal = contents.why_not_packable(order) or modifying.why_not_pack(order)
    if refusal is not None:
        return refusal.message
    if taker is not None:
        return _("%(who)s is picking this order.") % {"who": taker.get_full_name() or taker}
    if not units:
        return _("Nothing of this order is left to pick in this warehouse.")
    return None


def _make(orders: Sequence[Order], *, warehouse: Warehouse, now: datetime, actor: User) -> PickList:
    pick_list = PickList.objects.create(warehouse=warehouse, owner=actor, started_at=now)
    PickSlot.objects.bulk_create(
        PickSlot(pick_list=pick_list, order=order, warehouse=warehouse, number=number)
        for number, order in enumerate(orders, start=1)
    )
    return pick_list


def most_urgent(orders: QuerySet[Order], *, warehouse: Warehouse, count: int) -> list[Order]:
    """Up to `count` of `orders` with something to pick in `warehouse`, soonest due first."""
    count = min(count, MOST_ORDERS)
    found: list[Order] = []
    candidates = _pickable(orders, warehouse).order_by(F("due_at").asc(nulls_last=True), "pk")
    # What packers took themselves can't be told in the query: look at a few more than are wanted.
    for start_at in range(0, 4 * MOST_ORDERS, MOST_ORDERS):
        some = list(candidates[start_at : start_at + MOST_ORDERS])
        needs = needs_of(some, warehouse_id=warehouse.pk)
        found += [order for order in some if any(need.to_pick for need in needs.get(order.pk, ()))]
        if len(found) >= count or len(some) < MOST_ORDERS:
            break
    return found[:count]


def _pickable(orders: QuerySet[Order], warehouse: Warehouse) -> QuerySet[Order]:
    held = Hold.objects.filter(
        seller_order_id=OuterRef("seller_order_id"),
        state=Hold.State.HELD,
        level__warehouse=warehouse,
    )
    walked = PickSlot.objects.filter(order=OuterRef("pk"), warehouse=warehouse, closed_at=None)
    # Nothing leaves until a manager decides: the place on the cart is for another order.
    stopped = ShortPick.objects.open().filter(order=OuterRef("pk"))
    return orders.filter(
        Exists(held),
        ~Exists(walked),
        ~Exists(stopped),
        status__in=contents.PACKABLE,
        change_asked_at=None,
    )


def warehouses_with(orders: Collection[Order]) -> list[tuple[Warehouse, int]]:
    """Where something of these orders is to be picked, and of how many orders; the most first."""
    holds = Hold.objects.filter(
        seller_order_id__in={order.seller_order_id for order in orders}, state=Hold.State.HELD
    )
    ids = holds.values_list("level__warehouse", flat=True).distinct()
    found = [
        (warehouse, _pickable_in(warehouse, orders))
        for warehouse in Warehouse.objects.filter(pk__in=list(ids)).order_by("pk")
    ]
    return sorted((pair for pair in found if pair[1]), key=lambda pair: -pair[1])


def _pickable_in(warehouse: Warehouse, orders: Collection[Order]) -> int:
    needs = needs_of(orders, warehouse_id=warehouse.pk)
    return sum(any(need.to_pick for need in each) for each in needs.values())
