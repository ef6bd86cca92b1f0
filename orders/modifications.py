"""A change of an order as the marketplace asks for it: typed, in cents. Pure.

Removing and adding are halves of the same thing: a swap of units for others. VTEX's `replace` has
both halves, `add` and `remove` have one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from orders import wire
from sellers.errors import DomainError
from sellers.money import Cents

#: What tells one change from another of the same id.
_ESSENTIAL = (
    "reason",
    "add",
    "remove",
    "replace",
    "manualdiscountvalue",
    "manualincrementvalue",
)


@dataclass(frozen=True, slots=True)
class Removal:
    """Units to take off a line; the line is named by `unique_id`, else by the SKU."""

    ref: str
    unique_id: str
    quantity: int
    price_cents: Cents | None


@dataclass(frozen=True, slots=True)
class Addition:
    """Units to add as a line. What is None or empty follows the line they stand in for."""

    ref: str
    unique_id: str
    quantity: int
    seller: str
    price_cents: Cents | None
    unit_multiplier: Decimal | None
    discount_cents: Cents
    services_cents: Cents
    freight_cents: Cents | None
    policy_ref: str
    channel: str


@dataclass(frozen=True, slots=True)
class Swap:
    removals: tuple[Removal, ...] = ()
    additions: tuple[Addition, ...] = ()


@dataclass(frozen=True, slots=True)
class Modification:
    """`request_id` is empty when the marketplace leaves naming it to us; `manual_cents` is what it
    adds to the order's value beside the lines, below zero for a discount."""

    request_id: str
    reason: str
    swaps: tuple[Swap, ...]
    manual_cents: Cents
    document: Mapping[str, Any]
    fingerprint: str


def modification_of(
    valid: Mapping[str, Any], *, document: Mapping[str, Any], path_id: str = ""
) -> Modification:
    """`valid` is ChangeOrder's view of `document`. Raises DomainError when nothing is asked."""
    swaps = tuple(swap for swap in _swaps(valid) if swap.removals or swap.additions)
    manual = (valid.get("manual_increment_value") or 0) - (valid.get("manual_discount_value") or 0)
    if not swaps and not manual:
        raise DomainError("nothing-asked", "The change adds, removes and replaces nothing.")
    return Modification(
        request_id=path_id or valid.get("change_request_id") or valid.get("request_id") or "",
        reason=(valid.get("reason") or "")[:300],
        swaps=swaps,
        manual_cents=manual,
        document=document,
        fingerprint=_fingerprint_of(document),
    )


def _fingerprint_of(document: Mapping[str, Any]) -> str:
    known = {key.casefold(): value for key, value in document.items()}
    return hashlib.sha256(wire.canonical({key: known.get(key) for key in _ESSENTIAL})).hexdigest()


def _swaps(valid: Mapping[str, Any]) -> Iterator[Swap]:
    for part in valid.get("remove") or ():
        yield Swap(removals=tuple(_removals(part)))
    for pair in valid.get("replace") or ():
        yield Swap(tuple(_removals(pair["from_"])), tuple(_additions(pair["to"])))
    for part in valid.get("add") or ():
        yield Swap(additions=tuple(_additions(part)))


def _removals(part: Mapping[str, Any]) -> Iterator[Removal]:
    for item in _items(part):
        yield Removal(
            ref=item["id"],
            unique_id=item.get("unique_id") or "",
            quantity=item["quantity"],
            price_cents=item.get("price"),
        )


def _additions(part: Mapping[str, Any]) -> Iterator[Addition]:
    shipping = part.get("shipping_data") or {}
    rows = {
        row.get("item_index", position): row
        for position, row in enumerate(shipping.get("logistics_info") or ())
    }
    for index, item in enumerate(_items(part)):
        yield _addition(item, rows.get(index) or {})


def _addition(item: Mapping[str, Any], row: Mapping[str, Any]) -> Addition:
    price = item.get("price")
    return Addition(
        ref=item["id"],
        unique_id=item.get("unique_id") or "",
        quantity=item["quantity"],
        seller=item.get("seller") or "",
        price_cents=item.get("selling_price") if price is None else price,
        unit_multiplier=item.get("unit_multiplier") or None,
        discount_cents=item.get("manual_discount_value") or 0,
        services_cents=item.get("manual_increment_value") or 0,
        freight_cents=row.get("price"),
        policy_ref=row.get("selected_sla") or "",
        channel=(row.get("selected_delivery_channel") or "")[:20],
    )


def _items(part: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    items: Iterable[Mapping[str, Any]] = part.get("items") or ()
    return items
