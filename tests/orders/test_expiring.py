"""Reservations nobody paid: tidied by the periodic task, each once."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from orders.models import Order
from orders.tasks import expire_holds
from sellers.models import Hold, StockMovement
from tests.builders import a_placement
from tests.orders.conftest import levels


def _past() -> None:
    past = timezone.now() - timedelta(minutes=1)
    Hold.objects.update(expires_at=past)
    Order.objects.update(hold_expires_at=past)


def test_gives_the_stock_back_when_the_time_is_over(vtex):
    vtex.placed(a_placement())
    assert expire_holds() == 0
    _past()
    assert expire_holds() == 1
    assert expire_holds() == 0
    assert levels() == {("1001", "sp"): (10, 0)}
    assert Order.objects.get().status == "expired"
    assert StockMovement.objects.filter(kind="release").count() == 1


def test_leaves_paid_orders_alone(vtex):
    vtex.fulfill(vtex.placed(a_placement()))
    Order.objects.update(hold_expires_at=timezone.now() - timedelta(minutes=1))
    assert expire_holds() == 0
    assert levels() == {("1001", "sp"): (10, 1)}


def test_answers_a_retry_of_an_expired_placement_as_before(vtex):
    first = vtex.place(a_placement())
    _past()
    expire_holds()
    assert vtex.place(a_placement()).content == first.content
    assert levels() == {("1001", "sp"): (10, 0)}
