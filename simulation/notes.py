"""The reasoning behind an answer, kept as data. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal

from simulation.calendar import closed_days, closed_windows, ready_on, taken_today
from simulation.freight import Lane
from simulation.types import (
    Booked,
    Decision,
    Depot,
    Destination,
    Offer,
    Policy,
    Quote,
    Take,
    WarehouseId,
)

Depots = Mapping[WarehouseId, Depot]

#: Everything that can be decided; `simulation.sentences` says each of them in staff's language.
Code = Literal[
    # about a line of the cart
    "unknown-sku",
    "inactive-sku",
    "no-price",
    "price-expired",
    "out-of-stock",
    "no-stock-for-destination",
    "priced",
    "served",
    "served-in-part",
    # about a policy, for the whole cart
    "no-range",
    "capacity-full",
    "no-window",
    "serves",
    # about a policy, for one line
    "short",
    "too-heavy",
    "quoted",
    # about the cart
    "no-destination",
]

#: Said of a line that is not sold at all, and noted even when nobody traces.
REFUSALS: frozenset[str] = frozenset(
    {
        "unknown-sku",
        "inactive-sku",
        "no-price",
        "price-expired",
        "out-of-stock",
        "no-stock-for-destination",
    }
)
#: Why a line was not offered in full; other causes are of whole calls, which have no lines.
SHORTFALLS: frozenset[str] = REFUSALS | {"served-in-part", "no-delivery", "no-postal-code"}


class Notes:
    """Decisions in the order they were made: refusals of items always, all steps when tracing."""

    def __init__(self, *, tracing: bool) -> None:
        self.tracing = tracing
        self.decisions: list[Decision] = []

    def keep(
        self, code: Code, /, *, item: int | None = None, policy: str | None = None, **facts: Any
    ) -> None:
        self.decisions.append(Decision(code, item, policy, facts))

    def trace(
        self, code: Code, /, *, item: int | None = None, policy: str | None = None, **facts: Any
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
    units = offer.units()
    return {
        "sku": offer.ref,
        "earlier_lines": earlier_lines,
        "shelves": [
            {"warehouse": depots[place].code, "counts": place in counted}
            | shelf._asdict()
            | {"available": units[place]}
            for place, shelf in sorted(offer.shelves.items())
            if place in depots
        ],
    }


def range_facts(policy: Policy, where: Destination) -> dict[str, Any]:
    """Why a policy has no range for a destination: not the country, not such codes, or a gap."""
    return {
        "country": where.country,
        "postal_code": where.postal_code,
        "goes_to_country": where.country in policy.bands,
        "digits": sorted(policy.bands.get(where.country, {})),
    }


def service_facts(
    lane: Lane, where: Destination, *, booked: Mapping[Booked, int], now: datetime
) -> dict[str, Any]:
    """The ranges that match, what is booked of the day, the windows that are closed and why."""
    return {
        "bands": [
            {
                "first": f"{band.starts[0]:0{len(where.postal_code)}}",
                "last": f"{band.ends[0]:0{len(where.postal_code)}}",
                "up_to_g": band.max_weight_g,
                "price": band.prices[0],
                "estimate": band.estimates[0],
            }
            for band in lane.narrowed()
        ],
        "taken": taken_today(lane.policy, booked, now),
        "capacity": lane.policy.daily_capacity,
    } | window_facts(lane.policy, booked=booked, now=now)


def window_facts(policy: Policy, *, booked: Mapping[Booked, int], now: datetime) -> dict[str, Any]:
    closed = closed_windows(policy, booked=booked, now=now)
    return {
        "windows": len(policy.windows),
        "closed_windows": [
            {
                "starts_at": each.window.starts_at.isoformat(),
                "ends_at": each.window.ends_at.isoformat(),
                "why": each.why,
                "taken": each.taken,
                "capacity": each.window.capacity,
            }
            for each in closed
        ],
    }


def quote_facts(
    quote: Quote,
    offer: Offer,
    takes: Iterable[Take],
    *,
    weight_g: int,
    depots: Depots,
    now: datetime,
) -> dict[str, Any]:
    """Band, rate and promise of a quote, who could serve and the hand-over of each who does."""
    units = offer.units()
    return {
        "price": quote.price,
        "weight_g": weight_g,
        "up_to_g": quote.rate.max_weight_g,
        "rate_estimate": quote.rate.estimate,
        "estimate": quote.promise.estimate,
        "by": quote.promise.by.isoformat(),
        "windows": len(quote.windows),
        "preference": [
            {"warehouse": depots[place].code, "available": units.get(place, 0)}
            for place in quote.policy.warehouses
        ],
        "warehouses": [_hand_over(take, depots, quote, now) for take in takes],
    }


def _hand_over(take: Take, depots: Depots, quote: Quote, now: datetime) -> dict[str, Any]:
    depot = depots[take.warehouse]
    ready = ready_on(now, depot)
    on_the_way = closed_days(ready, quote.promise.by.date(), depot.calendar)
    return {
        "warehouse": depot.code,
        "quantity": take.quantity,
        "ordered": now.isoformat(),
        "cutoff": f"{depot.cutoff:%H:%M}",
        "after_cutoff": now.time() > depot.cutoff,
        "handling_days": depot.handling_days,
        "ready": ready.isoformat(),
        "closed": [day.isoformat() for day in closed_days(now.date(), ready, depot.calendar)],
        "closed_on_the_way": [day.isoformat() for day in on_the_way],
    }
