"""A small, complete seller file to begin from, and the ways tests load it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from django.core.management import call_command

Document = dict[str, Any]


def a_seller_file(**changes: Any) -> Document:
    """Two warehouses, two SKUs, a pickup point, two policies; top-level keys can be replaced."""
    document: Document = {
        "format": 1,
        "account": an_account(),
        "warehouses": [
            {"code": "SP", "name": "São Paulo", "postal_code": "01000-000", "country": "BRA"},
            {"code": "PE", "name": "Recife", "priority": 5, "cutoff": "11:30", "handling_days": 1},
        ],
        "pickup_points": [a_pickup_point()],
        "skus": [a_sku("mug-1"), a_sku("0123", price=1250, list_price=1500)],
        "stock": [
            {"sku": "mug-1", "warehouse": "SP", "on_hand": 10, "safety": 2},
            {"sku": "0123", "warehouse": "PE", "on_hand": 7},
        ],
        "shipping_policies": [
            a_policy("economy", rates=[a_rate("00000000", "49999999"), a_rate("50000000")]),
            a_policy(
                "counter", channel="pickup-in-point", pickup_point="centro", warehouses=["SP"]
            ),
        ],
    }
    return document | changes


def an_account(**changes: Any) -> Document:
    account = {
        "slug": "acme",
        "name": "Acme",
        "seller_id": "acme01",
        "marketplace_account": "bigstore",
        "marketplace_url": "https://bigstore.vtexcommercestable.com.br",
        "app_key": "vtexappkey-acme",
        "app_token": "outbound-token",
        "inbound_app_key": "vtexappkey-bigstore",
        "inbound_app_token": "inbound-token",
        "endpoint_key": "Ab3d9kQ2mN5pR8sT1vW4",
        "hook_header_name": "X-Hook-Secret",
        "hook_header_value": "hook-secret",
        "country": "BRA",
        "currency": "BRL",
        "timezone": "America/Sao_Paulo",
        "affiliate_id": "ACM",
    }
    return account | changes


def a_sku(ref: str, **changes: Any) -> Document:
    return {"id": ref, "name": f"Item {ref}", "weight_g": 300, "price": 4990} | changes


def a_pickup_point(**changes: Any) -> Document:
    address = {
        "postal_code": "01310-100",
        "city": "São Paulo",
        "state": "SP",
        "country": "BRA",
        "street": "Avenida Paulista",
        "number": "1000",
        "neighborhood": "Bela Vista",
        "complement": "",
        "reference": "",
        "geo_coordinates": [-46.65, -23.56],
    }
    return {"id": "centro", "friendly_name": "Balcão Centro", "address": address} | changes


def a_policy(ref: str, **changes: Any) -> Document:
    return {"id": ref, "name": ref.title(), "warehouses": ["SP", "PE"]} | changes


def a_rate(postal_from: str, postal_to: str = "99999999", **changes: Any) -> Document:
    rate = {"country": "BRA", "postal_from": postal_from, "postal_to": postal_to}
    return rate | {"max_weight_g": None, "price": 1990, "estimate": "3bd"} | changes


def load(document: Any, directory: Path, *options: str) -> str:
    """Import through the command; what it printed. Raises CommandError as the command does."""
    return load_bytes(json.dumps(document).encode(), directory, *options)


def load_bytes(content: bytes, directory: Path, *options: str) -> str:
    file = directory / "seller.json"
    file.write_bytes(content)
    out = io.StringIO()
    call_command("import_seller", str(file), *options, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def dump(slug: str = "acme", *options: str) -> Document:
    """Export through the command."""
    out = io.StringIO()
    call_command("export_seller", slug, *options, stdout=out, stderr=io.StringIO())
    document: Document = json.loads(out.getvalue())
    return document
