"""Whatever happens to orders, in whatever order: the books agree and no order is where it can't be.

Hypothesis plays the marketplace, the warehouse and the clock against two SKUs in two warehouses.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run

from invoicing import packing
from invoicing.models import Package, PackageItem
from orders import expiring, serializers
from orders.authorizing import authorize
from orders.cancelling import request_cancellation
from orders.models import Order, TimelineEntry
from orders.placements import placement_of
from orders.placing import place_orders
from orders.states import CLOSED, HOLDING, TRANSITIONS, Status
from sellers import stock
from sellers.errors import DomainError
from sellers.models import Hold, StockLevel, StockMovement
from tests.builders import NOW, Line, a_placement, a_policy, a_seller, a_sku, a_warehouse

_accounts = count(1)
REFS = ("A", "B")
PACKABLE = (Status.AUTHORIZED, Status.HANDLING)
ANY = st.integers(min_value=0, max_value=50)


class Shop(RuleBasedStateMachine):
    """Each run is a seller of its own, so that nothing needs emptying between runs."""

    def __init__(self) -> None:
        super().__init__()
        number = next(_accounts)
        self.now: datetime = NOW
        self.account = a_seller(f"shop{number}")
        self.serial = count(1)
        self.sent: dict[str, dict[str, Any]] = {}
        self.answers: dict[str, str] = {}
        self.receipts: dict[str, str] = {}
        self._stock_up()

    def _stock_up(self) -> None:
        houses = [a_warehouse(code, account=self.account) for code in ("sp", "rj")]
        skus = [a_sku(ref, on_hand=0, account=self.account) for ref in REFS]
        entries = [
            stock.LevelEntry(sku.pk, house.pk, 4, position)
            for sku in skus
            for position, house in enumerate(houses)
        ]
        with transaction.atomic():
            stock.set_levels(
                entries=entries, kind=StockMovement.Kind.OPENING, cause="opening", now=self.now
            )
        a_policy("normal", *houses, account=self.account)
        self.account.refresh_from_db()

    # --- what may happen ---------------------------------------------------------------------

    @rule(
        lines=st.lists(st.tuples(st.sampled_from(REFS), st.integers(1, 3)), min_size=1, max_size=3)
    )
    def place(self, lines: list[tuple[str, int]]) -> None:
        order_id = f"{next(self.serial)}-01"
        chosen = [Line(ref, quantity=units, freight=990) for ref, units in lines]
        self.sent[order_id] = a_placement(*chosen, order_id=order_id, lock_ttl="2h")
        answer = self._allowed(lambda: self._place(order_id))
        if answer:
            self.answers[order_id] = answer

    @precondition(lambda self: self.answers)
    @rule(pick=ANY)
    def place_again(self, pick: int) -> None:
        order_id = self._pick(sorted(self.answers), pick)
        answer = self._allowed(lambda: self._place(order_id))
        cancelled = self._order(order_id).status == Status.CANCELLED
        assert answer == (None if cancelled else self.answers[order_id])

    @precondition(lambda self: self.answers)
    @rule(pick=ANY, again=st.booleans())
    def pay(self, pick: int, again: bool) -> None:
        unpaid = self._orders(Status.RESERVED, Status.EXPIRED)
        order_id = self._pick(
            sorted(self.answers) if again else unpaid or sorted(self.answers), pick
        )
        receipt = self._allowed(lambda: self._authorize(order_id))
        if receipt:
            assert self.receipts.setdefault(order_id, receipt) == receipt

    @precondition(lambda self: self.answers)
    @rule(pick=ANY)
    def cancel(self, pick: int) -> None:
        order_id = self._pick(sorted(self.answers), pick)
        self._allowed(
            lambda: request_cancellation(
                account=self.account,
                path_id=order_id,
                marketplace_order_id=order_id,
                request_id="",
                reason="",
                document={},
                now=self.now,
            )
        )

    @rule(minutes=st.sampled_from([1, 60, 180]), tidy=st.booleans())
    def wait(self, minutes: int, tidy: bool) -> None:
        self.now += timedelta(minutes=minutes)
        if tidy:
            expiring.expire_due(now=self.now)

    @precondition(lambda self: self._orders(*PACKABLE))
    @rule(pick=ANY, line=ANY, units=st.integers(1, 3))
    def pack(self, pick: int, line: int, units: int) -> None:
        order = self._order(self._pick(self._orders(*PACKABLE), pick))
        chosen = self._pick(list(order.lines.all()), line)
        self._allowed(lambda: self._put(order, chosen, units))

    @precondition(lambda self: self._packages("open"))
    @rule(pick=ANY)
    def close(self, pick: int) -> None:
        package = self._pick(self._packages("open"), pick)
        self._allowed(lambda: packing.close(package=package, now=self.now, actor=None))

    @precondition(lambda self: self._packages("closed"))
    @rule(pick=ANY)
    def reopen(self, pick: int) -> None:
        package = self._pick(self._packages("closed"), pick)
        self._allowed(lambda: packing.reopen(package=package, now=self.now, actor=None))

    @rule(ref=st.sampled_from(REFS), units=st.integers(1, 2))
    def return_units(self, ref: str, units: int) -> None:
        level = StockLevel.objects.filter(sku__account=self.account, sku__ref=ref).first()
        assert level
        with transaction.atomic():
            stock.put_back(
                sku_id=level.sku_id,
                warehouse_id=level.warehouse_id,
                quantity=units,
                cause=f"return/{next(self.serial)}",
                now=self.now,
                actor=None,
            )

    # --- how it happens ----------------------------------------------------------------------

    def _allowed(self, deed: Callable[[], Any]) -> Any:
        """The result, or None when it was refused, as long as it was refused politely."""
        try:
            return deed()
        except DomainError:
            return None

    def _place(self, order_id: str) -> str:
        document = self.sent[order_id]
        placement = placement_of(
            serializers.PLACED_ORDER.run_validation(document),
            document=document,
            sales_channel="1",
            operation_id="",
        )
        (answer,) = place_orders(account=self.account, placements=[placement], now=self.now)
        return answer

    def _authorize(self, order_id: str) -> str:
        return authorize(
            account=self.account,
            seller_order_id=self._order(order_id).seller_order_id,
            marketplace_order_id=order_id,
            marketplace_order_group="",
            payment=None,
            now=self.now,
        ).receipt

    def _put(self, order: Order, line: Any, units: int) -> None:
        package = packing.open_package(order=order, now=self.now, actor=None)
        packing.put(package=package, line=line, quantity=units, now=self.now, actor=None)

    def _order(self, order_id: str) -> Order:
        return Order.objects.get(account=self.account, marketplace_order_id=order_id)

    def _orders(self, *statuses: Status) -> list[str]:
        found = Order.objects.filter(account=self.account, status__in=statuses).order_by("pk")
        return list(found.values_list("marketplace_order_id", flat=True))

    def _packages(self, status: str) -> list[Package]:
        found = Package.objects.filter(order__account=self.account, status=status)
        return list(found.exclude(items=None).distinct().order_by("pk"))

    def _pick(self, things: list[Any], number: int) -> Any:
        return things[number % len(things)]

    # --- what must be so at any moment -------------------------------------------------------

    @invariant()
    def nothing_is_promised_twice(self) -> None:
        for level in StockLevel.objects.filter(sku__account=self.account):
            assert 0 <= level.held <= level.on_hand
        skus = list(self.account.skus.values_list("pk", flat=True))
        found = stock.available(account_id=self.account.pk, sku_ids=skus, now=self.now)
        assert all(free >= 0 for places in found.values() for free in places.values())

    @invariant()
    def the_ledger_and_the_holds_explain_every_level(self) -> None:
        for level in StockLevel.objects.filter(sku__account=self.account):
            sums = level.movements.aggregate(on_hand=Sum("on_hand_change"), held=Sum("held_change"))
            assert (sums["on_hand"] or 0, sums["held"] or 0) == (level.on_hand, level.held)
            live = level.holds.filter(state="held").aggregate(units=Sum("quantity"))["units"]
            assert (live or 0) == level.held

    @invariant()
    def orders_hold_what_they_owe_and_nothing_else(self) -> None:
        for order in Order.objects.filter(account=self.account):
            held = self._units(order, "held")
            if order.status in (*CLOSED, Status.EXPIRED, Status.INVOICED):
                assert held == 0
            if order.status in HOLDING and order.authorized_at:
                ordered = order.lines.aggregate(units=Sum("quantity"))["units"]
                assert held + self._units(order, "shipped") == ordered

    @invariant()
    def what_left_the_shelves_is_in_closed_packages(self) -> None:
        for order in Order.objects.filter(account=self.account):
            packed = PackageItem.objects.filter(package__order=order, package__status="closed")
            units = packed.aggregate(units=Sum("quantity"))["units"] or 0
            assert self._units(order, "shipped") == units

    def _units(self, order: Order, state: str) -> int:
        holds = Hold.objects.filter(seller_order_id=order.seller_order_id, state=state)
        return holds.aggregate(units=Sum("quantity"))["units"] or 0

    @invariant()
    def no_order_went_where_it_cannot_go(self) -> None:
        moves = TimelineEntry.objects.filter(order__account=self.account, kind="status")
        for before, after in moves.values_list("from_status", "to_status"):
            assert Status(after) in TRANSITIONS[Status(before)]

    @invariant()
    def nothing_is_invoiced_without_authorisation(self) -> None:
        unpaid = Order.objects.filter(account=self.account, authorized_at=None)
        assert not unpaid.filter(invoices__isnull=False).exists()


@pytest.mark.django_db(transaction=True)
def test_keeps_its_books_whatever_happens():
    run(
        Shop,
        settings=settings(
            max_examples=15,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
