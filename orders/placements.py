"""What is placed, once its shape is known to be right: typed, in cents, line by line. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from orders import wire
from orders.extras import extras_of
from sellers.errors import DomainError
from sellers.money import Cents, line_total

#: Beyond this a sum is a slip; bigint would hold a thousand times more.
_MOST_CENTS = 10**15
#: What tells one order from another. Payment and marketing data may change between two tries.
_ESSENTIAL = (
    "marketplaceorderid",
    "marketplaceordergroup",
    "marketplacepaymentvalue",
    "items",
    "shippingdata",
    "clientprofiledata",
    "opentextfield",
)
_SPANS = {
    "bd": timedelta(days=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
}


@dataclass(slots=True)  # not frozen: there are many of them, and that would take thrice as long
class PlacedLine:
    index: int
    ref: str
    unique_id: str
    quantity: int
    seller: str
    price_cents: Cents
    unit_multiplier: Decimal
    items_cents: Cents
    discount_cents: Cents
    services_cents: Cents
    freight_cents: Cents
    policy_ref: str
    channel: str
    shipping_estimate: str
    lock_ttl: str
    window_starts_at: datetime | None
    window_ends_at: datetime | None
    is_gift: bool
    extras: list[str]
    commission: Decimal | None
    freight_commission: Decimal | None

    @property
    def window(self) -> tuple[datetime, datetime] | None:
        if self.window_starts_at and self.window_ends_at:
            return self.window_starts_at, self.window_ends_at
        return None


@dataclass(frozen=True, slots=True)
class Placement:
    """An order as the marketplace places it; `document` is what was sent, untouched."""

    marketplace_order_id: str
    marketplace_order_group: str
    services_endpoint: str
    payment_value_cents: Cents
    lines: tuple[PlacedLine, ...]
    country: str
    postal_code: str
    state: str
    city: str
    receiver: str
    sales_channel: str
    operation_id: str
    document: Mapping[str, Any]
    fingerprint: str
    #: Of the order in the call it came with, `[1].`; empty when it came alone.
    path: str = ""


def placement_of(
    valid: Mapping[str, Any],
    *,
    document: Mapping[str, Any],
    sales_channel: str,
    operation_id: str,
    path: str = "",
) -> Placement:
    """`valid` is PlacedOrder's view of `document`. Raises DomainError naming the line at fault."""
    address = valid["shipping_data"].get("address") or {}
    return Placement(
        marketplace_order_id=valid["marketplace_order_id"],
        marketplace_order_group=valid.get("marketplace_order_group") or "",
        services_endpoint=valid.get("marketplace_services_endpoint") or "",
        payment_value_cents=valid["marketplace_payment_value"],
        lines=_lines(valid, path),
        country=(address.get("country") or "").strip().upper()[:3],
        postal_code=(address.get("postal_code") or "").strip()[:20],
        state=(address.get("state") or "")[:60],
        city=(address.get("city") or "")[:100],
        receiver=(address.get("receiver_name") or "")[:200],
        sales_channel=sales_channel[:20],
        operation_id=operation_id[:60],
        document=document,
        fingerprint=fingerprint_of(document),
        path=path,
    )


def fingerprint_of(document: Mapping[str, Any]) -> str:
    """SHA-256 of what was ordered, so that a retry is told from another order of the same id."""
    known = {key.casefold(): value for key, value in document.items()}
    essential = {key: known.get(key) for key in _ESSENTIAL}
    return hashlib.sha256(wire.canonical(essential)).hexdigest()


def _lines(valid: Mapping[str, Any], path: str) -> tuple[PlacedLine, ...]:
    rows = _logistics_by_item(valid["shipping_data"]["logistics_info"], path)
    lines = []
    for index, item in enumerate(valid["items"]):
        if index not in rows:
            raise _fault(f"{path}items[{index}]", "shippingData.logisticsInfo has no row for it")
        lines.append(_line(index, item, rows[index], path))
    return tuple(lines)


def _logistics_by_item(
    rows: Sequence[Mapping[str, Any]], path: str
) -> dict[int, Mapping[str, Any]]:
    found: dict[int, Mapping[str, Any]] = {}
    for position, row in enumerate(rows):
        index = row.get("item_index", position)
        if index in found:
            where = f"{path}shippingData.logisticsInfo[{position}].itemIndex"
            raise _fault(where, f"item {index} has a row already")
        found[index] = row
    return found


def _line(index: int, item: Mapping[str, Any], row: Mapping[str, Any], path: str) -> PlacedLine:
    if not row.get("selected_sla"):
        raise _fault(f"{path}items[{index}]", "no delivery option (selectedSla) was chosen")
    multiplier = item.get("unit_multiplier") or Decimal(1)
    goods = line_total(
        price_cents=item["price"], quantity=item["quantity"], unit_multiplier=multiplier
    )
    tags = [tag.get("value") or 0 for tag in item.get("price_tags") or ()]
    services = sum(_service(each) for each in item.get("bundle_items") or ())
    if goods + services > _MOST_CENTS:
        raise _fault(f"{path}items[{index}]", "costs more than can be right")
    window = row.get("delivery_window") or {}
    return PlacedLine(
        index=index,
        ref=item["id"],
        unique_id=item.get("unique_id") or "",
        quantity=item["quantity"],
        seller=item.get("seller") or "",
        price_cents=item["price"],
        unit_multiplier=multiplier,
        items_cents=goods,
        discount_cents=-sum(value for value in tags if value < 0),
        services_cents=services + sum(value for value in tags if value > 0),
        freight_cents=row.get("price") or 0,
        policy_ref=row["selected_sla"],
        channel=(row.get("selected_delivery_channel") or "")[:20],
        shipping_estimate=(row.get("shipping_estimate") or "")[:10],
        lock_ttl=row.get("lock_ttl") or "",
        window_starts_at=window.get("start_date_utc"),
        window_ends_at=window.get("end_date_utc"),
        is_gift=bool(item.get("is_gift")),
        extras=extras_of(item),
        commission=item.get("commission"),
        freight_commission=item.get("freight_commission"),
    )


def _service(bundle: Mapping[str, Any]) -> Cents:
    price, quantity = bundle.get("price") or 0, bundle.get("quantity")
    return price * (1 if quantity is None else quantity)


def _fault(path: str, reason: str) -> DomainError:
    return DomainError("invalid-field", f"{path}: {reason}.")


def hold_time(
    lines: Sequence[PlacedLine], *, default_minutes: int, longest_minutes: int
) -> timedelta:
    """How long the stock is held: the longest lockTTL of the lines, within the account's bounds.

    Business days count as days here: too long a hold is mended by a cancellation, too short a one
    by nobody.
    """
    asked = [_span(line.lock_ttl) for line in lines if line.lock_ttl]
    wanted = max(asked, default=timedelta(minutes=default_minutes))
    return min(wanted, timedelta(minutes=longest_minutes))


def _span(lock_ttl: str) -> timedelta:
    unit = lock_ttl.lstrip("0123456789")
    return _SPANS[unit] * int(lock_ttl[: -len(unit)])
