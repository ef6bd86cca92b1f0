"""All that is written about one seller's orders and shelves at a moment, and what it must say."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet, Sum

from invoicing.models import Invoice, PackageItem
from orders.models import Order, OrderChange, OrderLine, TimelineEntry
from orders.replanning import plan_from
from orders.states import CLOSED, HOLDING, TRANSITIONS, Status
from sellers.models import Hold, SellerAccount, StockLevel, StockMovement


def _sums(rows: QuerySet[Any], *keys: str, of: str = "quantity") -> Counter[Any]:
    """Units (or another figure) by `keys`; 0 where there are no rows."""
    found = rows.order_by().values_list(*keys).annotate(units=Sum(of))
    return Counter({tuple(key): units for *key, units in found})


class Books:
    """Read with a handful of statements, as it is asked after every single thing that happens."""

    def __init__(self, account: SellerAccount) -> None:
        self.levels = list(StockLevel.objects.filter(sku__account=account))
        self.orders = list(Order.objects.filter(account=account))
        self.lines: defaultdict[int, list[OrderLine]] = defaultdict(list)
        for line in OrderLine.objects.filter(order__account=account):
            self.lines[line.order_id].append(line)
        movements = StockMovement.objects.filter(level__sku__account=account)
        self.moved = _sums(movements, "level", of="on_hand_change")
        self.promised = _sums(movements, "level", of="held_change")
        holds = Hold.objects.filter(level__sku__account=account)
        self.held = _sums(holds.filter(state="held"), "level")
        self.units = _sums(holds, "seller_order_id", "state")
        items = PackageItem.objects.filter(package__order__account=account)
        self.packed = _sums(items, "line")
        self.closed = _sums(items.filter(package__status="closed"), "package__order")
        live = Invoice.objects.filter(order__account=account, voided_at=None)
        self.invoiced = _sums(live, "order", of="value_cents")
        under_way = OrderChange.objects.filter(order__account=account, status__in=OrderChange.OPEN)
        self.changes = {change.order_id: change for change in under_way}
        self.moves = set(
            TimelineEntry.objects.filter(order__account=account, kind="status").values_list(
                "from_status", "to_status"
            )
        )

    def check(self) -> None:
        """Raises AssertionError."""
        self._the_ledger_and_the_holds_explain_every_level()
        for order in self.orders:
            self._holds_what_it_owes_and_nothing_else(order)
            self._is_packed_as_far_as_it_left_the_shelves(order)
            self._is_invoiced_as_it_may_be(order)
        for before, after in self.moves:
            assert Status(after) in TRANSITIONS[Status(before)]

    def _the_ledger_and_the_holds_explain_every_level(self) -> None:
        for level in self.levels:
            assert 0 <= level.held <= level.on_hand
            key = (level.pk,)
            assert (self.moved[key], self.promised[key]) == (level.on_hand, level.held)
            assert self.held[key] == level.held

    def _holds_what_it_owes_and_nothing_else(self, order: Order) -> None:
        held = self.units[order.seller_order_id, "held"]
        if order.status in (*CLOSED, Status.EXPIRED, Status.INVOICED):
            assert held == 0
        if order.status in HOLDING and order.authorized_at:
            ordered = sum(line.quantity for line in self.lines[order.pk])
            shipped = self.units[order.seller_order_id, "shipped"]
            assert held + shipped == ordered + self._to_be_added(order)

    def _to_be_added(self, order: Order) -> int:
        """Units held for a change that we accepted and the marketplace has yet to confirm."""
        change = self.changes.get(order.pk)
        if change is None or change.status == OrderChange.Status.RECEIVED:
            return 0
        plan = plan_from(change.plan)
        return sum(plan.to_hold(row) for row in plan.added)

    def _is_packed_as_far_as_it_left_the_shelves(self, order: Order) -> None:
        lines: Iterable[OrderLine] = self.lines[order.pk]
        assert all(self.packed[line.pk,] <= line.quantity for line in lines)
        assert self.units[order.seller_order_id, "shipped"] == self.closed[order.pk,]

    def _is_invoiced_as_it_may_be(self, order: Order) -> None:
        """Never unpaid, nothing changed after it, and in the end all that is paid."""
        if (order.pk,) in self.invoiced:
            assert order.authorized_at
            assert order.change_asked_at is None
        if order.change_asked_at:
            assert order.status in HOLDING
            assert order.pk in self.changes
        if order.status == Status.INVOICED:
            assert self.invoiced[order.pk,] == order.payment_value_cents
