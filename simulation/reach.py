"""Who can serve the destination now, and so whose stock counts. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from simulation import calendar
from simulation.freight import destination, ladder
from simulation.notes import Notes, range_facts, service_facts, window_facts
from simulation.types import (
    CHANNELS,
    Cart,
    Destination,
    Policy,
    Rate,
    Snapshot,
    WarehouseId,
    Window,
)


class Service(NamedTuple):
    """A policy that is open for the destination now."""

    policy: Policy
    rates: tuple[Rate, ...]
    windows: tuple[Window, ...]


class Reach(NamedTuple):
    """Whose stock counts, overall and by channel; no services: there is nothing to quote."""

    services: tuple[Service, ...]
    warehouses: tuple[WarehouseId, ...]
    by_channel: tuple[tuple[str, tuple[WarehouseId, ...]], ...]


def reach(cart: Cart, snapshot: Snapshot, now: datetime, notes: Notes) -> Reach:
    """The policies open for the cart's destination at `now` (local time).

    Without a destination, or when no policy goes there, every warehouse counts.
    """
    where = destination(
        country=cart.country,
        postal_code=cart.postal_code,
        home_country=snapshot.account.country,
    )
    if where is None:
        notes.trace("no-destination")
    else:
        found = (_service(p, where, snapshot, now, notes) for p in snapshot.tariff.policies)
        services = sorted((service for service in found if service), key=_place)
        if services:
            serving = [service.policy for service in services]
            return Reach(tuple(services), _warehouses(serving), _by_channel(serving))
    tariff = snapshot.tariff
    return Reach((), tuple(tariff.depots), _by_channel(tariff.policies))


def _service(
    policy: Policy, where: Destination, snapshot: Snapshot, now: datetime, notes: Notes
) -> Service | None:
    rates = ladder(policy, where)
    if not rates:
        if notes.tracing:
            notes.trace("no-range", policy=policy.ref, **range_facts(policy, where))
        return None
    if policy.daily_capacity is not None:
        taken = calendar.taken_today(policy, snapshot.booked, now)
        if taken >= policy.daily_capacity:
            limit = policy.daily_capacity
            notes.trace("capacity-full", policy=policy.ref, taken=taken, capacity=limit)
            return None
    windows = calendar.open_windows(policy, booked=snapshot.booked, now=now)
    if policy.scheduled and not windows:
        if notes.tracing:
            facts = window_facts(policy, booked=snapshot.booked, now=now)
            notes.trace("no-window", policy=policy.ref, **facts)
        return None
    if notes.tracing:
        facts = service_facts(policy, where, booked=snapshot.booked, now=now)
        notes.trace("serves", policy=policy.ref, **facts)
    return Service(policy, rates, windows)


def _place(service: Service) -> tuple[str, int, str]:
    """Channel, price, id; the price is the lightest line's, so that the order of the quotes is the
    same for every item of the cart, light or heavy."""
    return service.policy.channel, service.rates[0].price, service.policy.ref


def _warehouses(policies: Iterable[Policy]) -> tuple[WarehouseId, ...]:
    return tuple(dict.fromkeys(place for policy in policies for place in policy.warehouses))


def _by_channel(policies: Sequence[Policy]) -> tuple[tuple[str, tuple[WarehouseId, ...]], ...]:
    return tuple((name, _warehouses(p for p in policies if p.channel == name)) for name in CHANNELS)
