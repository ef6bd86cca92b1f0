"""Many placements at the same moment: nothing sold twice, nothing placed twice, no deadlock.

Each race has its control: the same with the guard taken out, which must go wrong. If a control
passes, its race proves nothing.
"""

from __future__ import annotations

import time
from collections import Counter
from functools import partial
from typing import Any

import pytest
from django.db.models import QuerySet, Sum

from orders import placing
from orders.models import Order
from sellers import shelves
from sellers.models import Hold, StockLevel
from tests.builders import Line, a_placement, a_policy, a_warehouse
from tests.concurrency.racing import together
from tests.orders.conftest import error_of, fill, levels

CALLERS = 8


def _orders(number: int, *lines: Line, **facts: Any) -> list[dict[str, Any]]:
    chosen = lines or (Line(freight=990),)
    return [a_placement(*chosen, order_id=f"{n}-01", **facts) for n in range(number)]


def test_sells_every_unit_once_over_three_warehouses(vtex):
    for code, units in (("sp", 3), ("rj", 4), ("mg", 5)):
        fill("1001", units, warehouse=code)
    a_policy("all", *(a_warehouse(code) for code in ("sp", "rj", "mg")))
    answers = []
    placements = _orders(4 * CALLERS, sla="all")
    for first in range(0, len(placements), CALLERS):
        batch = placements[first : first + CALLERS]
        answers += together([partial(vtex.place, each) for each in batch])
    assert Counter(answer.status_code for answer in answers) == {200: 12, 409: 20}
    for refused in (answer for answer in answers if answer.status_code == 409):
        assert "1 of SKU 1001 asked, 0 available" in error_of(refused)["message"]
    assert levels() == {("1001", "sp"): (3, 3), ("1001", "rj"): (4, 4), ("1001", "mg"): (5, 5)}
    assert Hold.objects.aggregate(units=Sum("quantity"))["units"] == 12


@pytest.fixture
def last_unit(acme) -> None:
    """One unit to sell and nine that must stay: an oversold unit shows before the database's own
    constraint (held ≤ on hand) stops it."""
    fill("1001", 10, safety=9)


def test_sells_thelast_unit_to_one_of_many(vtex, last_unit):
    answers = together([partial(vtex.place, each) for each in _orders(CALLERS)])
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: CALLERS - 1}
    assert levels() == {("1001", "sp"): (10, 1)}


def _read_without_lock(levels: QuerySet[StockLevel]) -> list[StockLevel]:
    read = list(levels.order_by("pk"))
    time.sleep(0.2)
    return read


def test_control_without_the_lock_thelast_unit_is_sold_to_many(vtex, last_unit, monkeypatch):
    monkeypatch.setattr(shelves, "lock", _read_without_lock)
    answers = together([partial(vtex.place, each) for each in _orders(CALLERS)])
    assert Counter(answer.status_code for answer in answers)[200] > 1
    assert levels()["1001", "sp"][1] > 1


def test_places_an_order_once_however_many_tries_run_at_once(vtex):
    answers = together([partial(vtex.place, a_placement())] * CALLERS)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert Order.objects.count() == Hold.objects.count() == 1
    assert levels() == {("1001", "sp"): (10, 1)}


def test_control_without_queueing_by_id_a_retry_fails(vtex, monkeypatch):
    monkeypatch.setattr(placing, "_queue_up", lambda *_: None)
    known = placing._known_answers

    def slowly(*args: Any) -> dict[str, str]:
        answers = known(*args)
        time.sleep(0.2)
        return answers

    monkeypatch.setattr(placing, "_known_answers", slowly)
    answers = together([partial(vtex.place, a_placement())] * CALLERS)
    assert {answer.status_code for answer in answers} == {200, 500}


def test_tells_one_of_two_different_orders_of_the_same_id_that_it_is_taken(vtex):
    one, other = a_placement(), a_placement(Line(quantity=2, freight=990))
    answers = together([partial(vtex.place, one), partial(vtex.place, other)])
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert Order.objects.count() == 1


def _opposite_orders() -> list[dict[str, Any]]:
    lines = [Line(ref, freight=990) for ref in ("1001", "2002", "3003")]
    return [
        a_placement(*(lines if n % 2 else lines[::-1]), order_id=f"{n}-01") for n in range(CALLERS)
    ]


def test_never_deadlocks_on_skus_in_opposite_order(vtex):
    for ref in ("1001", "2002", "3003"):
        fill(ref, 100)
    calls = [
        partial(vtex.place, each, a_placement(order_id=f"x{n}-01"))
        for n, each in enumerate(_opposite_orders())
    ]
    calls += [
        partial(vtex.place, a_placement(order_id=f"x{n}-01"), each)
        for n, each in enumerate(_opposite_orders())
    ]
    answers = together(calls)
    assert {answer.status_code for answer in answers} == {200}
    assert levels()["2002", "sp"] == (100, CALLERS)


def test_control_locking_shelf_by_shelf_deadlocks(vtex, monkeypatch):
    """In the order of the lines, not of the rows: what the single ordered statement avoids."""
    for ref in ("1001", "2002", "3003"):
        fill(ref, 100)
    ordered = shelves.lock
    monkeypatch.setattr(placing, "retried", lambda transaction: transaction())

    def one_by_one(drafts: Any, *, now: Any) -> list[StockLevel]:
        locked: list[StockLevel] = []
        for wanted in drafts[0].wanted:
            locked += ordered(StockLevel.objects.filter(sku_id=wanted.sku_id))
            time.sleep(0.1)
        return locked

    monkeypatch.setattr(placing, "_lock_shelves", one_by_one)
    answers = together([partial(vtex.place, each) for each in _opposite_orders()])
    assert 500 in {answer.status_code for answer in answers}
