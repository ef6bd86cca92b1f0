"""A shelf counted by two, and recorded while it is sold from."""

from __future__ import annotations

import time
from collections.abc import Collection
from functools import partial
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction

from invoicing import stocktaking
from invoicing.models import CountedSku, StockCount
from invoicing.picking.away import Shelf, shelves_of
from invoicing.stocktaking import Told
from orders.auditing import findings
from sellers import stock
from sellers.errors import Conflict
from sellers.models import StockLevel, User
from tests.builders import NOW, a_sku, a_warehouse
from tests.concurrency.racing import together
from tests.orders.conftest import fill

pytestmark = pytest.mark.django_db(transaction=True)
COUNTERS = 5


@pytest.fixture
def count() -> StockCount:
    """Of ten units of SKU 1001."""
    fill("1001", 10)
    mia = User.objects.create_user("mia")
    return stocktaking.begin(warehouse=a_warehouse(), bin_location="", now=NOW, actor=mia)


@pytest.fixture
def slow_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between looking and writing there is time for everybody else to look."""

    def slowly(*, warehouse_id: int, sku_ids: Collection[int]) -> dict[int, Shelf]:
        found = shelves_of(warehouse_id=warehouse_id, sku_ids=sku_ids)
        time.sleep(0.1)
        return found

    monkeypatch.setattr("invoicing.stocktaking.shelves_of", slowly)


def scan(locked: StockCount) -> Told:
    return stocktaking.scan(stock_count=locked, code="1001", now=NOW)


def scan_together(count: StockCount) -> None:
    once = partial(
        stocktaking.once, stock_count=count, action="scan", now=NOW, actor=count.owner, act=scan
    )
    together([partial(once, key=uuid4().hex) for _counter in range(COUNTERS)])


@pytest.mark.usefixtures("slow_look")
def test_scans_of_several_counters_add_up(count: StockCount) -> None:
    scan_together(count)
    assert CountedSku.objects.get().units == COUNTERS


@pytest.mark.usefixtures("slow_look")
def test_control_without_the_lock_of_the_count_scans_are_lost(
    count: StockCount, monkeypatch: pytest.MonkeyPatch
) -> None:
    CountedSku.objects.create(stock_count=count, sku=a_sku("1001"), units=0, expected=10, at=NOW)
    monkeypatch.setattr(stocktaking, "lock", lambda known: known)
    scan_together(count)
    assert CountedSku.objects.get().units < COUNTERS


def sell(number: int) -> None:
    want = stock.Want(0, a_sku("1001").pk, a_warehouse().pk, 2)
    with transaction.atomic():
        stock.hold(seller_order_id=f"R-{number}", wants=[want], expires_at=None, now=NOW)


def record_while_sold(count: StockCount) -> list[Any]:
    """Five of ten are there, and five orders want two each."""
    CountedSku.objects.create(stock_count=count, sku=a_sku("1001"), units=5, expected=10, at=NOW)
    record = partial(
        stocktaking.once,
        stock_count=count,
        key=uuid4().hex,
        action="record",
        now=NOW,
        actor=count.owner,
        act=lambda locked: stocktaking.record(stock_count=locked, now=NOW, actor=count.owner),
    )
    return together([record, *(partial(sell, number) for number in range(5))])


@pytest.mark.usefixtures("slow_look")
def test_a_shelf_recorded_while_it_is_sold_from_never_promises_what_is_not_there(
    count: StockCount,
) -> None:
    recorded, *sold = record_while_sold(count)
    assert isinstance(recorded, Told)
    assert all(answer is None or isinstance(answer, Conflict) for answer in sold)
    level = StockLevel.objects.get()
    assert level.held == 2 * sold.count(None)
    assert level.on_hand == max(5, level.held)
    assert not [each for each in findings(now=NOW) if "ledger" in str(each)]


def test_control_without_the_shelf_lock_the_recording_is_stopped_rudely(
    count: StockCount, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sold_meanwhile(*, warehouse_id: int, sku_ids: Collection[int]) -> dict[int, Shelf]:
        found = shelves_of(warehouse_id=warehouse_id, sku_ids=sku_ids)
        together([partial(sell, number) for number in range(5)])
        return found

    monkeypatch.setattr("invoicing.stocktaking.shelves_of", sold_meanwhile)
    unlocked = SimpleNamespace(lock_shelves=lambda **_facts: [], count=stock.count)
    monkeypatch.setattr(stocktaking, "stock", unlocked)
    CountedSku.objects.create(stock_count=count, sku=a_sku("1001"), units=5, expected=10, at=NOW)
    with pytest.raises(Conflict), transaction.atomic():
        stocktaking.record(stock_count=count, now=NOW, actor=count.owner)
    assert StockLevel.objects.get().on_hand == 10
