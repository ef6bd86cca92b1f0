"""An order's whole way past the marketplace stand-in, over real HTTP, in both dialects."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from invoicing import crediting, packing, returning, tracking
from invoicing.models import Package
from invoicing.returning import Arrived
from orders import deciding
from orders.models import Order
from orders.states import Status
from sellers.marketplace import looking
from sellers.marketplace.draining import drain
from sellers.models import OutboxMessage
from tests.builders import Line, a_seller, a_warehouse, an_order
from tests.sandbox.conftest import Running, start

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def marketplace(tmp_path: Path) -> Iterator[Running]:
    running = start(tmp_path)
    yield running
    running.stop()


@pytest.fixture(params=["oms", "services"])
def order(request: pytest.FixtureRequest, marketplace: Running, settings: Any) -> Order:
    """Four mugs at 17 less 3 cents and a tea at 500, freight 101: 666 in all, on both sides."""
    settings.OUTBOUND_ALLOW_LOOPBACK = True
    acme = a_seller(
        marketplace_url=marketplace.url, app_key="key", app_token="token", dialect=request.param
    )
    mug = {"id": "mug", "quantity": 4, "price": 17, "priceTags": [{"value": -3}]}
    theirs = marketplace.adopt(
        {**mug, "freight": 101}, {"id": "tea", "quantity": 1, "price": 500}, status="handling"
    )
    return an_order(
        Line("mug", 4, price=17, discount=3, freight=101),
        Line("tea", price=500),
        account=acme,
        marketplace_order_id=theirs,
        marketplace_services_endpoint=f"{marketplace.url}/api/oms?an=bigstore",
        status=Status.HANDLING,
    )


def when() -> dict[str, Any]:
    return {"now": timezone.now(), "actor": None}


def packed(order: Order, *quantities: int) -> Package:
    package = packing.open_package(order=order, **when())
    for line, quantity in zip(order.lines.all(), quantities, strict=True):
        if quantity:
            packing.put(package=package, line=line, quantity=quantity, **when())
    packing.close(package=package, **when())
    return package


def track(package: Package, number: str) -> None:
    now = timezone.now()
    tracking.enter_tracking(
        package=package,
        courier="Correios",
        number=number,
        url="",
        dispatched_on=timezone.localdate(now, package.order.account.zone),
        now=now,
        actor=None,
    )


def send_all() -> None:
    drain(clock=timezone.now, budget_seconds=10)
    looking.look(clock=lambda: timezone.now() + timedelta(seconds=11))
    unsent = OutboxMessage.objects.exclude(status="delivered")
    assert list(unsent.values_list("kind", "last_error")) == []


def give_back(order: Order, *quantities: int) -> None:
    arrived = [
        Arrived(line, quantity, warehouse=a_warehouse(account=order.account))
        for line, quantity in zip(order.lines.all(), quantities, strict=True)
        if quantity
    ]
    key = f"{quantities}"
    taken_in = returning.receive(order=order, arrived=arrived, key=key, **when())
    crediting.credit(taken_in=taken_in, **when())


def test_packed_tracked_delivered_returned_and_cancelled(
    order: Order, marketplace: Running
) -> None:
    theirs = order.marketplace_order_id
    first, second = packed(order, 2, 0), packed(order, 2, 1)
    track(first, "QB123456785BR")
    tracking.add_event(
        package=first, at=timezone.now(), description="Posted", city="Jaú", state="SP", **when()
    )
    tracking.deliver(package=first, delivered_at=timezone.now(), **when())
    send_all()
    document = marketplace.order_call("GET", theirs).json()
    assert document["status"] == "invoiced"
    packages = document["packageAttachment"]["packages"]
    assert sum(package["invoiceValue"] for package in packages) == 666
    assert packages[0]["trackingNumber"] == "QB123456785BR"
    assert packages[0]["courierStatus"]["data"][0]["description"] == "Posted"
    assert packages[0]["courierStatus"]["finished"] is True

    track(second, "QB999999995BR")
    give_back(order, 3, 0)
    send_all()
    give_back(order, 1, 1)
    send_all()
    order.refresh_from_db()
    assert order.status == Status.RETURNED
    deciding.cancel_by_seller(order=order, reason="Returned", **when())
    send_all()
    assert marketplace.order_call("GET", theirs).json()["status"] in ("cancel", "canceled")
    assert marketplace.anomalies() == []
