"""A worker killed before any statement of what it does: all of it is there or nothing, and the same
call again makes it whole, once. `proofs/kills.py` kills for real, at random moments."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from unittest import mock

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone

from orders import following, placing
from orders.models import Order, OrderEvent, TimelineEntry
from sellers import shelves
from sellers.models import Hold, StockMovement
from tests.builders import Line, a_placement
from tests.orders.conftest import Answer, Marketplace, fill, levels
from tests.orders.cutting import cut_the_line, cutting
from tests.orders.events import an_event

Call = Callable[[], bool]


def _cut_everywhere(prepare: Callable[[str], Call], check: Callable[[], object]) -> int:
    """Cut the call that `prepare` makes for an order before each of its statements in turn; how
    many it has. It must not have come through then, leave what `check` is content with, and come
    through when it is made again, as often as one likes."""
    for number in itertools.count(1):
        call = prepare(f"{number}-01")
        with cutting(before=number) as cut:
            came_through = call()
        check()
        if not cut.happened:
            assert came_through
            return number - 1
        assert not came_through
        assert call()
        assert call()
        check()
    raise AssertionError("count() does not end")


def _answered(answer: Answer) -> bool:
    assert answer.status_code in (200, 503), answer.content
    return bool(answer.status_code == 200)


def _placed(order_id: str) -> dict[str, object]:
    return a_placement(Line(freight=990), order_id=order_id)


def _books_are_right() -> None:
    """Every order that may hold stock holds its unit, and nobody else anything; the ledger agrees;
    nothing is on a timeline twice."""
    holding = Order.objects.exclude(status="cancelled").values_list("seller_order_id", flat=True)
    held = Hold.objects.filter(state=Hold.State.HELD, quantity=1)
    assert sorted(held.values_list("seller_order_id", flat=True)) == sorted(holding)
    assert Hold.objects.count() == Order.objects.count()
    assert levels() == {("1001", "sp"): (100, len(holding))}
    ledger = StockMovement.objects.values_list("kind", flat=True)
    assert list(ledger).count("hold") == Order.objects.count()
    assert list(ledger).count("release") == Order.objects.filter(status="cancelled").count()
    told = list(TimelineEntry.objects.values_list("order", "code"))
    assert len(told) == len(set(told))
    assert {order for order, _code in told} == set(Order.objects.values_list("pk", flat=True))


@pytest.fixture
def shop(vtex: Marketplace) -> Marketplace:
    fill("1001", 100)
    return vtex


def _cut_placements(shop: Marketplace) -> int:
    return _cut_everywhere(
        lambda order_id: lambda: _answered(shop.place(_placed(order_id))), _books_are_right
    )


def test_a_placement(shop):
    statements = _cut_placements(shop)
    assert Order.objects.count() == statements + 1 >= 8


@contextmanager
def _without_a_transaction() -> Iterator[None]:
    # `atomic` keeps what it wraps under a name that its types do not tell.
    bare = placing._write.__wrapped__  # type: ignore[attr-defined]
    with (
        mock.patch.object(placing, "_write", bare),
        mock.patch.object(shelves, "require_transaction"),
    ):
        yield


def test_control_without_the_transaction_a_placement_is_left_half_done(shop):
    with _without_a_transaction(), pytest.raises(AssertionError):
        _cut_placements(shop)


def test_a_payment(shop):
    def prepare(order_id: str) -> Call:
        ours = shop.placed(_placed(order_id))
        return lambda: _answered(shop.fulfill(ours, order_id))

    def check() -> None:
        _books_are_right()
        paid = set(Order.objects.filter(status="authorized").values_list("seller_order_id"))
        assert set(Hold.objects.filter(expires_at=None).values_list("seller_order_id")) == paid
        assert TimelineEntry.objects.filter(code="authorized").count() == len(paid)
        assert not Order.objects.filter(status="authorized", receipt="").exists()

    _cut_everywhere(prepare, check)


def test_a_cancellation(shop):
    def prepare(order_id: str) -> Call:
        ours = shop.placed(_placed(order_id))
        return lambda: _answered(shop.cancel(ours, order_id))

    _cut_everywhere(prepare, _books_are_right)


def test_an_event_that_is_stored(shop):
    def prepare(order_id: str) -> Call:
        event = an_event(OrderId=order_id)
        return lambda: _answered(shop.post("/hook", event))

    _cut_everywhere(prepare, lambda: None)
    ids = list(OrderEvent.objects.values_list("marketplace_order_id", flat=True))
    assert len(ids) == len(set(ids))


def test_an_event_that_is_acted_on(shop):
    """Over at the marketplace: the order is stopped, and its stock given back."""

    def prepare(order_id: str) -> Call:
        shop.placed(_placed(order_id))
        assert shop.post("/hook", an_event("canceled", OrderId=order_id)).status_code == 200
        later = (timezone.now() + timedelta(hours=hour) for hour in itertools.count())

        def call() -> bool:
            at = next(later)
            with suppress(DatabaseError):
                following.follow(clock=lambda: at, budget_seconds=600)
                return not OrderEvent.objects.filter(processed_at=None).exists()
            return False

        return call

    _cut_everywhere(prepare, _books_are_right)
    assert set(OrderEvent.objects.values_list("outcome", flat=True)) == {"stopped"}


def test_nobody_notices_a_line_that_was_cut_while_it_was_idle(shop):
    connection.close_if_unusable_or_obsolete()  # as at the beginning of every request
    cut_the_line()

    assert shop.place(_placed("1-01")).status_code == 200
