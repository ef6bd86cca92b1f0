"""Small sellers for simulations, in the seller file's own format, and a way to ask them."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.test import Client

from sellers.models import SellerAccount
from sellers.seller_file.importing import import_seller

Document = dict[str, Any]

KEY = "Ab3d9kQ2mN5pR8sT1vW4"


def a_seller(**changes: Any) -> Document:
    """One SKU, one warehouse with 10 of it, one policy that goes everywhere in Brazil."""
    return {
        "format": 1,
        "account": an_account(),
        "warehouses": [a_warehouse("SP")],
        "skus": [a_sku("mug")],
        "stock": [a_level("mug", "SP", 10)],
        "shipping_policies": [a_policy("economy")],
    } | changes


def an_account(**changes: Any) -> Document:
    return {
        "slug": "acme",
        "name": "Acme",
        "seller_id": "acme01",
        "marketplace_account": "bigstore",
        "marketplace_url": "https://bigstore.vtexcommercestable.com.br",
        "app_key": "vtexappkey-acme",
        "app_token": "outbound-token",
        "endpoint_key": KEY,
        "country": "BRA",
        "currency": "BRL",
        "timezone": "America/Sao_Paulo",
    } | changes


def a_warehouse(code: str, **changes: Any) -> Document:
    return {
        "code": code,
        "name": code,
        "postal_code": "01000-000",
        "country": "BRA",
        "priority": 0,
        "cutoff": "14:00",
        "handling_days": 0,
    } | changes


def a_sku(ref: str, **changes: Any) -> Document:
    return {"id": ref, "name": ref, "weight_g": 500, "price": 4990} | changes


def a_level(sku: str, warehouse: str, on_hand: int, *, safety: int = 0) -> Document:
    return {"sku": sku, "warehouse": warehouse, "on_hand": on_hand, "safety": safety}


def a_policy(ref: str, **changes: Any) -> Document:
    return {
        "id": ref,
        "name": ref.title(),
        "channel": "delivery",
        "warehouses": ["SP"],
        "rates": [a_rate()],
    } | changes


def a_rate(postal_from: str = "00000000", postal_to: str = "99999999", **changes: Any) -> Document:
    return {
        "country": "BRA",
        "postal_from": postal_from,
        "postal_to": postal_to,
        "max_weight_g": None,
        "price": 1500,
        "estimate": "2bd",
    } | changes


def open_shop(now: datetime, **changes: Any) -> SellerAccount:
    """The seller of `a_seller(**changes)`, in the database."""
    return import_seller(a_seller(**changes), now=now).account


def ask(client: Client, *items: Any, key: str = KEY, query: str = "", **fields: Any) -> Any:
    """POST a simulation of these items, given as refs, (ref, quantity) or whole lines."""
    body = {"items": [_line(item) for item in items]} | fields
    response = client.post(address(key) + query, body, content_type="application/json")
    assert response.status_code == 200, response.content
    return response.json()


def ask_by_get(client: Client, context: Any, **query: str) -> Any:
    parameters = urlencode({"purchaseContext": json.dumps(context)} | query)
    return client.get(f"{address()}?{parameters}")


def address(key: str = KEY) -> str:
    return f"/api/{key}/pvt/orderForms/simulation"


def _line(item: Any) -> Any:
    if isinstance(item, dict):
        return item
    ref, quantity = item if isinstance(item, tuple) else (item, 1)
    return {"id": ref, "quantity": quantity, "seller": "acme01"}


def sla_ids(row: Document) -> list[str]:
    return [sla["id"] for sla in row["slas"]]
