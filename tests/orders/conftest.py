"""The marketplace at our door: a shop that is ready to sell, and VTEX's calls to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from orders.models import Order
from sellers import stock
from sellers.models import Hold, SellerAccount, StockLevel, StockMovement
from simulation import tariffs
from tests.builders import a_policy, a_seller, a_sku, a_warehouse
from tests.sellers.conftest import oms as oms  # the fixture

#: The test client's response; its type is the client's own affair.
Answer = Any


class Marketplace:
    """VTEX, calling one seller. Bodies may be documents or raw bytes."""

    def __init__(self, account: SellerAccount) -> None:
        self.base = f"/api/{account.endpoint_key}"
        self.headers: dict[str, str] = {}

    def post(self, path: str, body: Any, **headers: str) -> Answer:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        client = Client(raise_request_exception=False)
        return client.post(
            self.base + path,
            data=raw,
            content_type="application/json",
            headers=self.headers | headers,
        )

    def place(self, *placements: dict[str, Any], **headers: str) -> Answer:
        return self.post("/pvt/orders", list(placements), **headers)

    def placed(self, placement: dict[str, Any]) -> str:
        """Our id of an order that must be accepted."""
        answer = self.place(placement)
        assert answer.status_code == 200, answer.content
        reservation: str = json.loads(answer.content)[0]["orderId"]
        return reservation

    def fulfill(self, ours: str, theirs: str = "1138342255777-01", **more: Any) -> Answer:
        return self.post(f"/pvt/orders/{ours}/fulfill", {"marketplaceOrderId": theirs} | more)

    def cancel(self, path_id: str, theirs: str = "1138342255777-01", **more: Any) -> Answer:
        return self.post(f"/pvt/orders/{path_id}/cancel", {"marketplaceOrderId": theirs} | more)


def fill(ref: str, on_hand: int, *, warehouse: str = "sp", safety: int = 0, **facts: Any) -> None:
    """Units on a shelf, with the ledger row that explains them."""
    sku = a_sku(ref, on_hand=0, **facts)
    place = a_warehouse(warehouse, account=sku.account)
    entry = stock.LevelEntry(sku.pk, place.pk, on_hand, safety)
    with transaction.atomic():
        stock.set_levels(
            entries=[entry],
            kind=StockMovement.Kind.OPENING,
            cause=f"opening/{timezone.now().isoformat()}",
            now=timezone.now(),
        )


@pytest.fixture
def _compiled_anew(transactional_db: None) -> Iterator[None]:
    """Row ids begin again with every test; tariffs compiled for others must not be found."""
    tariffs.forget()
    yield
    tariffs.forget()


@pytest.fixture
def acme(_compiled_anew: None) -> SellerAccount:
    """A seller of SKU 1001, ten units in `sp`, delivered by `normal` for 990 cents a line."""
    account = a_seller()
    fill("1001", 10)
    a_policy("normal")
    return account


@pytest.fixture
def vtex(acme: SellerAccount) -> Marketplace:
    return Marketplace(acme)


def levels() -> dict[tuple[str, str], tuple[int, int]]:
    """(SKU, warehouse) -> (on hand, held)."""
    rows = StockLevel.objects.values_list("sku__ref", "warehouse__code", "on_hand", "held")
    return {(ref, code): (on_hand, held) for ref, code, on_hand, held in rows}


def everything() -> dict[str, Any]:
    """What a refused call must leave alone."""
    return {
        "levels": levels(),
        "orders": list(Order.objects.order_by("pk").values()),
        "holds": list(Hold.objects.order_by("pk").values()),
        "ledger": StockMovement.objects.count(),
    }


def error_of(answer: Answer) -> dict[str, Any]:
    """The error of an answer in VTEX's shape, and nothing beside it."""
    body = json.loads(answer.content)
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message", "exception"}
    assert body["error"]["exception"] is None
    error: dict[str, Any] = body["error"]
    return error
