"""A policy's capacity: an order takes its place when placed and gives it back when it ends."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from orders.models import Order
from orders.tasks import expire_holds
from sellers import tariffs
from sellers.models import CapacityUse, Hold, ShippingPolicy
from tests.builders import a_placement
from tests.concurrency.racing import together
from tests.orders.conftest import error_of, everything


@pytest.fixture
def _one_a_day(acme) -> None:
    ShippingPolicy.objects.update(daily_capacity=1)
    tariffs.bump(acme.pk)


pytestmark = pytest.mark.usefixtures("_one_a_day")


def _booked() -> int:
    return sum(CapacityUse.objects.values_list("orders", flat=True))


def test_refuses_an_order_too_many_for_the_day(vtex):
    vtex.placed(a_placement())
    before = everything()
    refusal = vtex.place(a_placement(order_id="2-01"))
    assert refusal.status_code == 409
    assert error_of(refusal)["code"] == "capacity-full"
    assert everything() == before
    assert _booked() == 1


def test_gives_the_place_back_when_the_order_is_cancelled(vtex):
    ours = vtex.placed(a_placement())
    vtex.cancel(ours)
    vtex.cancel(ours)
    assert _booked() == 0
    assert vtex.place(a_placement(order_id="2-01")).status_code == 200


def test_gives_the_place_back_once_when_the_hold_expires(vtex):
    ours = vtex.placed(a_placement())
    past = timezone.now() - timedelta(minutes=1)
    Hold.objects.update(expires_at=past)
    Order.objects.update(hold_expires_at=past)
    expire_holds()
    vtex.placed(a_placement(order_id="2-01"))
    vtex.cancel(ours)
    assert _booked() == 1


def test_takes_a_paid_order_back_on_a_full_day(vtex):
    ours = vtex.placed(a_placement())
    past = timezone.now() - timedelta(minutes=1)
    Hold.objects.update(expires_at=past)
    Order.objects.update(hold_expires_at=past)
    expire_holds()
    vtex.placed(a_placement(order_id="2-01"))
    assert vtex.fulfill(ours).status_code == 200


def test_gives_the_last_place_to_one_of_many(vtex):
    answers = together(
        [partial(vtex.place, a_placement(order_id=f"{number}-01")) for number in range(6)]
    )
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 5]
    assert _booked() == 1
