"""Placed prices against ours, and an order's rows against its total. Pure but for its types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Protocol

from orders.placements import PlacedLine, Placement
from sellers.models import SellerAccount
from sellers.money import Cents
from simulation import freight
from simulation.types import Policy

Difference = dict[str, Any]


class Sold(Protocol):
    """A SKU and what we ask for it; None: nothing."""

    @property
    def weight_g(self) -> int: ...
    @property
    def price_cents(self) -> Cents | None: ...


def differences(
    placement: Placement,
    *,
    account: SellerAccount,
    skus: Mapping[str, Sold],
    policies: Mapping[str, Policy],
) -> list[Difference]:
    """Unit prices and freights that differ from ours beyond the account's tolerance."""
    where = freight.destination(
        country=placement.country, postal_code=placement.postal_code, home_country=account.country
    )
    lanes = {ref: freight.lane(policy, where) for ref, policy in policies.items()} if where else {}
    found: list[Difference] = []
    for line in placement.lines:
        sku = skus[line.ref]
        ours = {
            "price": (line.price_cents, sku.price_cents),
            "freight": (line.freight_cents, _freight(line, sku, lanes.get(line.policy_ref))),
        }
        found += _beyond(ours.items(), line=line, account=account)
    return found


def _freight(line: PlacedLine, sku: Sold, lane: freight.Lane | None) -> Cents | None:
    """What we quote for the line, its delivery window included; None: we would not have."""
    rate = lane.rate(sku.weight_g * line.quantity) if lane else None
    return rate.price + _window_price(line, lane.policy) if rate and lane else None


def _window_price(line: PlacedLine, policy: Policy) -> Cents:
    slots = {(window.starts_at, window.ends_at): window.price for window in policy.windows}
    return slots.get(line.window, 0) if line.window else 0


def _beyond(
    pairs: Iterable[tuple[str, tuple[Cents, Cents | None]]],
    *,
    line: PlacedLine,
    account: SellerAccount,
) -> list[Difference]:
    return [
        _row(what, placed, ours, line=line)
        for what, (placed, ours) in pairs
        if ours is None or not within(placed, ours, account=account)
    ]


def within(placed: Cents, ours: Cents, *, account: SellerAccount) -> bool:
    """Whether the difference is small enough by either tolerance, percent of ours or cents."""
    gap = abs(placed - ours)
    if gap <= account.price_tolerance_cents:
        return True
    return gap * 100 <= Decimal(account.price_tolerance_percent) * ours


def total_difference(placement: Placement) -> list[Difference]:
    """Whether the rows add up to what the marketplace pays; empty when they do."""
    ours = sum(total_of(line) for line in placement.lines)
    if ours == placement.payment_value_cents:
        return []
    return [_row("total", placement.payment_value_cents, ours)]


def total_of(line: PlacedLine) -> Cents:
    return line.items_cents - line.discount_cents + line.services_cents + line.freight_cents


def _row(
    what: str, placed: Cents, ours: Cents | None, *, line: PlacedLine | None = None
) -> Difference:
    row: Difference = {"what": what, "placed_cents": placed, "ours_cents": ours}
    return row | {"line": line.index, "sku": line.ref} if line else row


def sentence(rows: Sequence[Difference], *, path: str = "") -> str:
    """For the marketplace: each difference with its line; `path` is the order's in its call."""
    return "; ".join(
        f"{path}items[{row['line']}].{row['what']}: {row['placed_cents']} placed, "
        f"{'none' if row['ours_cents'] is None else row['ours_cents']} ours"
        for row in rows
    )
