"""The admin screens of what the seller owns; one file per subject."""

from sellers.admin import (
    accounts,
    audits,
    calendar,
    catalogue,
    ledger,
    outbox,
    people,
    shipping,
    stock,
    warehouses,
)

__all__ = [
    "accounts",
    "audits",
    "calendar",
    "catalogue",
    "ledger",
    "outbox",
    "people",
    "shipping",
    "stock",
    "warehouses",
]
