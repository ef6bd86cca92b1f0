"""Units that the books have on a shelf and that lie in a tote or an open package by now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from invoicing.picking.needs import needs_of
from orders.models import Order
from orders.states import Status
from sellers.models import Hold

#: Nothing is taken off a shelf for an order before its handling began.
_BEGUN = (Status.HANDLING, Status.CANCEL_REQUESTED)


def units_away(*, warehouse_id: int, sku_ids: Collection[int]) -> Counter[int]:
    """By SKU; what a count of the shelf can't find, and must not miss."""
    held = Hold.objects.filter(
        level__warehouse=warehouse_id, level__sku__in=sku_ids, state=Hold.State.HELD
    )
    references = set(held.values_list("seller_order_id", flat=True))
    orders = list(Order.objects.filter(seller_order_id__in=references, status__in=_BEGUN))
    away: Counter[int] = Counter()
    for needs in needs_of(orders, warehouse_id=warehouse_id).values():
        for need in needs:
            if need.line.sku_id in sku_ids:
                away[need.line.sku_id] += need.away
    return away
