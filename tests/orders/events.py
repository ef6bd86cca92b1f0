"""The marketplace's events and documents, as VTEX writes them."""

from __future__ import annotations

import json
from typing import Any

import responses

from orders.models import Order, OrderEvent
from orders.tasks import process_events
from tests.builders import HOST

THEIRS = "1138342255777-01"
FEED_URL = f"{HOST}/api/orders/feed"
FEED_CONFIG_URL = f"{FEED_URL}/config"
HOOK_CONFIG_URL = f"{HOST}/api/orders/hook/config"

NOT_FOUND = {"error": {"code": "1", "message": "Value not found.", "exception": None}}
PORTAL = "https://portal.example"
WORKFLOW = {"filter": {"type": "FromWorkflow", "status": ["invoiced"]}}
FROM_ORDERS = {"filter": {"type": "FromOrders", "expression": "value > 100"}}


def order_url(order_id: str = THEIRS) -> str:
    return f"{HOST}/api/oms/pvt/orders/{order_id}"


def an_event(
    state: str | None = "payment-approved", *, at: int = 0, **facts: Any
) -> dict[str, Any]:
    """An event of second `at`, the change before it a second earlier; both in seven digits."""
    return {
        "Domain": "Marketplace",
        "OrderId": THEIRS,
        "State": state,
        "LastState": "payment-pending",
        "LastChange": f"2026-03-02T12:00:{at:02}.1234567Z",
        "CurrentChange": f"2026-03-02T12:00:{at + 1:02}.1234567Z",
        "Origin": {"Account": "bigstore", "Key": "acme-key"},
    } | facts


def a_feed_row(state: str | None = "payment-approved", *, at: int = 0, **facts: Any) -> Any:
    """The same event out of the feed."""
    event = an_event(state, at=at)
    return {
        "eventId": f"E{at}",
        "handle": f"H{at}",
        "domain": "Marketplace",
        "state": event["State"],
        "lastState": event["LastState"],
        "orderId": event["OrderId"],
        "lastChange": event["LastChange"],
        "currentChange": event["CurrentChange"],
    } | facts


def a_document(status: str = "payment-pending", **facts: Any) -> dict[str, Any]:
    """What reading an order answers, as far as it is looked at."""
    return {
        "orderId": THEIRS,
        "marketplaceOrderId": THEIRS,
        "sellerOrderId": None,
        "status": status,
        "lastChange": "2026-03-02T12:30:00.1234567+00:00",
        "sellers": [{"id": "acme", "name": "Acme"}],
        "clientProfileData": {"email": "filomena@example.com"},
    } | facts


def hear(vtex: Any, *events: dict[str, Any]) -> list[str]:
    """Send events to the hook, have them followed; the outcomes of all events so far."""
    for event in events:
        assert vtex.post("/hook", event).status_code == 200
    process_events()
    return outcomes()


def outcomes() -> list[str]:
    return list(OrderEvent.objects.order_by("pk").values_list("outcome", flat=True))


def the_order() -> Order:
    return Order.objects.get()


def configured_with(oms: responses.RequestsMock, url: str) -> list[Any]:
    return [
        json.loads(call.request.body or "{}")
        for call in oms.calls
        if call.request.method == "POST" and call.request.url == url
    ]


def nothing_configured(oms: responses.RequestsMock) -> None:
    for url in (HOOK_CONFIG_URL, FEED_CONFIG_URL):
        oms.get(url, status=404, json=NOT_FOUND)
        oms.post(url, status=200)
