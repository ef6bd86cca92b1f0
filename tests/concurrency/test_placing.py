"""Many placements at the same moment: nothing sold twice, nothing placed twice, no deadlock.

Each race has its control: the same with the guard taken out, which must go wrong. If a control
passes, its race proves nothing.
"""

from __future__ import annotations

import time
from collections import Counter
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from django.db.models import Sum

from orders import placing, registering
from orders.models import Order
from sellers import stock
from sellers.models import Hold
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


def test_sells_the_last_unit_to_one_of_many(vtex, last_unit):
    answers = together([partial(vtex.place, each) for each in _orders(CALLERS)])
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: CALLERS - 1}
    assert levels() == {("1001", "sp"): (10, 1)}


def test_control_without_the_lock_the_last_unit_is_sold_to_many(vtex, last_unit, monkeypatch):
    """What is free is read without a lock, and is a little old when the units are taken."""
    unlocked = stock._HOLD.replace("ORDER BY id FOR NO KEY UPDATE", "")
    slow = unlocked.replace("FROM shelf JOIN", "FROM pg_sleep(0.2), shelf JOIN")
    monkeypatch.setattr(stock, "_HOLD", slow)
    answers = together([partial(vtex.place, each) for each in _orders(CALLERS)])
    assert Counter(answer.status_code for answer in answers)[200] > 1
    assert levels()["1001", "sp"][1] > 1


def test_looks_again_under_lock_when_what_it_saw_was_taken(vtex, monkeypatch):
    """Seen free by all, left for few: the others get what another warehouse has, or the refusal."""
    fill("1001", 3, warehouse="rj")
    a_policy("both", a_warehouse("sp"), a_warehouse("rj"))
    seen = stock.available

    def everybody_first(**asked: Any) -> dict[int, dict[int, int]]:
        found = seen(**asked)
        looking.wait(timeout=60)
        return found

    looking = Barrier(CALLERS)
    monkeypatch.setattr(stock, "available", everybody_first)
    orders = _orders(CALLERS, Line(quantity=2, freight=990), sla="both")
    answers = together([partial(vtex.place, each) for each in orders])
    assert Counter(answer.status_code for answer in answers) == {200: 6, 409: 2}
    assert levels() == {("1001", "sp"): (10, 10), ("1001", "rj"): (3, 2)}


def test_places_an_order_once_however_many_tries_run_at_once(vtex):
    answers = together([partial(vtex.place, a_placement())] * CALLERS)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert Order.objects.count() == Hold.objects.count() == 1
    assert levels() == {("1001", "sp"): (10, 1)}


def test_control_without_queueing_by_id_a_retry_fails(vtex, monkeypatch):
    monkeypatch.setattr(registering, "_ONCE", " RETURNING seller_order_id, id")
    answers = together([partial(vtex.place, a_placement())] * CALLERS)
    assert Counter(answer.status_code for answer in answers) == {200: 1, 500: CALLERS - 1}


def test_answers_a_retry_whose_first_try_took_the_last_units(vtex, monkeypatch):
    """It finds the shelves empty: by the very order it asks for again."""
    sold_out = a_placement(Line(quantity=10, freight=990))
    seen = stock.available
    answers: list[Any] = []

    def once_the_first_is_through(**asked: Any) -> dict[int, dict[int, int]]:
        monkeypatch.setattr(stock, "available", seen)
        answers.append(vtex.place(sold_out))
        return seen(**asked)

    monkeypatch.setattr(stock, "available", once_the_first_is_through)
    answers.append(vtex.place(sold_out))
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].content == answers[1].content
    assert levels() == {("1001", "sp"): (10, 10)}


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


def test_control_holding_line_by_line_deadlocks(vtex, monkeypatch):
    """In the order of the lines, not of the rows: what the single ordered statement avoids."""
    for ref in ("1001", "2002", "3003"):
        fill(ref, 100)
    at_once = stock.hold_all
    monkeypatch.setattr(placing, "retried", lambda transaction: transaction())

    def one_by_one(promises: list[stock.Promise], **facts: Any) -> None:
        for order, wants, expires_at in promises:
            for want in wants:
                at_once([stock.Promise(order, [want], expires_at)], **facts)
                time.sleep(0.1)

    monkeypatch.setattr(stock, "hold_all", one_by_one)
    answers = together([partial(vtex.place, each) for each in _opposite_orders()])
    assert 503 in {answer.status_code for answer in answers}
