"""Cancel, pack, invoice, change, pay and expire crossing each other: one side wins, the loser is
told what happened, and the books agree. Each race has its control without the order's lock."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from functools import partial
from typing import Any

from django.utils import timezone

from invoicing.models import Invoice, PackageItem
from orders import authorizing, cancelling, deciding, expiring
from orders.agreeing import accept_change, refuse_change
from orders.deciding import cancel_by_seller
from orders.models import Order, OrderChange
from orders.states import Status
from sellers import stock
from sellers.errors import Conflict
from sellers.models import Hold, OutboxMessage
from tests.builders import Line, a_placement
from tests.concurrency.crossing import (
    a_package,
    a_paid_order,
    broken_promises,
    close,
    passing,
    put,
    without_the_lock,
)
from tests.concurrency.racing import together
from tests.orders.changing import Asking, adding, item, removing
from tests.orders.conftest import error_of, fill

ROUNDS = 4


# --- the marketplace cancels, the warehouse invoices ----------------------------------------------


def _cancel_against_invoice(vtex, round_: int) -> tuple[Any, Any, Order]:
    """Of two units one is in the package: the order goes on after its invoice."""
    order = a_paid_order(vtex, round_)
    package = a_package(order, 1)
    closed, cancelled = together(
        [
            partial(close, package),
            passing(partial(vtex.cancel, order.seller_order_id, order.marketplace_order_id)),
        ]
    )
    order.refresh_from_db()
    return closed, cancelled, order


def test_a_cancellation_asked_for_stops_the_invoice_or_comes_after_it(vtex):
    for round_ in range(ROUNDS):
        closed, cancelled, order = _cancel_against_invoice(vtex, round_)
        assert (cancelled.status_code, cancelled.content) == (200, b"")
        assert order.status == Status.CANCEL_REQUESTED
        if isinstance(closed, Conflict):
            assert closed.code == "cancel-requested"
            assert not order.invoices.exists()
        else:
            asked = order.timeline.get(code="cancel-asked").pk
            assert order.timeline.get(code="package-closed").pk < asked
    assert broken_promises() == []


def test_control_without_the_lock_an_invoice_is_made_after_the_cancellation(vtex, monkeypatch):
    without_the_lock(monkeypatch, slow=(stock, "ship"))
    closed, _cancelled, order = _cancel_against_invoice(vtex, 1)
    assert isinstance(closed, Invoice)
    asked = order.timeline.get(code="cancel-asked").pk
    assert order.timeline.get(code="package-closed").pk > asked


# --- the marketplace cancels, somebody packs ------------------------------------------------------


def _cancel_against_pack(vtex, round_: int) -> tuple[Any, Any, Order]:
    """Nobody has begun: either the order is cancelled at once, or packing began first."""
    order = a_paid_order(vtex, round_)

    def pack() -> Any:
        return put(a_package(order, 1), 1)

    packed, cancelled = together(
        [
            passing(pack),
            partial(vtex.cancel, order.seller_order_id, order.marketplace_order_id),
        ]
    )
    order.refresh_from_db()
    return packed, cancelled, order


def test_packing_begins_or_the_order_is_cancelled_and_the_packer_is_told(vtex):
    for round_ in range(ROUNDS):
        packed, cancelled, order = _cancel_against_pack(vtex, round_)
        assert cancelled.status_code == 200
        if order.status == Status.CANCELLED:
            assert isinstance(packed, Conflict)
            assert packed.code == "cancelled"
            assert not PackageItem.objects.filter(package__order=order).exists()
        else:
            # Packing came first: people decide, and whoever still packed was told to stop.
            assert (order.status, cancelled.content) == (Status.CANCEL_REQUESTED, b"")
            assert not isinstance(packed, Conflict) or packed.code == "cancel-requested"
    assert broken_promises() == []


def test_control_without_the_lock_the_marketplace_meets_an_error_instead(vtex, monkeypatch):
    without_the_lock(monkeypatch, slow=(cancelling, "_keep"))
    _packed, cancelled, _order = _cancel_against_pack(vtex, 1)
    assert (cancelled.status_code, error_of(cancelled)["code"]) == (409, "illegal-move")


# --- the marketplace changes, the warehouse invoices ----------------------------------------------


def _change_against_invoice(vtex, round_: int) -> tuple[Any, Any, Order]:
    order = a_paid_order(vtex, round_)
    package = a_package(order, 2)
    market = Asking(vtex, order.marketplace_order_id)
    closed, asked = together(
        [partial(close, package), passing(partial(market.ask, removing(item())))]
    )
    order.refresh_from_db()
    return closed, asked, order


def test_a_change_comes_before_the_invoice_or_is_refused(vtex):
    for round_ in range(ROUNDS):
        closed, asked, order = _change_against_invoice(vtex, round_)
        if asked.status_code == 202:
            assert isinstance(closed, Conflict)
            assert closed.code == "change-open"
            assert order.status == Status.HANDLING
        else:
            assert isinstance(closed, Invoice)
            assert (asked.status_code, error_of(asked)["code"]) == (409, "invoiced")
            assert order.status == Status.INVOICED
    assert broken_promises() == []


def test_control_without_the_lock_an_invoiced_order_is_being_changed(vtex, monkeypatch):
    without_the_lock(monkeypatch, slow=(stock, "ship"))
    _change_against_invoice(vtex, 1)
    assert "an order with an open change has an invoice" in broken_promises()


def test_carries_a_change_out_once_however_many_confirmations_come_at_once(vtex):
    order = a_paid_order(vtex, 1)
    market = Asking(vtex, order.marketplace_order_id)
    answers = together([partial(market.ask, removing(item()))] * 6)
    assert len({answer.content for answer in answers}) == 1
    accept_change(change=OrderChange.objects.get(), now=timezone.now(), actor=None)
    answers = together([market.confirm] * 6)
    assert {answer.status_code for answer in answers} == {200}
    assert order.lines.get().quantity == 1
    assert OutboxMessage.objects.filter(kind="change-agreement").count() == 2
    assert broken_promises() == []


def test_a_change_is_confirmed_or_refused_never_both(vtex):
    fill("2002", 10, price_cents=900)
    for round_ in range(ROUNDS):
        order = a_paid_order(vtex, round_)
        market = Asking(vtex, order.marketplace_order_id)
        assert market.ask(adding(item("2002"))).status_code == 202
        change = OrderChange.objects.get(order=order)
        accept_change(change=change, now=timezone.now(), actor=None)
        refuse = partial(
            refuse_change, change=change, reason="broken", now=timezone.now(), actor=None
        )
        confirmed, refused = together([market.confirm, refuse])
        change.refresh_from_db()
        if change.status == "applied":
            assert confirmed.status_code == 200
            assert refused.code == "decided"
            assert order.lines.count() == 2
        else:
            assert change.status == "refused"
            assert error_of(confirmed)["code"] == "change-over"
            assert order.lines.count() == 1
    assert broken_promises() == []


def test_a_last_unit_is_added_to_one_order_or_placed_with_another(vtex):
    fill("2002", 1, price_cents=900)
    order = a_paid_order(vtex, 1)
    market = Asking(vtex, order.marketplace_order_id)
    change = market.asked(adding(item("2002")))
    accept = partial(accept_change, change=change, now=timezone.now(), actor=None)
    place = partial(
        vtex.place, a_placement(Line("2002", price=900, freight=990), order_id="other-01")
    )
    accepted, placed = together([accept, place])
    assert isinstance(accepted, OrderChange) != (placed.status_code == 200)
    assert Hold.objects.filter(level__sku__ref="2002", state="held").count() == 1
    assert broken_promises() == []


# --- the seller cancels, the warehouse invoices ---------------------------------------------------


def _seller_cancels_against_invoice(vtex, round_: int) -> tuple[Any, Any, Order]:
    order = a_paid_order(vtex, round_)
    package = a_package(order, 1)
    cancel = partial(
        cancel_by_seller, order=order, reason="Out of stock", now=timezone.now(), actor=None
    )
    closed, cancelled = together([passing(partial(close, package)), cancel])
    order.refresh_from_db()
    return closed, cancelled, order


def test_the_seller_cancels_or_invoices_never_both(vtex):
    for round_ in range(ROUNDS):
        closed, cancelled, order = _seller_cancels_against_invoice(vtex, round_)
        told = OutboxMessage.objects.filter(subject=order.marketplace_order_id, kind="cancel")
        if order.status == Status.CANCELLED:
            assert closed.code == "cancelled"
            assert told.count() == 1
        else:
            assert isinstance(closed, Invoice)
            assert cancelled.code == "invoiced"
            assert not told.exists()
    assert broken_promises() == []


def test_control_without_the_lock_a_cancelled_order_has_an_invoice(vtex, monkeypatch):
    without_the_lock(monkeypatch, slow=(deciding, "_require"))
    _seller_cancels_against_invoice(vtex, 1)
    assert "a cancelled order has an invoice" in broken_promises()


# --- the payment arrives, the hold runs out or the marketplace cancels ----------------------------


def _pay_against_expiry(vtex, round_: int) -> Any:
    theirs = f"{round_}-01"
    ours = vtex.placed(a_placement(order_id=theirs))
    past = timezone.now() - timedelta(seconds=1)
    Hold.objects.filter(seller_order_id=ours).update(expires_at=past)
    Order.objects.filter(seller_order_id=ours).update(hold_expires_at=past)
    paid, _expired = together(
        [
            partial(vtex.fulfill, ours, theirs),
            passing(partial(expiring.expire_due, now=timezone.now())),
        ]
    )
    return paid


def test_a_payment_that_meets_the_expiry_is_never_lost(vtex):
    for round_ in range(ROUNDS):
        assert _pay_against_expiry(vtex, round_).status_code == 200
    assert set(Order.objects.values_list("status", flat=True)) == {"authorized"}
    assert broken_promises() == []


def test_control_without_the_lock_the_payment_is_turned_away(vtex, monkeypatch):
    without_the_lock(monkeypatch, slow=(authorizing, "_secure_stock"))
    paid = _pay_against_expiry(vtex, 1)
    assert (paid.status_code, error_of(paid)["code"]) == (409, "illegal-move")


def _pay_against_cancellation(vtex, round_: int) -> tuple[Any, Any, Order]:
    theirs = f"{round_}-01"
    ours = vtex.placed(a_placement(order_id=theirs))
    paid, cancelled = together(
        [
            passing(partial(vtex.fulfill, ours, theirs)),
            partial(vtex.cancel, ours, theirs),
        ]
    )
    return paid, cancelled, Order.objects.get(seller_order_id=ours)


def test_a_payment_and_a_cancellation_end_cancelled_whoever_came_first(vtex):
    outcomes: Counter[int] = Counter()
    for round_ in range(ROUNDS):
        paid, cancelled, order = _pay_against_cancellation(vtex, round_)
        outcomes[paid.status_code] += 1
        assert cancelled.status_code == 200
        assert order.status == Status.CANCELLED
        assert (paid.status_code == 200) == (order.authorized_at is not None)
    assert set(outcomes) <= {200, 409}
    assert broken_promises() == []


def test_control_without_the_lock_the_cancellation_is_lost(vtex, monkeypatch):
    without_the_lock(monkeypatch, slow=(cancelling, "_keep"))
    _paid, cancelled, order = _pay_against_cancellation(vtex, 1)
    assert (cancelled.status_code, error_of(cancelled)["code"]) == (409, "illegal-move")
    assert order.status == Status.AUTHORIZED
