"""When an order must be handed over: by the warehouses' cut-offs, or for the chosen window."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from orders import sourcing
from orders.models import Order, OrderLine
from sellers.models import Hold
from simulation import calendar
from simulation.types import Tariff


def due_at(order: Order, *, now: datetime) -> datetime | None:
    """The earliest moment any part of the order must leave, for an order authorised `now`.

    None when nothing is known of its warehouses.
    """
    tariff = sourcing.tariff_for(order.account, now=now)
    local = now.astimezone(order.account.zone)
    by_warehouse = _cutoffs(order, tariff, local)
    lines = {line.index: line for line in order.lines.all()}
    moments = [
        _moment(lines[index], by_warehouse[warehouse], local)
        for index, warehouse in _held_where(order)
        if index in lines and warehouse in by_warehouse
    ]
    return min(moments, default=None)


def _held_where(order: Order) -> Iterable[tuple[int, int]]:
    held = Hold.objects.filter(seller_order_id=order.seller_order_id, state=Hold.State.HELD)
    return held.values_list("line_index", "level__warehouse_id")


def _cutoffs(order: Order, tariff: Tariff, local: datetime) -> dict[int, datetime]:
    """By warehouse: the cut-off of the day on which it hands over."""
    return {
        depot.id: datetime.combine(
            calendar.ready_on(local, depot), depot.cutoff, order.account.zone
        )
        for depot in tariff.depots.values()
    }


def _moment(line: OrderLine, cutoff: datetime, local: datetime) -> datetime:
    """A window further off than the cut-off gives more time, a nearer one less."""
    window = line.window_starts_at
    return window if window is not None and window > local else cutoff
