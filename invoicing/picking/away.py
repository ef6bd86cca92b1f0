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
    orders = Order.objects.filter(seller_order_id__in=_holders(warehouse_id, sku_ids))
    begun = list(orders.filter(status__in=_BEGUN))
    for needs in needs_of(begun, warehouse_id=warehouse_id).values():
        for need in needs:
            if need.line.sku_id in sku_ids:
                away[need.line.sku_id] += need.away
    return away


def holders(*, warehouse_id: int, sku_id: int) -> list[tuple[str, int]]:
    """Our ids of the orders that units of a SKU are promised to there, and how many each."""
    held = _held(warehouse_id, [sku_id]).order_by("pk")
    units: Counter[str] = Counter()
    for order, quantity in held.values_list("seller_order_id", "quantity"):
        units[order] += quantity
    return list(units.items())


def _holders(warehouse_id: int, sku_ids: Collection[int]) -> set[str]:
    return set(_held(warehouse_id, sku_ids).values_list("seller_order_id", flat=True))


def _held(warehouse_id: int, sku_ids: Iterable[int]) -> QuerySet[Hold]:
    return Hold.objects.filter(
        level__warehouse=warehouse_id, level__sku__in=sku_ids, state=Hold.State.HELD
    )
