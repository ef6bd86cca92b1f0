"""Whatever happens to orders, in whatever order: the books agree and no order is where it can't be.

Hypothesis plays the marketplace, the warehouse and the clock against two SKUs in two warehouses.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run

from invoicing import packing
from invoicing.models import Package
from orders import expiring, shapes
from orders.agreeing import accept_change, hear_agreement, refuse_change
from orders.authorizing import authorize
from orders.cancelling import request_cancellation
from orders.models import Order, OrderChange
from orders.modifications import modification_of
from orders.modifying import receive_change, withdraw_change
from orders.placements import placement_of
from orders.placing import place_orders
from orders.states import Status
from sellers import stock
from sellers.errors import DomainError
from sellers.models import Hold, StockLevel, StockMovement
from tests.builders import NOW, Line, a_placement, a_policy, a_seller, a_sku, a_warehouse
from tests.orders.books import Books
from tests.orders.conftest import Marketplace

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
        self.skus = [sku.pk for sku in skus]
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

    @precondition(lambda self: self._orders(*PACKABLE))
    @rule(
        pick=ANY,
        line=ANY,
        less=st.integers(0, 3),
        more=st.integers(0, 2),
        ref=st.sampled_from(REFS),
        then=st.sampled_from([(), ("accept",), ("accept", "confirm"), ("accept", "confirm")]),
    )
    def ask_to_change(
        self, pick: int, line: int, less: int, more: int, ref: str, then: tuple[str, ...]
    ) -> None:
        order = self._order(self._pick(self._orders(*PACKABLE), pick))
        chosen = self._pick(list(order.lines.all()), line)
        body: dict[str, Any] = {"changeRequestId": str(next(self.serial)), "reason": "", "add": []}
        if less:
            part = {"id": chosen.ref, "quantity": less, "price": chosen.price_cents}
            body["remove"] = [{"items": [part]}]
        if more:
            body["add"] = [{"items": [{"id": ref, "quantity": more, "price": 500}]}]
        change = self._allowed(lambda: self._ask(order, body))
        for deed in then if change else ():
            self._allowed(partial(self._decide, change, deed))

    @precondition(lambda self: self._changes())
    @rule(
        pick=ANY, deed=st.sampled_from(["accept", "accept", "confirm", "confirm", "refuse", "off"])
    )
    def decide_about_a_change(self, pick: int, deed: str) -> None:
        change = self._pick(self._changes(), pick)
        self._allowed(lambda: self._decide(change, deed))

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
            shapes.PLACED_ORDER.read(document),
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

    def _ask(self, order: Order, body: dict[str, Any]) -> OrderChange:
        valid = shapes.CHANGE_ORDER.read(body)
        return receive_change(
            account=self.account,
            path_id=order.marketplace_order_id,
            modification=modification_of(valid, document=body),
            now=self.now,
        )

    def _decide(self, change: OrderChange, deed: str) -> OrderChange:
        of_it: dict[str, Any] = {
            "account": self.account,
            "path_id": change.order.marketplace_order_id,
            "request_id": change.change_request_id,
            "now": self.now,
        }
        if deed == "accept":
            return accept_change(change=change, now=self.now, actor=None)
        if deed == "refuse":
            return refuse_change(change=change, reason="no", now=self.now, actor=None)
        if deed == "confirm":
            return hear_agreement(agreement="Confirmation", **of_it)
        return withdraw_change(reason="", **of_it)

    def _changes(self) -> list[OrderChange]:
        """Those under way and the last one that is over: late calls come."""
        found = OrderChange.objects.filter(account=self.account).select_related("order")
        over = found.exclude(status__in=OrderChange.OPEN).order_by("-pk")[:1]
        return [*found.filter(status__in=OrderChange.OPEN).order_by("pk"), *over]

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
        found = stock.available(account_id=self.account.pk, sku_ids=self.skus, now=self.now)
        assert all(free >= 0 for places in found.values() for free in places.values())

    @invariant()
    def the_books_agree(self) -> None:
        Books(self.account).check()


class BusyShop(Shop):
    """Begins with paid orders, so that packing and changes are reached in every run."""

    @initialize()
    def open_with_paid_orders(self) -> None:
        for units in (2, 3):
            order_id = f"{next(self.serial)}-01"
            self.sent[order_id] = a_placement(
                Line("A", quantity=units, freight=990), Line("B", freight=990), order_id=order_id
            )
            self.answers[order_id] = self._place(order_id)
            self.receipts[order_id] = self._authorize(order_id)


@pytest.mark.django_db
@pytest.mark.parametrize("shop", [Shop, BusyShop])
def test_keeps_its_books_whatever_happens(shop: type[Shop]) -> None:
    """A few runs, the same each time; many others with `--hypothesis-profile=thorough`."""
    examples = max(4, settings().max_examples // 10)
    run(
        shop,
        settings=settings(
            max_examples=examples,
            stateful_step_count=30,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_books_are_not_easily_pleased(vtex: Marketplace) -> None:
    """The control: whatever is tampered with, the check that every run relies on says so."""
    order = Order.objects.get(seller_order_id=vtex.placed(a_placement()))
    for rows, change in _tampering(order):
        Books(order.account).check()
        with transaction.atomic():
            rows.update(**change)
            with pytest.raises(AssertionError):
                Books(order.account).check()
            transaction.set_rollback(True)


def _tampering(order: Order) -> list[tuple[Any, dict[str, Any]]]:
    order_row, holds = Order.objects.filter(pk=order.pk), Hold.objects.all()
    return [
        (StockLevel.objects.all(), {"on_hand": 9}),
        (StockLevel.objects.all(), {"held": 0}),
        (holds, {"quantity": 2}),
        (holds, {"state": "shipped"}),
        (order_row, {"status": Status.EXPIRED}),
        (order_row, {"status": Status.CANCELLED}),
        (order_row, {"status": Status.INVOICED}),
        (order_row, {"change_asked_at": NOW}),
    ]
