"""Tracking and delivery: real data only, told to the marketplace in order."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest

from invoicing import packing, tracking
from invoicing.models import Package
from orders.models import Order
from orders.states import Status
from sellers.errors import DomainError
from sellers.models import OutboxMessage
from tests.builders import NOW, Line, an_order

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 2)


def packed(order: Order, quantity: int) -> Package:
    package = packing.open_package(order=order, now=NOW, actor=None)
    line = order.lines.get()
    packing.put(package=package, line=line, quantity=quantity, now=NOW, actor=None)
    packing.close(package=package, now=NOW, actor=None)
    return package


def track(package: Package, **facts: Any) -> Package:
    given = {"courier": "Correios", "number": "QB123456789BR", "url": ""}
    return tracking.enter_tracking(
        package=package, **given | {"dispatched_on": TODAY, "now": NOW, "actor": None} | facts
    )


def sent(order: Order, kind: str) -> list[tuple[str, str, dict[str, Any]]]:
    rows = OutboxMessage.objects.filter(subject=order.marketplace_order_id, kind=kind)
    return [(row.method, row.path, json.loads(row.body)) for row in rows.order_by("id")]


def test_tracking_goes_out_with_all_four_keys() -> None:
    order = an_order(Line(quantity=2))
    track(packed(order, 1), url="https://rastreio.example/QB123456789BR")
    base = f"/api/oms/pvt/orders/{order.marketplace_order_id}"
    assert sent(order, "tracking") == [
        (
            "PATCH",
            f"{base}/invoice/1",
            {
                "courier": "Correios",
                "trackingNumber": "QB123456789BR",
                "trackingUrl": "https://rastreio.example/QB123456789BR",
                "dispatchedDate": "2026-03-02",
            },
        )
    ]


def test_the_order_is_handed_over_with_its_last_package() -> None:
    order = an_order(Line(quantity=2))
    first = packed(order, 1)
    track(first)
    order.refresh_from_db()
    assert order.status == Status.HANDLING
    second = packed(order, 1)
    order.refresh_from_db()
    assert order.status == Status.INVOICED
    track(second, number="QB999999999BR")
    order.refresh_from_db()
    assert order.status == Status.SHIPPED


@pytest.mark.parametrize(
    "number",
    ["PENDING", "pendente", "N/A", "n/a", "-", "0000", "TBD", "aguardando", "Sem rastreio"],
)
def test_refuses_placeholders(number: str) -> None:
    order = an_order()
    package = packed(order, 1)
    with pytest.raises(DomainError) as refusal:
        track(package, number=number)
    assert refusal.value.code == "not-real"
    assert sent(order, "tracking") == []
    package.refresh_from_db()
    assert package.dispatched_at is None


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"courier": " "}, "not-real"),
        ({"courier": "N/A"}, "not-real"),
        ({"number": "A1"}, "not-real"),
        ({"url": "javascript:alert(1)"}, "bad-url"),
        ({"url": "not an address"}, "bad-url"),
        ({"dispatched_on": TODAY + timedelta(days=1)}, "bad-date"),
        ({"dispatched_on": TODAY - timedelta(days=1)}, "bad-date"),
    ],
)
def test_refuses_what_cannot_be_true(facts: dict[str, Any], code: str) -> None:
    package = packed(an_order(), 1)
    with pytest.raises(DomainError) as refusal:
        track(package, **facts)
    assert refusal.value.code == code


def test_refuses_tracking_of_an_open_package() -> None:
    package = packing.open_package(order=an_order(), now=NOW, actor=None)
    with pytest.raises(DomainError) as refusal:
        track(package)
    assert refusal.value.code == "package-open"


def test_a_correction_is_told_and_the_same_again_is_not() -> None:
    order = an_order()
    package = packed(order, 1)
    for number in ("QB123456789BR", "QB123456789BR", "QB111111111BR", "QB123456789BR"):
        track(package, number=number)
    numbers = [body["trackingNumber"] for _m, _p, body in sent(order, "tracking")]
    assert numbers == ["QB123456789BR", "QB111111111BR", "QB123456789BR"]


def test_delivery_is_told_once_and_ends_the_order() -> None:
    order = an_order()
    package = packed(order, 1)
    track(package)
    later = NOW + timedelta(days=2)
    for _twice in range(2):
        tracking.deliver(package=package, delivered_at=later, now=later, actor=None)
    order.refresh_from_db()
    assert order.status == Status.DELIVERED
    [(method, path, body)] = sent(order, "tracking-events")
    assert (method, path[-19:]) == ("PUT", "/invoice/1/tracking")
    assert body == {
        "isDelivered": True,
        "deliveredDate": "2026-03-04 12:00",
        "events": [
            {
                "city": "São Paulo",
                "state": "SP",
                "description": body["events"][0]["description"],
                "date": "2026-03-04",
            }
        ],
    }


def test_refuses_a_delivery_before_the_hand_over() -> None:
    package = packed(an_order(), 1)
    with pytest.raises(DomainError) as refusal:
        tracking.deliver(package=package, delivered_at=NOW, now=NOW, actor=None)
    assert refusal.value.code == "not-dispatched"
    track(package)
    with pytest.raises(DomainError) as refusal:
        tracking.deliver(
            package=package, delivered_at=NOW - timedelta(hours=1), now=NOW, actor=None
        )
    assert refusal.value.code == "bad-date"


def test_refuses_to_reopen_what_has_left() -> None:
    package = packed(an_order(), 1)
    track(package)
    with pytest.raises(DomainError) as refusal:
        packing.reopen(package=package, now=NOW, actor=None)
    assert refusal.value.code == "package-gone"
