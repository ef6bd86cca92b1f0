"""An order's share of its policies' capacity: taken with the placement, freed when it ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from orders.models import Order
from sellers import capacity
from sellers.errors import Conflict
from sellers.models import SellerAccount, ShippingPolicy
from simulation.types import Policy


class Chosen(Protocol):
    """A line, placed or stored: which policy, and which window if any."""

    @property
    def policy_ref(self) -> str: ...
    @property
    def window_starts_at(self) -> datetime | None: ...
    @property
    def window_ends_at(self) -> datetime | None: ...


class Asked(Protocol):
    """A new order: its lines, and its policies as they are compiled, by ref."""

    @property
    def lines(self) -> Sequence[Chosen]: ...
    @property
    def policies(self) -> Mapping[str, Policy]: ...


def book_all(account: SellerAccount, orders: Iterable[Asked], *, at: datetime) -> None:
    """Count these orders against their policies, policies in id order. Raises Conflict if full."""
    wanted = [pair for order in orders for pair in _slots(account, _limited(order))]
    for policy, slot in sorted(wanted, key=lambda pair: pair[0].pk):
        capacity.book(policy=policy, at=at, window=slot)


def _limited(order: Asked) -> list[Chosen]:
    """The lines whose delivery may be booked out: most orders have none, and ask no further."""
    return [
        line
        for line in order.lines
        if line.window_starts_at or order.policies[line.policy_ref].daily_capacity is not None
    ]


def book_again(order: Order) -> None:
    """Count an order that had fallen through. It is paid: a full day takes it all the same."""
    for policy, slot in _slots(order.account, list(order.lines.all())):
        try:
            capacity.book(policy=policy, at=order.placed_at, window=slot)
        except Conflict:
            continue


def book_added(order: Order, lines: Sequence[Chosen], *, beside: Sequence[Chosen]) -> None:
    """Count an order on the policies that `lines`, agreed on later, bring to it. It is paid: a full
    day takes it all the same."""
    counted = {line.policy_ref for line in beside}
    new = [line for line in lines if line.policy_ref not in counted]
    for policy, slot in _slots(order.account, new):
        try:
            capacity.book(policy=policy, at=order.placed_at, window=slot)
        except Conflict:
            continue


def free(order: Order) -> None:
    """Take back what the order's placement booked."""
    for policy, slot in _slots(order.account, list(order.lines.all())):
        capacity.free(policy=policy, at=order.placed_at, window=slot)


def _slots(
    account: SellerAccount, lines: Sequence[Chosen]
) -> list[tuple[ShippingPolicy, capacity.Slot | None]]:
    """Each policy of the order once, with its first window, in id order."""
    slots: dict[str, capacity.Slot | None] = {}
    for line in lines:
        slot = None
        if line.window_starts_at and line.window_ends_at:
            slot = (line.window_starts_at, line.window_ends_at)
        slots[line.policy_ref] = slots.get(line.policy_ref) or slot
    if not slots:
        return []
    policies = ShippingPolicy.objects.filter(account=account, ref__in=slots)
    return [
        (policy, slots[policy.ref]) for policy in policies.select_related("account").order_by("pk")
    ]
