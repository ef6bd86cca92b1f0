"""Two decisions about one order at the same moment: one wins, the other is told."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from functools import partial

from django.utils import timezone

from invoicing import packing
from orders import expiring
from orders.models import Order
from orders.states import Status
from sellers.errors import Conflict
from sellers.models import Hold, StockMovement
from tests.builders import Line, a_placement
from tests.concurrency.racing import together
from tests.orders.conftest import fill, levels

ROUNDS = 6


def test_authorises_once_however_many_calls_come_at_once(vtex):
    ours = vtex.placed(a_placement())
    answers = together([partial(vtex.fulfill, ours)] * 8)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert Order.objects.get().timeline.filter(code="authorized").count() == 1


def test_cancels_once_however_many_notices_come_at_once(vtex):
    ours = vtex.placed(a_placement())
    answers = together([partial(vtex.cancel, ours)] * 8)
    assert len({answer.content for answer in answers}) == 1
    assert StockMovement.objects.filter(kind="release").count() == 1
    assert levels() == {("1001", "sp"): (10, 0)}


def test_lets_payment_or_cancellation_win_never_both_halves(vtex):
    for round_ in range(ROUNDS):
        theirs = f"{round_}-01"
        ours = vtex.placed(a_placement(order_id=theirs))
        paid, cancelled = together(
            [partial(vtex.fulfill, ours, theirs), partial(vtex.cancel, ours, theirs)]
        )
        order = Order.objects.get(seller_order_id=ours)
        assert cancelled.status_code == 200
        assert paid.status_code in (200, 409)
        assert order.status == Status.CANCELLED
        assert (order.authorized_at is not None) == (paid.status_code == 200)
    assert levels() == {("1001", "sp"): (10, 0)}


def test_keeps_the_stock_of_an_order_paid_while_it_expires(vtex):
    for round_ in range(ROUNDS):
        theirs = f"{round_}-01"
        ours = vtex.placed(a_placement(order_id=theirs))
        past = timezone.now() - timedelta(seconds=1)
        Hold.objects.filter(seller_order_id=ours).update(expires_at=past)
        Order.objects.filter(seller_order_id=ours).update(hold_expires_at=past)
        paid, _expired = together(
            [
                partial(vtex.fulfill, ours, theirs),
                partial(expiring.expire_due, now=timezone.now()),
            ]
        )
        assert paid.status_code == 200
        assert Order.objects.get(seller_order_id=ours).status == Status.AUTHORIZED
        assert levels() == {("1001", "sp"): (10, round_ + 1)}


def test_lets_packing_or_cancellation_win_and_tells_the_other(vtex):
    outcomes: Counter[str] = Counter()
    for round_ in range(ROUNDS):
        theirs = f"{round_}-01"
        ours = vtex.placed(a_placement(order_id=theirs))
        vtex.fulfill(ours, theirs)
        order = Order.objects.get(seller_order_id=ours)
        packed, cancelled = together(
            [
                partial(packing.start, order=order, now=timezone.now(), actor=None),
                partial(vtex.cancel, ours, theirs),
            ]
        )
        order.refresh_from_db()
        outcomes[order.status] += 1
        assert cancelled.status_code == 200
        if order.status == Status.CANCELLED:
            assert isinstance(packed, Conflict)
            assert packed.code == "cancelled"
        else:
            assert order.status == Status.CANCEL_REQUESTED
            assert cancelled.content == b""
    assert sum(outcomes.values()) == ROUNDS


def _a_full_package(ours: str):
    order = Order.objects.get(seller_order_id=ours)
    package = packing.open_package(order=order, now=timezone.now(), actor=None)
    for line in order.lines.all():
        packing.put(
            package=package, line=line, quantity=line.quantity, now=timezone.now(), actor=None
        )
    return package


def test_lets_the_invoice_or_the_cancellation_win(vtex):
    for round_ in range(ROUNDS):
        theirs = f"{round_}-01"
        ours = vtex.placed(a_placement(order_id=theirs))
        vtex.fulfill(ours, theirs)
        package = _a_full_package(ours)
        closed, cancelled = together(
            [
                partial(packing.close, package=package, now=timezone.now(), actor=None),
                partial(vtex.cancel, ours, theirs),
            ]
        )
        order = Order.objects.get(seller_order_id=ours)
        if order.status == Status.INVOICED:
            assert cancelled.status_code == 409
        else:
            assert order.status == Status.CANCEL_REQUESTED
            assert isinstance(closed, Conflict)
            assert not order.invoices.exists()


def test_closes_packages_with_the_same_skus_in_opposite_order_without_deadlock(vtex):
    fill("2002", 100)
    lines = [Line("1001", freight=990), Line("2002", freight=990)]
    packages = []
    for number in range(6):
        theirs = f"{number}-01"
        ordered = lines if number % 2 else lines[::-1]
        ours = vtex.placed(a_placement(*ordered, order_id=theirs))
        vtex.fulfill(ours, theirs)
        packages.append(_a_full_package(ours))
    results = together(
        [partial(packing.close, package=each, now=timezone.now(), actor=None) for each in packages]
    )
    assert not [result for result in results if isinstance(result, Exception)]
    assert levels() == {("1001", "sp"): (4, 0), ("2002", "sp"): (94, 0)}
