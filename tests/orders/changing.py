"""The marketplace asking for changes, and what a change may hold."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

from orders.models import Order, OrderChange
from tests.orders.conftest import Answer, Marketplace

CHANGE_ID = "e8532a32-7f7e-434a-88ec-29609f0ede46"


def item(ref: str = "1001", quantity: int = 1, **more: Any) -> dict[str, Any]:
    return {"id": ref, "quantity": quantity} | more


def removing(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The body that takes these units off an order."""
    body = {"changeRequestId": CHANGE_ID, "reason": "The client does not want them"}
    return body | {"remove": [{"items": list(items)}]} | more


def adding(*items: dict[str, Any], freight: int | None = None, **more: Any) -> dict[str, Any]:
    part: dict[str, Any] = {"items": list(items)}
    if freight is not None:
        row = {"itemIndex": 0, "selectedSla": "normal", "price": freight}
        part["shippingData"] = {"logisticsInfo": [row]}
    return {"changeRequestId": CHANGE_ID, "reason": "One more"} | {"add": [part]} | more


def replacing(old: dict[str, Any], new: dict[str, Any], **more: Any) -> dict[str, Any]:
    pair = {"from": {"items": [old]}, "to": {"items": [new]}}
    return {"changeRequestId": CHANGE_ID, "reason": "Another size"} | {"replace": [pair]} | more


class Asking:
    """VTEX, changing one order by its id at the marketplace."""

    def __init__(self, vtex: Marketplace, theirs: str = "1138342255777-01") -> None:
        self.vtex, self.theirs = vtex, theirs
        self.path = f"/pvt/orders/{theirs}/changes"

    def ask(self, body: dict[str, Any]) -> Answer:
        return self.vtex.post(self.path, body)

    def asked(self, body: dict[str, Any]) -> OrderChange:
        """A change that must be taken."""
        answer = self.ask(body)
        assert answer.status_code == 202, answer.content
        return OrderChange.objects.get(change_request_id=json.loads(answer.content)["requestId"])

    def preview(self, body: dict[str, Any]) -> Answer:
        return self.vtex.post(f"{self.path}/preview", body)

    def agree(self, agreement: str, change_id: str = CHANGE_ID) -> Answer:
        body = {"agreementType": agreement}
        return self.vtex.post(f"{self.path}/{change_id}/send-agreement", body)

    def confirm(self, change_id: str = CHANGE_ID) -> Answer:
        return self.agree("Confirmation", change_id)

    def withdraw(self, change_id: str = CHANGE_ID) -> Answer:
        return self.vtex.post(f"{self.path}/{change_id}/cancel", {"reason": "No longer wanted"})


def patch(vtex: Marketplace, path: str, body: dict[str, Any]) -> Answer:
    client = Client(raise_request_exception=False)
    return client.patch(vtex.base + path, data=json.dumps(body), content_type="application/json")


def units(order: Order) -> dict[int, tuple[str, int]]:
    """Line index -> (SKU, quantity)."""
    rows = order.lines.values_list("index", "ref", "quantity")
    return {index: (ref, quantity) for index, ref, quantity in rows}
