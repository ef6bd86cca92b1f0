"""The packing table over HTTP, as tests use it."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.test import Client
from django.urls import reverse

from invoicing.models import PackageItem
from orders.models import Order
from tests.builders import staff


def packer(username: str = "ana", *, role: str = "Warehouse", **facts: Any) -> Client:
    """A browserless client, signed in."""
    client = Client()
    client.force_login(staff(username, role=role, **facts))
    return client


def do(client: Client, order: Order, action: str, **fields: Any) -> dict[str, Any]:
    """One gesture, as the screen's script sends it; what it was answered."""
    fields = {"gesture": uuid4().hex} | fields | {"action": action}
    address = reverse("admin:packing_gesture", args=[order.seller_order_id])
    answer = client.post(address, fields, headers={"X-Requested-With": "fetch"})
    assert answer.status_code == 200, answer.content
    said: dict[str, Any] = answer.json()
    return said


def screen(client: Client, order: Order, **query: str) -> str:
    address = reverse("admin:packing_order", args=[order.seller_order_id])
    return client.get(address, query).content.decode()


def packed(order: Order) -> list[tuple[int, str, int]]:
    """Package number, SKU, units."""
    items = PackageItem.objects.filter(package__order=order).order_by("package", "line")
    return [(item.package.number, item.line.ref, item.quantity) for item in items]
