"""When an order must be handed over: by the warehouses' cut-offs, or for the chosen window."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime

from orders import sourcing
from orders.models import Order, OrderLine
from sellers.models import Hold, SellerAccount
from simulation import calendar
from simulation.types import Tariff


def due_at(order: Order, *, now: datetime) -> datetime | None:
    """The earliest moment any part of the order must leave, for an order authorised `now`.

    None when nothing is known of its warehouses.
    """
    tariff = sourcing.tariff_for(order.account, now=now)
    return dues_of({order.pk: now}, account=order.account, tariff=tariff)[order.pk]


def dues_of(
    authorized: Mapping[int, datetime], *, account: SellerAccount, tariff: Tariff
) -> dict[int, datetime | None]:
    """The same for many orders of one account, by pk, each authorised when `authorized` says.

    Two queries, however many there are.
    """
    held = _held_where(authorized)
    return {
        pk: _earliest(held[pk], tariff, at.astimezone(account.zone))
        for pk, at in authorized.items()
    }


def _held_where(orders: Collection[int]) -> dict[int, list[tuple[OrderLine, int]]]:
    """Each order's lines with the warehouses that hold units of them."""
    lines = {
        (line.order.seller_order_id, line.index): line
        for line in OrderLine.objects.filter(order__in=list(orders)).select_related("order")
    }
    held = Hold.objects.filter(
        seller_order_id__in={reference for reference, _index in lines}, state=Hold.State.HELD
    )
    places: dict[int, list[tuple[OrderLine, int]]] = defaultdict(list)
    for reference, index, warehouse in held.values_list(*_PLACE):
        line = lines.get((reference, index))
        if line is not None:
            places[line.order_id].append((line, warehouse))
    return places


_PLACE = ("seller_order_id", "line_index", "level__warehouse_id")


def _earliest(
    places: Collection[tuple[OrderLine, int]], tariff: Tariff, local: datetime
) -> datetime | None:
    moments = [
        _moment(line, _cutoff(tariff, warehouse, local), local)
        for line, warehouse in places
        if warehouse in tariff.depots
    ]
    return min(moments, default=None)


def _cutoff(tariff: Tariff, warehouse: int, local: datetime) -> datetime:
    """The cut-off of the day on which the warehouse hands over."""
    depot = tariff.depots[warehouse]
    return datetime.combine(calendar.ready_on(local, depot), depot.cutoff, local.tzinfo)


def _moment(line: OrderLine, cutoff: datetime, local: datetime) -> datetime:
    """A window further off than the cut-off gives more time, a nearer one less."""
    window = line.window_starts_at
    return window if window is not None and window > local else cutoff
