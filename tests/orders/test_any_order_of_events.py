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
from django.db.models import Sum
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run

from invoicing import contents, packing
from invoicing.models import Package, PackageItem
from orders import expiring, shapes
from orders.agreeing import accept_change, hear_agreement, refuse_change
from orders.authorizing import authorize
from orders.cancelling import request_cancellation
from orders.models import Order, OrderChange, TimelineEntry
from orders.modifications import modification_of
from orders.modifying import open_change, receive_change, withdraw_change
from orders.placements import placement_of
from orders.placing import place_orders
from orders.replanning import plan_from
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
                promised = ordered + self._to_be_added(order)
                assert held + self._units(order, "shipped") == promised

    def _to_be_added(self, order: Order) -> int:
        """Units held for a change that we accepted and the marketplace has yet to confirm."""
        change = open_change(order)
        if change is None or change.status == OrderChange.Status.RECEIVED:
            return 0
        plan = plan_from(change.plan)
        return sum(plan.to_hold(row) for row in plan.added)

    @invariant()
    def no_line_has_more_in_packages_than_it_has_units(self) -> None:
        for order in Order.objects.filter(account=self.account):
            assert all(left >= 0 for left in contents.remaining(order).values())

    @invariant()
    def orders_that_are_invoiced_add_up_to_what_is_paid(self) -> None:
        for order in Order.objects.filter(account=self.account, status=Status.INVOICED):
            live = order.invoices.filter(voided_at=None)
            assert live.aggregate(cents=Sum("value_cents"))["cents"] == order.payment_value_cents

    @invariant()
    def nothing_is_changed_once_it_is_invoiced(self) -> None:
        for order in Order.objects.filter(account=self.account, change_asked_at__isnull=False):
            assert not order.invoices.filter(voided_at=None).exists()
            assert order.status in HOLDING
            assert open_change(order)

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


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("shop", [Shop, BusyShop])
def test_keeps_its_books_whatever_happens(shop: type[Shop]) -> None:
    run(
        shop,
        settings=settings(
            max_examples=15,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
