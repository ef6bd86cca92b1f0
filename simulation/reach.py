"""Who can serve the destination now, and so whose stock counts. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from simulation import calendar
from simulation.areas import Area, area_of
from simulation.freight import Lane, destination
from simulation.notes import Notes, range_facts, service_facts, window_facts
from simulation.types import (
    CHANNELS,
    Cart,
    Destination,
    Policy,
    Rate,
    Snapshot,
    Tariff,
    WarehouseId,
    Window,
)

Warehouses = tuple[WarehouseId, ...]
#: Of a policy that may be closed: the windows that are left, none for one that has no windows.
Opening = tuple[Window, ...]


class Service(NamedTuple):
    """A policy that is open for the destination now."""

    policy: Policy
    lane: Lane
    windows: tuple[Window, ...]


class Priced(NamedTuple):
    """A service that carries a certain weight, and its rate for it."""

    policy: Policy
    rate: Rate
    windows: tuple[Window, ...]


class Reach(NamedTuple):
    """Whose stock counts, overall and by channel; no services: there is nothing to quote.

    `preferences` are the lists of warehouses a line may be sent from, each once; `parties` are all
    lists that are named here. Between two neighbouring `limits` (in grams, an edge belongs to what
    is below it) all weights have the same rates; `rates` has those that were asked for.
    """

    services: tuple[Service, ...]
    warehouses: Warehouses
    by_channel: tuple[tuple[str, Warehouses], ...]
    preferences: tuple[Warehouses, ...]
    parties: tuple[Warehouses, ...]
    limits: tuple[int, ...]
    rates: dict[int, tuple[Priced, ...]]

    def step(self, weight_g: int) -> int:
        """Weights of one step have the same rates."""
        return bisect_left(self.limits, weight_g)

    def rates_of(self, step: int, weight_g: int) -> tuple[Priced, ...]:
        """The services that carry a weight of this step."""
        known = self.rates.get(step)
        if known is None:
            found = ((each, each.lane.rate(weight_g)) for each in self.services)
            known = tuple(Priced(s.policy, rate, s.windows) for s, rate in found if rate)
            self.rates[step] = known
        return known


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
        return _everywhere(snapshot.tariff)
    area = area_of(snapshot.tariff, where)
    state = tuple(_opening(each.policy, snapshot, now, notes) for each in area.conditional)
    known: Reach | None = area.states.get(state)
    if known is None:
        known = _open_in(area, state) or _everywhere(snapshot.tariff)
        area.keep(state, known)
    if notes.tracing:
        _note(known, where, snapshot, now, notes)
    return known


def _opening(policy: Policy, snapshot: Snapshot, now: datetime, notes: Notes) -> Opening | None:
    """None while the policy takes no orders."""
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
    return windows


def _note(
    known: Reach, where: Destination, snapshot: Snapshot, now: datetime, notes: Notes
) -> None:
    served = {each.policy.ref for each in area_of(snapshot.tariff, where).lanes}
    for policy in snapshot.tariff.policies:
        if policy.ref not in served:
            notes.trace("no-range", policy=policy.ref, **range_facts(policy, where))
    for service in known.services:
        facts = service_facts(service.policy, where, booked=snapshot.booked, now=now)
        notes.trace("serves", policy=service.policy.ref, **facts)


# --- what follows from who is open ----------------------------------------------------------------


def _open_in(area: Area, state: Sequence[Opening | None]) -> Reach | None:
    """None when nobody is."""
    openings = {
        each.policy.id: opening for each, opening in zip(area.conditional, state, strict=True)
    }
    found = ((each, openings.get(each.policy.id, ())) for each in area.lanes)
    services = tuple(
        Service(each.policy, each, windows) for each, windows in found if windows is not None
    )
    return _reach(services) if services else None


def _reach(services: tuple[Service, ...]) -> Reach:
    policies = [service.policy for service in services]
    warehouses, by_channel = _warehouses(policies), _by_channel(policies)
    preferences = tuple(dict.fromkeys(policy.warehouses for policy in policies))
    parties = dict.fromkeys([warehouses, *(places for _name, places in by_channel), *preferences])
    limits = {limit for service in services for limit in service.lane.limits}
    return Reach(
        services=services,
        warehouses=warehouses,
        by_channel=by_channel,
        preferences=preferences,
        parties=tuple(parties),
        limits=tuple(sorted(limits)),
        rates={},
    )


def _everywhere(tariff: Tariff) -> Reach:
    warehouses, by_channel = tuple(tariff.depots), _by_channel(tariff.policies)
    parties = dict.fromkeys([warehouses, *(places for _name, places in by_channel)])
    return Reach((), warehouses, by_channel, (warehouses,), tuple(parties), (), {})


def _warehouses(policies: Iterable[Policy]) -> Warehouses:
    return tuple(dict.fromkeys(place for policy in policies for place in policy.warehouses))


def _by_channel(policies: Sequence[Policy]) -> tuple[tuple[str, Warehouses], ...]:
    return tuple((name, _warehouses(p for p in policies if p.channel == name)) for name in CHANNELS)
