"""Snapshots made by hand, for tests of the pure core: no database."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

from simulation.types import (
    DELIVERY,
    Account,
    Band,
    Calendar,
    Cart,
    Depot,
    Item,
    Offer,
    Policy,
    Snapshot,
    Tariff,
)

NOW = datetime(2026, 3, 10, 13, tzinfo=UTC)
WEEKDAYS = Calendar(frozenset({5, 6}), frozenset())


def a_depot(number: int, **changes: Any) -> Depot:
    depot = Depot(number, f"W{number}", time(14), 0, WEEKDAYS)
    return depot._replace(**changes)


def a_band(max_weight_g: int | None, *cells: tuple[int, int, int, str]) -> Band:
    starts, ends, prices, estimates = zip(*cells, strict=True)
    return Band(max_weight_g, starts, ends, prices, estimates)


def a_policy(number: int, *bands: Band, **changes: Any) -> Policy:
    values: dict[str, Any] = {
        "id": number,
        "ref": f"policy-{number}",
        "name": f"Policy {number}",
        "channel": DELIVERY,
        "warehouses": (1,),
        "bands": {"BRA": {8: bands}},
    }
    return Policy(**(values | changes))


def an_offer(ref: str, shelves: dict[int, int], **changes: Any) -> Offer:
    offer = Offer(
        id=sum(map(ord, ref)),
        ref=ref,
        is_active=True,
        price=4990,
        list_price=4990,
        price_is_of_channel=False,
        price_valid_until=None,
        weight_g=500,
        measurement_unit="un",
        unit_multiplier=1.0,
        offerings=(),
        counts=[(place, units, 0, 0, 0) for place, units in shelves.items()],
    )
    return offer._replace(**changes)


def a_snapshot(depots: list[Depot], policies: list[Policy], offers: list[Offer]) -> Snapshot:
    return Snapshot(
        Account(1, "acme01", "BRA", "America/Sao_Paulo", 1),
        Tariff(1, {depot.id: depot for depot in depots}, tuple(policies), ("BRA",)),
        {offer.ref: offer for offer in offers},
    )


def a_cart(*wanted: tuple[str, int], postal_code: str | None = "22270030") -> Cart:
    items = tuple(Item(at, ref, units, "1") for at, (ref, units) in enumerate(wanted))
    return Cart(items, "BRA", postal_code)
