"""Placed prices against ours, and an order's rows against its total. Pure but for its types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from orders.placements import PlacedLine, Placement
from sellers.models import SellerAccount, Sku
from sellers.money import Cents
from simulation import core
from simulation.types import Destination, Tariff

Difference = dict[str, Any]


def differences(
    placement: Placement,
    *,
    account: SellerAccount,
    skus: Mapping[str, Sku],
    prices: Mapping[int, Cents | None],
    tariff: Tariff,
) -> list[Difference]:
    """Unit prices and freights that differ from ours beyond the account's tolerance."""
    where = core.destination(
        country=placement.country, postal_code=placement.postal_code, home_country=account.country
    )
    found: list[Difference] = []
    for line in placement.lines:
        sku = skus[line.ref]
        ours = {
            "price": (line.price_cents, prices[sku.pk]),
            "freight": (line.freight_cents, _freight(line, sku, tariff, where)),
        }
        found += _beyond(ours.items(), line=line, account=account)
    return found


def _freight(line: PlacedLine, sku: Sku, tariff: Tariff, where: Destination | None) -> Cents | None:
    """What we quote for the line, its delivery window included; None: we would not have."""
    if where is None:
        return None
    weight = sku.weight_g * line.quantity
    rate = core.find_rate(tariff, policy_ref=line.policy_ref, where=where, weight_g=weight)
    return None if rate is None else rate.price + _window_price(line, tariff)


def _window_price(line: PlacedLine, tariff: Tariff) -> Cents:
    policy = next(each for each in tariff.policies if each.ref == line.policy_ref)
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
    percent = Decimal(account.price_tolerance_percent)
    return gap <= account.price_tolerance_cents or gap * 100 <= percent * ours


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
