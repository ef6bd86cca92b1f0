"""A seller as the seller file tells it: odd cents, two warehouses, two deliveries."""

from __future__ import annotations

from typing import Any

_RATE = {
    "country": "BRA",
    "postal_from": "01000000",
    "postal_to": "39999999",
    "max_weight_g": None,
    "estimate": "2bd",
}

DOCUMENT: dict[str, Any] = {
    "format": 1,
    "account": {
        "slug": "acme",
        "name": "Acme",
        "seller_id": "acme",
        "marketplace_account": "bigstore",
        "marketplace_url": "https://bigstore.vtexcommercestable.com.br",
        "app_key": "vtexappkey-acme",
        "app_token": "not-for-the-stand-in",
        "country": "BRA",
        "currency": "BRL",
        "timezone": "America/Sao_Paulo",
    },
    "warehouses": [
        {"code": "SP", "name": "São Paulo", "country": "BRA", "priority": 0},
        {"code": "RJ", "name": "Rio", "country": "BRA", "priority": 1},
    ],
    "skus": [
        {"id": "mug", "name": "Mug", "weight_g": 300, "price": 1717},
        {"id": "tea", "name": "Tea", "weight_g": 90, "price": 199, "unit_multiplier": 0.3},
        {"id": "pot", "name": "Pot", "weight_g": 900, "price": 9990},
    ],
    "stock": [
        {"sku": "mug", "warehouse": "SP", "on_hand": 3},
        {"sku": "tea", "warehouse": "RJ", "on_hand": 2},
        {"sku": "pot", "warehouse": "SP", "on_hand": 1},
    ],
    "shipping_policies": [
        {
            "id": "normal",
            "name": "Normal",
            "channel": "delivery",
            "warehouses": ["SP", "RJ"],
            "rates": [{**_RATE, "price": 1013}],
        },
        {
            "id": "express",
            "name": "Express",
            "channel": "delivery",
            "warehouses": ["SP"],
            "rates": [{**_RATE, "price": 2501, "estimate": "1bd"}],
        },
    ],
}
