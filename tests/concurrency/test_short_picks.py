"""Two managers and the same missing unit; a promise that moves while the shelf is sold from."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from invoicing.models import ShortPick
from invoicing.picking import deciding, shorts
from orders import moving
from orders.models import Order
from orders.states import Status
from sellers import shelves, stock
from sellers.errors import Conflict
from sellers.models import Hold, StockLevel, User
from tests.builders import NOW, Line, a_sku, a_warehouse, an_order
from tests.concurrency.racing import together
from tests.orders.conftest import fill

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def short() -> ShortPick:
    order = an_order(Line("1001", 2))
    return shorts.report(
        order=order,
        line=order.lines.get(),
        warehouse=a_warehouse(),
        quantity=1,
        reason="not-there",
        words="",
        now=NOW,
        actor=User.objects.create_user("ana"),
    )


def decide_together(short: ShortPick) -> list[Any]:
    """One manager waits for stock while the other cancels the order."""
    mia, leo = (User.objects.create_user(name) for name in ("mia", "leo"))
    said: dict[str, Any] = {"short": short, "counted": None, "now": NOW}
    return together(
        [
            partial(deciding.wait, note="", actor=mia, **said),
            partial(deciding.cancel, reason="Out of stock", actor=leo, **said),
        ]
    )


def test_two_managers_decide_one_after_the_other_and_the_second_is_told(short: ShortPick) -> None:
    answers = decide_together(short)
    assert sum(isinstance(answer, Conflict) for answer in answers) == 1
    order, short = Order.objects.get(), ShortPick.objects.get()
    cancelled = order.status == Status.CANCELLED
    assert short.decision == ("cancel" if cancelled else "wait")
    assert Hold.objects.filter(state="held").exists() is not cancelled


def test_control_without_the_order_lock_both_decide(
    short: ShortPick, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "lock", _unlocked)
    answers = decide_together(short)
    assert not any(isinstance(answer, Conflict) for answer in answers)


def _unlocked(*, order_id: int) -> Order:
    order = Order.objects.get(pk=order_id)
    time.sleep(0.1)
    return order


@pytest.fixture
def last_unit() -> Order:
    """Held in sp; one unit is free in rj."""
    fill("1001", 5)
    fill("1001", 1, warehouse="rj")
    return an_order(Line("1001"))


def _level(code: str) -> StockLevel:
    return StockLevel.objects.get(warehouse__code=code)


@transaction.atomic
def _move(order: Order) -> None:
    stock.relocate(
        seller_order_id=order.seller_order_id,
        line_index=0,
        level=_level("sp"),
        to=_level("rj"),
        quantity=1,
        cause="moved",
        now=NOW,
        actor=None,
    )


@transaction.atomic
def _sell(number: int) -> None:
    want = stock.Want(0, a_sku("1001").pk, a_warehouse("rj").pk, 1)
    stock.hold(seller_order_id=f"R-{number}", wants=[want], expires_at=None, now=NOW)


def test_the_last_unit_elsewhere_is_moved_to_one_order_or_sold_to_another(
    last_unit: Order,
) -> None:
    calls = [partial(_move, last_unit), *(partial(_sell, number) for number in range(3))]
    answers = together(calls)
    assert sum(answer is None for answer in answers) == 1
    assert all(answer is None or isinstance(answer, Conflict) for answer in answers)
    held = sum(level.held for level in StockLevel.objects.all())
    assert _level("rj").held == 1 and held == Hold.objects.filter(state="held").count()


def test_control_without_the_shelf_lock_the_database_stops_it_rudely(
    last_unit: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unlocked(levels: Any) -> list[StockLevel]:
        found = list(levels.order_by("pk"))
        time.sleep(0.1)
        return found

    monkeypatch.setattr(shelves, "lock", unlocked)
    answers = together([partial(_move, last_unit), partial(_sell, 1)])
    assert any(isinstance(answer, IntegrityError) for answer in answers)
