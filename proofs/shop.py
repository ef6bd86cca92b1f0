"""A small seller for proofs, by the seller file, and the orders that shoppers place with it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

ENDPOINT_KEY = "ProofOfStock2mN5pR8s"
PRICE, FREIGHT = 4990, 1500
WAREHOUSES = ("SP", "RJ", "MG")
PLACE_PATH = f"/api/{ENDPOINT_KEY}/pvt/orders"


def open_shop(*, stock: Mapping[str, Sequence[int]], now: datetime) -> None:
    """SKUs by ref, each with so many units in each of the three warehouses, delivered anywhere."""
    from sellers.seller_file.importing import import_seller

    import_seller(_document(stock), now=now)


def _document(stock: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    return {
        "format": 1,
        "account": {
            "slug": "proof",
            "name": "Proof",
            "seller_id": "proof",
            "marketplace_account": "bigstore",
            "marketplace_url": "http://127.0.0.1:9",
            "endpoint_key": ENDPOINT_KEY,
            "country": "BRA",
            "currency": "BRL",
            "timezone": "America/Sao_Paulo",
        },
        "warehouses": [
            {"code": code, "name": code, "country": "BRA", "priority": place}
            for place, code in enumerate(WAREHOUSES)
        ],
        "skus": [{"id": ref, "name": ref, "weight_g": 500, "price": PRICE} for ref in stock],
        "stock": [
            {"sku": ref, "warehouse": code, "on_hand": units}
            for ref, shelves in stock.items()
            for code, units in zip(WAREHOUSES, shelves, strict=True)
        ],
        "shipping_policies": [
            {
                "id": "normal",
                "name": "Normal",
                "channel": "delivery",
                "warehouses": list(WAREHOUSES),
                "rates": [_rate()],
            }
        ],
    }


def _rate() -> dict[str, Any]:
    span = {"postal_from": "00000000", "postal_to": "99999999", "max_weight_g": None}
    return span | {"country": "BRA", "price": FREIGHT, "estimate": "2bd"}


def placement(number: int, quantities: Mapping[str, int]) -> bytes:
    """The body of a call that places order `number`: units by SKU ref, freight once a line."""
    lines = list(quantities.items())
    order = {
        "marketplaceOrderId": f"14{number:011d}-01",
        "marketplaceServicesEndpoint": "http://127.0.0.1:9",
        "marketplacePaymentValue": sum(PRICE * units + FREIGHT for _ref, units in lines),
        "items": [
            {"id": ref, "quantity": units, "seller": "proof", "price": PRICE, "priceTags": []}
            for ref, units in lines
        ],
        "clientProfileData": {"email": f"shopper{number}@example.com"},
        "shippingData": {
            "address": {"postalCode": "01310-100", "country": "BRA", "state": "SP"},
            "logisticsInfo": [
                {"itemIndex": index, "selectedSla": "normal", "lockTTL": "1d", "price": FREIGHT}
                for index in range(len(lines))
            ],
        },
    }
    return json.dumps([order]).encode()
