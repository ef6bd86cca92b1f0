"""Tracking and delivery: real data only, told to the marketplace in order."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from invoicing import carrying, packing, tracking
from invoicing.models import Carrier, Package
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
    given = {"courier": "Correios", "number": "QB123456785BR", "url": ""}
    return tracking.enter_tracking(
        package=package, **given | {"dispatched_on": TODAY, "now": NOW, "actor": None} | facts
    )


def sent(order: Order, kind: str) -> list[tuple[str, str, dict[str, Any]]]:
    rows = OutboxMessage.objects.filter(subject=order.marketplace_order_id, kind=kind)
    return [(row.method, row.path, json.loads(row.body)) for row in rows.order_by("id")]


def test_tracking_goes_out_with_all_four_keys() -> None:
    order = an_order(Line(quantity=2))
    track(packed(order, 1), url="https://rastreio.example/QB123456785BR")
    base = f"/api/oms/pvt/orders/{order.marketplace_order_id}"
    assert sent(order, "tracking") == [
        (
            "PATCH",
            f"{base}/invoice/1",
            {
                "courier": "Correios",
                "trackingNumber": "QB123456785BR",
                "trackingUrl": "https://rastreio.example/QB123456785BR",
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
    track(second, number="QB999999995BR")
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
    for number in ("QB123456785BR", "QB123456785BR", "QB111111115BR", "QB123456785BR"):
        track(package, number=number)
    numbers = [body["trackingNumber"] for _m, _p, body in sent(order, "tracking")]
    assert numbers == ["QB123456785BR", "QB111111115BR", "QB123456785BR"]


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


def test_events_go_out_all_of_them_oldest_first() -> None:
    order = an_order()
    package = packed(order, 1)
    track(package)
    later = NOW + timedelta(days=3)
    for days, words in ((2, "Out for delivery"), (1, "At the depot"), (2, "Out for delivery")):
        tracking.add_event(
            package=package,
            at=NOW + timedelta(days=days),
            description=words,
            city="Campinas",
            state="SP",
            now=later,
            actor=None,
        )
    tracking.deliver(package=package, delivered_at=later, now=later, actor=None)
    told = [body for _m, _p, body in sent(order, "tracking-events")]
    assert [[event["description"] for event in body["events"]][:2] for body in told] == [
        ["Out for delivery"],
        ["At the depot", "Out for delivery"],
        ["At the depot", "Out for delivery"],
    ]
    assert [body["isDelivered"] for body in told] == [False, False, True]
    assert told[0]["deliveredDate"] is None
    assert told[0]["events"][0]["date"] == "2026-03-04"


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"description": "  "}, "empty-event"),
        ({"at": NOW + timedelta(hours=1)}, "bad-date"),
        ({"at": NOW - timedelta(hours=1)}, "bad-date"),
    ],
)
def test_refuses_events_that_say_nothing_or_cannot_be(facts: dict[str, Any], code: str) -> None:
    order = an_order()
    package = packed(order, 1)
    track(package)
    said: dict[str, Any] = {"at": NOW, "description": "Posted", "city": "", "state": ""}
    with pytest.raises(DomainError) as refusal:
        tracking.add_event(package=package, **said | facts, now=NOW, actor=None)
    assert refusal.value.code == code
    assert sent(order, "tracking-events") == []


def test_refuses_events_before_the_tracking() -> None:
    package = packed(an_order(), 1)
    with pytest.raises(DomainError) as refusal:
        tracking.add_event(
            package=package, at=NOW, description="x", city="", state="", now=NOW, actor=None
        )
    assert refusal.value.code == "not-dispatched"


@pytest.mark.parametrize("number", ["QB123456784BR", "QB12345678BR", "123456785", "QB1234567850BR"])
def test_refuses_numbers_the_postal_service_does_not_give_out(number: str) -> None:
    order = an_order()
    with pytest.raises(DomainError) as refusal:
        track(packed(order, 1), number=number)
    assert refusal.value.code == "bad-tracking-number"
    assert sent(order, "tracking") == []


def test_a_known_carrier_is_spelled_and_followed_its_own_way() -> None:
    order = an_order()
    track(packed(order, 1), courier="correios", number="qb 123 456 785 br")
    [(_method, _path, body)] = sent(order, "tracking")
    assert body["courier"] == "Correios"
    assert body["trackingNumber"] == "QB123456785BR"
    assert body["trackingUrl"].endswith("?objetos=QB123456785BR")


def test_a_carrier_that_is_not_on_the_list_stops_nothing() -> None:
    order = an_order()
    track(packed(order, 1), courier="Tio do Frete", number="ab-17/x")
    [(_method, _path, body)] = sent(order, "tracking")
    assert (body["courier"], body["trackingNumber"], body["trackingUrl"]) == (
        "Tio do Frete",
        "ab-17/x",
        "",
    )


@pytest.mark.parametrize(
    ("template", "number", "url"),
    [
        ("https://c.example/{number}/x", "A B/1", "https://c.example/A%20B%2F1/x"),
        ("", "AB12", ""),
    ],
)
def test_the_number_is_quoted_into_the_address(template: str, number: str, url: str) -> None:
    assert carrying.url_of(Carrier(name="C", url_template=template), number) == url


@pytest.mark.parametrize(
    "template", ["https://c.example/", "https://c.example/{number}/{number}", "{number}", "x{id}"]
)
def test_refuses_address_templates_that_lead_nowhere(template: str) -> None:
    with pytest.raises(ValidationError):
        Carrier(name="C", url_template=template).full_clean()
