"""One parcel that came back, entered by two people at once: its units are on the shelf once."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from django.db import IntegrityError

from invoicing import returning
from invoicing.models import Return
from orders import moving
from orders.models import Order
from sellers.errors import Conflict
from tests.builders import Line, an_order
from tests.concurrency.racing import together
from tests.invoicing.test_returning import back, on_hand, packed

pytestmark = pytest.mark.django_db(transaction=True)


def _enter_at_once(monkeypatch: pytest.MonkeyPatch, *, patience: float) -> list[Any]:
    """Each, once it has found the units returnable, waits for the other to find the same."""
    meeting, check = Barrier(2), returning.check

    def check_and_meet(**facts: Any) -> None:
        check(**facts)
        with suppress(BrokenBarrierError):  # the other waits for the order's row
            meeting.wait(timeout=patience)

    monkeypatch.setattr(returning, "check", check_and_meet)
    order = an_order(Line(quantity=1))
    packed(order, 1)
    return together([partial(back, order, 1, key=key) for key in ("ana", "bia")])


def test_a_parcel_entered_by_two_at_once_is_on_the_shelf_once(monkeypatch):
    results = _enter_at_once(monkeypatch, patience=0.5)
    assert [type(each) for each in results].count(Conflict) == 1
    assert Return.objects.count() == 1
    assert on_hand() == 100


def test_control_without_the_lock_the_database_stops_the_second_entry_rudely(monkeypatch):
    def read(*, order_id: int) -> Order:
        return Order.objects.get(pk=order_id)

    monkeypatch.setattr(moving, "lock", read)
    results = _enter_at_once(monkeypatch, patience=30)
    assert [type(each) for each in results].count(IntegrityError) == 1
