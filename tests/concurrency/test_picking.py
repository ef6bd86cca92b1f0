"""Several pickers at once: no order on two lists, no unit picked twice."""

from __future__ import annotations

import time
from collections.abc import Collection
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError

from invoicing.models import Pick, PickGesture, PickList, PickSlot
from invoicing.picking import gestures, lists, starting, taking
from invoicing.picking.gestures import Told
from invoicing.picking.needs import needs_of
from invoicing.picking.walks import Walk, walk_of
from orders import moving
from orders.models import Order
from sellers.errors import Conflict
from sellers.models import User
from tests.builders import NOW, Line, a_warehouse, an_order
from tests.concurrency.racing import together

pytestmark = pytest.mark.django_db(transaction=True)
PICKERS = 5


def start_together() -> list[Any]:
    """Everybody chooses the same orders, listed in another order each."""
    orders = [an_order(Line(f"S{number}")) for number in range(4)]
    warehouse, calls = a_warehouse(), []
    for number in range(PICKERS):
        turned = orders[number % 4 :] + orders[: number % 4]
        actor = User.objects.create_user(f"picker{number}")
        calls.append(
            partial(starting.start, orders=turned, warehouse=warehouse, now=NOW, actor=actor)
        )
    return together(calls)


@pytest.fixture
def slow_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between looking and writing there is time for everybody else to look."""

    def slowly(*args: Any, **kwargs: Any) -> Any:
        found = needs_of(*args, **kwargs)
        time.sleep(0.1)
        return found

    monkeypatch.setattr("invoicing.picking.starting.needs_of", slowly)


@pytest.mark.usefixtures("slow_look")
def test_orders_that_many_choose_at_once_are_on_one_list_and_the_others_are_told() -> None:
    answers = start_together()
    made = [answer for answer in answers if isinstance(answer, starting.Started)]
    assert len(made) == 1 and made[0].left_out == []
    refused = [answer for answer in answers if answer not in made]
    assert all(isinstance(answer, Conflict) for answer in refused)
    assert {"is picking this order" in answer.message for answer in refused} == {True}
    assert PickSlot.objects.count() == 4 and PickList.objects.count() == 1


@pytest.mark.usefixtures("slow_look")
def test_control_without_the_lock_the_database_stops_the_second_list_rudely(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(moving, "lock_all", _unlocked)
    answers = start_together()
    assert any(isinstance(answer, IntegrityError) for answer in answers)
    assert PickSlot.objects.count() == 4


def _unlocked(*, order_ids: Collection[int]) -> list[Order]:
    return list(Order.objects.filter(pk__in=order_ids).order_by("pk"))


@pytest.fixture
def walk() -> PickList:
    """One unit to pick, by ana."""
    ana = User.objects.create_user("ana")
    order = an_order(Line("1001"))
    return starting.start(orders=[order], warehouse=a_warehouse(), now=NOW, actor=ana).pick_list


def scan(walk: PickList, gesture: PickGesture) -> Told:
    return taking.scan(pick_list=walk, code="1001", gesture=gesture, now=NOW)


def scan_together(walk: PickList, keys: list[str]) -> list[Any]:
    once = partial(gestures.once, pick_list=walk, action="scan", now=NOW, actor=walk.owner)
    return together([partial(once, key=key, act=partial(scan, walk)) for key in keys])


@pytest.fixture
def slow_walk(monkeypatch: pytest.MonkeyPatch) -> None:

    def slowly(pick_list: PickList) -> Walk:
        found = walk_of(pick_list)
        time.sleep(0.1)
        return found

    monkeypatch.setattr("invoicing.picking.taking.walk_of", slowly)


@pytest.mark.usefixtures("slow_walk")
def test_the_last_unit_is_picked_once_however_many_scan_it(walk: PickList) -> None:
    answers = scan_together(walk, [uuid4().hex for _scan in range(PICKERS)])
    assert sum(isinstance(answer, Told) for answer in answers) == 1
    assert Pick.objects.get().quantity == 1


@pytest.mark.usefixtures("slow_walk")
def test_control_without_the_list_lock_the_last_unit_is_picked_by_many(
    walk: PickList, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlocked = PickList.objects.select_related("owner", "warehouse")
    monkeypatch.setattr(lists, "lock", lambda pick_list: unlocked.get(pk=pick_list.pk))
    scan_together(walk, [uuid4().hex for _scan in range(PICKERS)])
    assert Pick.objects.count() > 1


def test_the_same_gesture_sent_at_once_counts_once(walk: PickList) -> None:
    answers = scan_together(walk, ["the-same-key"] * PICKERS)
    assert {answer.text for answer in answers} == {answers[0].text}
    assert Pick.objects.count() == 1


@pytest.mark.usefixtures("slow_walk")
def test_a_scan_that_meets_a_take_over_counts_before_it_or_not_at_all(walk: PickList) -> None:
    ivo = User.objects.create_user("ivo")
    take_over = partial(lists.take_over, pick_list=walk, now=NOW, actor=ivo)
    once = partial(
        gestures.once,
        pick_list=walk,
        key=uuid4().hex,
        action="scan",
        now=NOW,
        actor=walk.owner,
        act=partial(scan, walk),
    )
    scanned, taken = together([once, take_over])
    assert isinstance(taken, PickList)
    assert isinstance(scanned, Told) == Pick.objects.exists()
    walk.refresh_from_db()
    assert walk.owner == ivo
    if isinstance(scanned, Conflict):
        assert "ivo has this list" in scanned.message
