"""Who can serve the destination now, and so whose stock counts. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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
    Snapshot,
    Tariff,
    WarehouseId,
    Window,
)

Warehouses = tuple[WarehouseId, ...]
#: Of a policy that may be closed: the windows that are left, none for one that has no windows.
Opening = tuple[Window, ...]
#: Where the reach of who names no destination is kept, among the areas.
NOWHERE = ("", 0, 0)


class Service(NamedTuple):
    """A policy that is open for the destination now."""

    policy: Policy
    lane: Lane
    windows: tuple[Window, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """Whose stock counts, overall and by channel; no services: there is nothing to quote.

    A line is sent from one of the `preferences`, which are lists of warehouses. `parties` are these
    and the others that matter, each once: `overall` and `channels` (by CHANNELS) are places in it.
    Between two neighbouring `limits` (in grams, an edge belongs to what is below it) all weights
    have the same rates. `first` are the warehouses that come first for somebody, and `senders` who
    that is for each preference.
    """

    services: tuple[Service, ...]
    preferences: tuple[Warehouses, ...]
    parties: tuple[Warehouses, ...]
    overall: int
    channels: tuple[int, ...]
    limits: tuple[int, ...]
    first: Warehouses
    senders: tuple[Warehouses, ...]

    @property
    def warehouses(self) -> Warehouses:
        return self.parties[self.overall]


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
    state = tuple([_opening(each.policy, snapshot, now, notes) for each in area.conditional])
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
    if not (policy.windows or policy.scheduled):
        return ()
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
        facts = service_facts(service.lane, where, booked=snapshot.booked, now=now)
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
    preferences = dict.fromkeys(policy.warehouses for policy in policies)
    limits = {limit for service in services for limit in service.lane.limits}
    return _among(services, _warehouses(policies), policies, preferences, sorted(limits))


def _everywhere(tariff: Tariff) -> Reach:
    known: Reach | None = tariff.areas.get(NOWHERE)
    if known is None:
        warehouses = tuple(tariff.depots)
        known = _among((), warehouses, tariff.policies, [warehouses], ())
        tariff.areas[NOWHERE] = known
    return known


def _among(
    services: tuple[Service, ...],
    overall: Warehouses,
    policies: Sequence[Policy],
    preferences: Iterable[Warehouses],
    limits: Iterable[int],
) -> Reach:
    channels = [_warehouses(p for p in policies if p.channel == name) for name in CHANNELS]
    preferences = tuple(preferences)
    parties = tuple(dict.fromkeys([*preferences, overall, *channels]))
    senders = tuple(places[:1] for places in preferences)
    return Reach(
        services=services,
        preferences=preferences,
        parties=parties,
        overall=parties.index(overall),
        channels=tuple(map(parties.index, channels)),
        limits=tuple(limits),
        first=_each_once(senders),
        senders=senders,
    )


def _warehouses(policies: Iterable[Policy]) -> Warehouses:
    return _each_once(policy.warehouses for policy in policies)


def _each_once(lists: Iterable[Warehouses]) -> Warehouses:
    return tuple(dict.fromkeys(place for places in lists for place in places))
