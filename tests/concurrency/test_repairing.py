"""A shelf is repaired while orders are placed from it: nobody's units get lost."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from orders.auditing import findings
from orders.repairing import Repair, repair_all
from sellers import repairing
from sellers.models import StockLevel
from tests.builders import a_placement
from tests.concurrency.racing import together
from tests.orders.conftest import Marketplace

PAUSE = 0.3


@pytest.fixture
def _slow_to_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Long enough between reading a shelf and writing it for an order to come in between."""
    decide = repairing._require_possible

    def after_a_pause(on_hand: int, held: int) -> None:
        time.sleep(PAUSE)
        decide(on_hand, held)

    monkeypatch.setattr(repairing, "_require_possible", after_a_pause)


def repair_during_placements(vtex: Marketplace) -> list[str]:
    """What the audit finds once a repair and two orders have crossed each other."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE sellers_stocklevel SET held = held + 3")

    def place(number: int) -> Any:
        time.sleep(PAUSE / 3)
        return vtex.place(a_placement(order_id=f"{number}-01"))

    how = Repair(reason="crossing", now=timezone.now())
    calls: list[Callable[[], Any]] = [lambda: list(repair_all(how=how))]
    _repaired, *answers = together([*calls, *(partial(place, number) for number in (1, 2))])
    assert [answer.status_code for answer in answers] == [200, 200]
    return [str(finding) for finding in findings(now=timezone.now())]


@pytest.mark.usefixtures("_slow_to_decide")
def test_counts_the_orders_that_come_while_a_shelf_is_repaired(vtex: Marketplace) -> None:
    assert repair_during_placements(vtex) == []
    assert StockLevel.objects.get().held == 2


@pytest.mark.usefixtures("_slow_to_decide")
def test_control_without_the_lock_a_repair_forgets_the_orders_that_came(
    vtex: Marketplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unlocked(levels: QuerySet[StockLevel]) -> list[StockLevel]:
        return list(levels)

    monkeypatch.setattr(repairing, "shelves", SimpleNamespace(lock=unlocked))

    assert repair_during_placements(vtex) != []
