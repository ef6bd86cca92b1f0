"""The reasoning behind an answer, kept as data. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from simulation.calendar import ready_on
from simulation.types import Decision, Depot, Offer, Quote, WarehouseId

Depots = Mapping[WarehouseId, Depot]


class Notes:
    """Decisions in the order they were made: refusals of items always, all steps when tracing."""

    def __init__(self, *, tracing: bool) -> None:
        self.tracing = tracing
        self.decisions: list[Decision] = []

    def keep(
        self, code: str, /, *, item: int | None = None, policy: str | None = None, **facts: Any
    ) -> None:
        self.decisions.append(Decision(code, item, policy, facts))

    def trace(
        self, code: str, /, *, item: int | None = None, policy: str | None = None, **facts: Any
    ) -> None:
        if self.tracing:
            self.keep(code, item=item, policy=policy, **facts)


def price_facts(offer: Offer) -> dict[str, Any]:
    return {
        "sku": offer.ref,
        "price": offer.price,
        "source": "sales-channel" if offer.price_is_of_channel else "sku",
        "valid_until": offer.price_valid_until and offer.price_valid_until.isoformat(),
    }


def stock_facts(
    offer: Offer, *, depots: Depots, counting: Iterable[WarehouseId], earlier_lines: int
) -> dict[str, Any]:
    """The arithmetic of every shelf, and which of them count for the destination."""
    counted = set(counting)
    return {
        "sku": offer.ref,
        "earlier_lines": earlier_lines,
        "shelves": [
            {"warehouse": depots[place].code, "counts": place in counted}
            | shelf._asdict()
            | {"available": shelf.available}
            for place, shelf in sorted(offer.shelves.items())
            if place in depots
        ],
    }


def quote_facts(quote: Quote, *, weight_g: int, depots: Depots, now: datetime) -> dict[str, Any]:
    """Band, rate and promise of a quote, and the hand-over of each warehouse that serves."""
    return {
        "price": quote.price,
        "weight_g": weight_g,
        "up_to_g": quote.rate.max_weight_g,
        "rate_estimate": quote.rate.estimate,
        "estimate": quote.promise.estimate,
        "by": quote.promise.by.isoformat(),
        "windows": len(quote.windows),
        "warehouses": [
            {
                "warehouse": depots[take.warehouse].code,
                "quantity": take.quantity,
                "cutoff": f"{depots[take.warehouse].cutoff:%H:%M}",
                "handling_days": depots[take.warehouse].handling_days,
                "ready": ready_on(now, depots[take.warehouse]).isoformat(),
            }
            for take in quote.takes
        ],
    }
