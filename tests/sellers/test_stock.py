"""Units held, shipped, counted: each change once, in the ledger, and never below what is there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Sum

from sellers import stock
from sellers.errors import Conflict, DomainError
from sellers.models import Hold, StockLevel, StockMovement
from tests.builders import NOW, a_seller, a_sku, a_warehouse

pytestmark = pytest.mark.django_db


@pytest.fixture
def shelf() -> StockLevel:
    """Ten units of 1001 in `sp`, with their opening in the ledger."""
    sku, warehouse = a_sku("1001", on_hand=0), a_warehouse("sp")
    _set(sku.pk, warehouse.pk, 10)
    return StockLevel.objects.get()


def _set(sku_id: int, warehouse_id: int, on_hand: int, *, safety: int = 0, run: str = "1") -> int:
    entry = stock.LevelEntry(sku_id, warehouse_id, on_hand, safety)
    return stock.set_levels(
        entries=[entry], kind=StockMovement.Kind.IMPORT, cause=f"file/{run}", now=NOW
    )


def _hold(shelf: StockLevel, quantity: int, *, order: str = "R-1", line: int = 0, **facts: Any):
    want = stock.Want(line, shelf.sku_id, shelf.warehouse_id, quantity)
    stock.hold(
        seller_order_id=order,
        wants=[want],
        now=facts.pop("now", NOW),
        expires_at=facts.pop("expires_at", NOW + timedelta(days=1)),
        **facts,
    )


def _ship(quantity: int, *, cause: str = "R-1/1.1/0", ship: Callable[..., None] = stock.ship):
    leaving = [stock.Leaving(0, quantity, cause)]
    ship(seller_order_id="R-1", leaving=leaving, now=NOW, actor=None)


def _counts(shelf: StockLevel) -> tuple[int, int]:
    shelf.refresh_from_db()
    assert_ledger_explains(shelf)
    return shelf.on_hand, shelf.held


def assert_ledger_explains(shelf: StockLevel) -> None:
    sums = shelf.movements.aggregate(on_hand=Sum("on_hand_change"), held=Sum("held_change"))
    assert (sums["on_hand"] or 0, sums["held"] or 0) == (shelf.on_hand, shelf.held)
    live = shelf.holds.filter(state="held").aggregate(units=Sum("quantity"))["units"] or 0
    assert live == shelf.held


def _free(shelf: StockLevel, **facts: Any) -> int:
    found = stock.available(
        account_id=a_seller().pk, sku_ids=[shelf.sku_id], now=facts.pop("now", NOW), **facts
    )
    return found.get(shelf.sku_id, {}).get(shelf.warehouse_id, 0)


def test_leaves_what_is_on_hand_less_safety_less_held(shelf):
    _set(shelf.sku_id, shelf.warehouse_id, 10, safety=2)
    _hold(shelf, 3)
    assert _free(shelf) == 5
    assert _counts(shelf) == (10, 3)


def test_leaves_nothing_rather_than_less(shelf):
    _hold(shelf, 8)
    _set(shelf.sku_id, shelf.warehouse_id, 10, safety=9)
    assert _free(shelf) == 0


def test_stops_counting_a_hold_at_the_moment_it_expires(shelf):
    _hold(shelf, 4, expires_at=NOW + timedelta(hours=1))
    assert _free(shelf, now=NOW + timedelta(minutes=59)) == 6
    assert _free(shelf, now=NOW + timedelta(hours=1)) == 10


def test_counts_active_warehouses_of_the_account_only(shelf):
    shelf.warehouse.is_active = False
    shelf.warehouse.save()
    assert _free(shelf) == 0
    rival = a_seller("rival")
    assert stock.available(account_id=rival.pk, sku_ids=[shelf.sku_id], now=NOW) == {}


def test_answers_for_the_asked_warehouses_only(shelf):
    assert _free(shelf, warehouse_ids=[shelf.warehouse_id]) == 10
    assert _free(shelf, warehouse_ids=[]) == 0


@pytest.mark.parametrize("safety", [0, 4])
def test_refuses_to_hold_more_than_is_free(shelf, safety):
    _set(shelf.sku_id, shelf.warehouse_id, 10, safety=safety)
    with pytest.raises(stock.Shortage), transaction.atomic():
        _hold(shelf, 11 - safety)
    assert _counts(shelf) == (10, 0)


def test_holds_all_wants_or_none(shelf):
    wants = [stock.Want(line, shelf.sku_id, shelf.warehouse_id, 6) for line in (0, 1)]
    with pytest.raises(stock.Shortage), transaction.atomic():
        stock.hold(seller_order_id="R-1", wants=wants, expires_at=None, now=NOW)
    assert not Hold.objects.exists()


def test_holds_what_expired_once_the_locked_shelf_is_tidied(shelf):
    _hold(shelf, 10, expires_at=NOW)
    with pytest.raises(stock.Shortage), transaction.atomic():
        _hold(shelf, 10, order="R-2")
    stock.lock_shelves(sku_ids=[shelf.sku_id], now=NOW)
    _hold(shelf, 10, order="R-2")
    assert _counts(shelf) == (10, 10)
    assert StockMovement.objects.get(kind="release").cause == "R-1/0/expired"


def test_refuses_the_same_hold_twice(shelf):
    _hold(shelf, 1)
    with pytest.raises(IntegrityError), transaction.atomic():
        _hold(shelf, 1)
    assert _counts(shelf) == (10, 1)


def test_confirms_holds_for_good_even_late(shelf):
    _hold(shelf, 4, expires_at=NOW - timedelta(hours=1))
    assert stock.confirm(seller_order_id="R-1") == {0: 4}
    assert _free(shelf) == 6
    assert Hold.objects.get().expires_at is None


def test_confirms_nothing_that_was_tidied_away(shelf):
    _hold(shelf, 4, expires_at=NOW - timedelta(hours=1))
    stock.lock_shelves(sku_ids=[shelf.sku_id], now=NOW)
    assert stock.confirm(seller_order_id="R-1") == {}


def test_releases_once(shelf):
    _hold(shelf, 4)
    assert stock.release(seller_order_id="R-1", now=NOW, cause="cancelled") == 4
    assert stock.release(seller_order_id="R-1", now=NOW, cause="cancelled") == 0
    assert _counts(shelf) == (10, 0)
    assert StockMovement.objects.filter(kind="release").count() == 1


def test_ships_in_parts_and_only_what_is_held(shelf):
    _hold(shelf, 5)
    _ship(2)
    assert _counts(shelf) == (8, 3)
    _ship(3, cause="R-1/2.1/0")
    assert _counts(shelf) == (5, 0)
    with pytest.raises(Conflict) as refusal, transaction.atomic():
        _ship(1, cause="R-1/3.1/0")
    assert refusal.value.code == "not-held"
    assert _counts(shelf) == (5, 0)


def test_ships_once_for_one_cause(shelf):
    _hold(shelf, 5)
    _ship(2)
    _ship(2)
    assert _counts(shelf) == (8, 3)


def test_undoes_a_shipment_once_and_can_ship_again(shelf):
    _hold(shelf, 5)
    _ship(2)
    _ship(2, ship=stock.unship)
    _ship(2, ship=stock.unship)
    assert _counts(shelf) == (10, 5)
    _ship(5, cause="R-1/1.2/0")
    assert _counts(shelf) == (5, 0)


def test_releases_a_hold_that_was_taken_apart_in_one_movement(shelf):
    _hold(shelf, 5)
    _ship(2)
    _ship(2, ship=stock.unship)
    assert stock.release(seller_order_id="R-1", now=NOW, cause="cancelled") == 5
    assert _counts(shelf) == (10, 0)


def test_sets_levels_and_writes_the_ledger_for_changes_only(shelf):
    other = a_sku("2002", on_hand=0)
    entries = [
        stock.LevelEntry(shelf.sku_id, shelf.warehouse_id, 10, 0),
        stock.LevelEntry(other.pk, shelf.warehouse_id, 7, 1),
    ]
    changed = stock.set_levels(
        entries=entries, kind=StockMovement.Kind.IMPORT, cause="file/2", now=NOW
    )
    assert changed == 1
    assert list(StockMovement.objects.filter(cause="file/2").values_list("on_hand_change")) == [
        (7,)
    ]


def test_refuses_a_level_below_what_is_held(shelf):
    _hold(shelf, 6)
    with pytest.raises(Conflict) as refusal, transaction.atomic():
        _set(shelf.sku_id, shelf.warehouse_id, 5, run="2")
    assert refusal.value.code == "below-held"
    assert _set(shelf.sku_id, shelf.warehouse_id, 6, run="3") == 1
    assert _counts(shelf) == (6, 6)


def test_counts_the_shelf_and_says_the_difference(shelf):
    facts = {"sku_id": shelf.sku_id, "warehouse_id": shelf.warehouse_id, "now": NOW}
    assert stock.count(counted=8, cause="count/1", actor=None, **facts) == -2
    assert stock.count(counted=8, cause="count/1", actor=None, **facts) == 0
    assert _counts(shelf) == (8, 0)


def test_corrects_only_with_a_reason(shelf):
    facts = {"sku_id": shelf.sku_id, "warehouse_id": shelf.warehouse_id, "now": NOW}
    with pytest.raises(DomainError):
        stock.correct(on_hand_change=-1, reason=" ", cause="c/1", actor=None, **facts)
    with pytest.raises(DomainError, match="corrects nothing"):
        stock.correct(on_hand_change=0, reason="broken", cause="c/1", actor=None, **facts)
    stock.correct(on_hand_change=-1, reason="broken", cause="c/1", actor=None, **facts)
    stock.correct(on_hand_change=-1, reason="broken", cause="c/1", actor=None, **facts)
    assert _counts(shelf) == (9, 0)
    assert StockMovement.objects.get(kind="correction").note == "broken"


def test_puts_returned_units_back_once_even_where_none_ever_lay(shelf):
    other = a_warehouse("rj")
    for _twice in range(2):
        stock.put_back(
            sku_id=shelf.sku_id,
            warehouse_id=other.pk,
            quantity=3,
            cause="return/1/0",
            now=NOW,
            actor=None,
        )
    returned = StockLevel.objects.get(warehouse=other)
    assert _counts(returned) == (3, 0)


def test_keeps_the_ledger_from_being_rewritten(shelf):
    with pytest.raises(IntegrityError), transaction.atomic():
        StockMovement.objects.update(on_hand_change=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        StockMovement.objects.all().delete()


@pytest.mark.django_db(transaction=True)
def test_refuses_to_change_stock_outside_a_transaction():
    with pytest.raises(RuntimeError):
        stock.hold(seller_order_id="R-1", wants=[], expires_at=None, now=NOW)
    with pytest.raises(RuntimeError):
        stock.release(seller_order_id="R-1", now=NOW, cause="cancelled")
    with pytest.raises(RuntimeError):
        _set(1, 1, 10)
