"""What is to be picked: worked out from holds, picks and packages whenever somebody asks.

Nothing of it is stored, so a cancelled or changed order is right at once.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import Sum

from invoicing import contents
from invoicing.models import PackageItem, Pick, ShortPick
from orders.models import Order, OrderLine
from sellers.models import Hold

#: An order line and the warehouse some of its units come from, by row ids.
Place = tuple[int, int]


@dataclass(frozen=True)
class Need:
    """Units of one order line that come from one warehouse.

    `wanted` is what the order has or had there, `shipped` what of it has left in a package,
    `picked` what pickers took for it, `taken` that and what packers packed without a picker,
    `missing` what was reported as not there.
    """

    line: OrderLine
    wanted: int
    shipped: int
    picked: int
    taken: int
    missing: int
    stopped: bool

    @property
    def to_pick(self) -> int:
        return 0 if self.stopped else max(0, self.wanted - self.taken - self.missing)

    @property
    def away(self) -> int:
        """Off the shelf and still in the books: in a tote or an open package."""
        return max(0, self.taken - self.shipped)

    @property
    def to_put_back(self) -> int:
        """Picked for an order that was cancelled or changed meanwhile."""
        return max(0, self.picked - self.wanted)


def needs_of(orders: Collection[Order], *, warehouse_id: int) -> dict[int, list[Need]]:
    """By order pk, line by line: five queries, however many orders there are."""
    lines = list(OrderLine.objects.filter(order__in=orders).select_related("sku").order_by("index"))
    ids = [line.pk for line in lines]
    by_order = {order.pk: order for order in orders}
    held, shipped = _promised(by_order, lines, warehouse_id)
    wanted, picked = held + shipped, _picked(ids)
    unseen, missing = _unseen(ids, picked), _missing(ids)
    found: dict[int, list[Need]] = defaultdict(list)
    for line in lines:
        place = (line.pk, warehouse_id)
        need = Need(
            line=line,
            wanted=wanted[line.pk],
            shipped=shipped[line.pk],
            picked=picked[place],
            taken=min(wanted[line.pk], picked[place] + unseen[line.pk]),
            missing=missing[place],
            stopped=is_stopped(by_order[line.order_id]),
        )
        if need.wanted or need.picked:
            found[line.order_id].append(need)
    return found


def is_stopped(order: Order) -> bool:
    """Nothing is picked for it now: cancelled, a cancellation or a change asked, or packed."""
    return order.status not in contents.PACKABLE or order.change_asked_at is not None


def _promised(
    orders: dict[int, Order], lines: Iterable[OrderLine], warehouse_id: int
) -> tuple[Counter[int], Counter[int]]:
    """Units by line that are held for it there, and that were shipped from there."""
    by_name = {(orders[line.order_id].seller_order_id, line.index): line.pk for line in lines}
    holds = Hold.objects.filter(
        seller_order_id__in={order.seller_order_id for order in orders.values()},
        level__warehouse=warehouse_id,
    )
    units: dict[str, Counter[int]] = defaultdict(Counter)
    for reference, index, state, quantity in holds.values_list(*_PROMISE):
        if (reference, index) in by_name:
            units[state][by_name[reference, index]] += quantity
    return units[Hold.State.HELD], units[Hold.State.SHIPPED]


_PROMISE = ("seller_order_id", "line_index", "state", "quantity")


def _picked(line_ids: Collection[int]) -> Counter[Place]:
    picks = Pick.objects.filter(line__in=line_ids, gesture__undone_at=None)
    return Counter(
        {
            (line, warehouse): units
            for line, warehouse, units in picks.values_list("line", "slot__warehouse")
            .annotate(units=Sum("quantity"))
            .order_by()
        }
    )


def _unseen(line_ids: Collection[int], picked: Counter[Place]) -> Counter[int]:
    """Units by line that packers took off a shelf themselves: packed beyond all that was picked."""
    items = PackageItem.objects.filter(line__in=line_ids)
    packed = Counter(dict(items.values_list("line").annotate(units=Sum("quantity")).order_by()))
    by_pickers: Counter[int] = Counter()
    for (line, _warehouse), units in picked.items():
        by_pickers[line] += units
    return packed - by_pickers


def _missing(line_ids: Collection[int]) -> Counter[Place]:
    shorts = ShortPick.objects.filter(line__in=line_ids).missing()
    return Counter(
        {
            (line, warehouse): units
            for line, warehouse, units in shorts.values_list("line", "warehouse")
            .annotate(units=Sum("quantity"))
            .order_by()
        }
    )
