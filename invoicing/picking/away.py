"""What should lie on a shelf: the books' units, less those in a tote or an open package by now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from invoicing.picking.needs import needs_of
from orders.models import Order
from orders.states import Status
from sellers.models import Hold, StockLevel

#: Nothing is taken off a shelf for an order before its handling began.
_BEGUN = (Status.HANDLING, Status.CANCEL_REQUESTED)


@dataclass(frozen=True)
class Shelf:
    """The books of one SKU in one warehouse; `away` is not on the shelf though on hand."""

    on_hand: int = 0
    held: int = 0
    away: int = 0

    @property
    def expected(self) -> int:
        return self.on_hand - self.away


def shelves_of(*, warehouse_id: int, sku_ids: Collection[int]) -> dict[int, Shelf]:
    """By SKU, those without a level there as well."""
    levels = StockLevel.objects.filter(warehouse=warehouse_id, sku__in=sku_ids)
    away = units_away(warehouse_id=warehouse_id, sku_ids=sku_ids)
    known = {level.sku_id: level for level in levels}
    return {
        sku_id: Shelf(known[sku_id].on_hand, known[sku_id].held, away[sku_id])
        if sku_id in known
        else Shelf()
        for sku_id in sku_ids
    }


def units_away(*, warehouse_id: int, sku_ids: Collection[int]) -> Counter[int]:
    """By SKU; what a count of the shelf can't find, and must not miss."""
    away: Counter[int] = Counter()
    for (_order, sku_id), units in _away(warehouse_id, sku_ids).items():
        away[sku_id] += units
    return away


def holders(*, warehouse_id: int, sku_id: int) -> list[tuple[str, int]]:
    """Our ids of the orders that units of a SKU on the shelf there are promised to, and how many
    each. What lies in a tote or a box already is found: no count of the shelf speaks of it."""
    units: Counter[str] = Counter()
    for order, quantity in (
        _held(warehouse_id, [sku_id]).order_by("pk").values_list("seller_order_id", "quantity")
    ):
        units[order] += quantity
    for (order, _sku), away in _away(warehouse_id, [sku_id]).items():
        units[order] -= away
    return [(order, left) for order, left in units.items() if left > 0]


def _away(warehouse_id: int, sku_ids: Collection[int]) -> Counter[tuple[str, int]]:
    """Units off the shelf and still in the books, by our id of their order and their SKU."""
    away: Counter[tuple[str, int]] = Counter()
    holding = _held(warehouse_id, sku_ids).values_list("seller_order_id", flat=True)
    orders = Order.objects.filter(seller_order_id__in=set(holding), status__in=_BEGUN)
    by_pk = {order.pk: order for order in orders}
    for pk, needs in needs_of(by_pk.values(), warehouse_id=warehouse_id).items():
        for need in needs:
            if need.line.sku_id in sku_ids:
                away[by_pk[pk].seller_order_id, need.line.sku_id] += need.away
    return away


def _held(warehouse_id: int, sku_ids: Iterable[int]) -> QuerySet[Hold]:
    return Hold.objects.filter(
        level__warehouse=warehouse_id, level__sku__in=sku_ids, state=Hold.State.HELD
    )
