"""Postal codes that are all served alike, looked up once. Pure.

Between two neighbouring edges of any range of any policy, every code has the same rates: an area.
What is found out about one is kept with the tariff, and so for as long as its rates are true.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from simulation.freight import Lane, lane, number_of
from simulation.types import Band, Destination, Tariff

#: Areas of a tariff that are kept at most, some kilobytes each.
MOST_KEPT = 4_096
#: States of one area (which policies are full, which windows are left) that are kept at most.
MOST_STATES = 8


@dataclass(slots=True)
class Area:
    """The policies that go there, in the order of an answer.

    `conditional` are those among them that can be closed at times, for a full day or for want of a
    window; `states` keeps what follows from each way they can be (see simulation.reach).
    """

    lanes: tuple[Lane, ...]
    conditional: tuple[Lane, ...]
    states: dict[Any, Any] = field(default_factory=dict)

    def keep(self, state: Any, value: Any) -> None:
        if len(self.states) >= MOST_STATES:
            self.states.clear()
        self.states[state] = value


def area_of(tariff: Tariff, where: Destination) -> Area:
    """The area a destination lies in; one without lanes if nobody goes there."""
    number = number_of(where)
    edges = _edges(tariff, where) if number is not None else ()
    if number is None or not edges:
        return Area((), ())
    key = (where.country, len(where.postal_code), bisect_right(edges, number))
    known: Area | None = tariff.areas.get(key)
    if known is None:
        if len(tariff.areas) >= MOST_KEPT:
            tariff.areas.clear()
        known = tariff.areas[key] = _explore(tariff, where)
    return known


def _explore(tariff: Tariff, where: Destination) -> Area:
    found = [found for policy in tariff.policies if (found := lane(policy, where))]
    # Policies with the same ranges find their rates at the same places: kept once.
    shared: dict[tuple[int, ...], tuple[int, ...]] = {}
    lanes = sorted(
        (each._replace(at=shared.setdefault(each.at, each.at)) for each in found), key=_place
    )
    return Area(tuple(lanes), tuple(each for each in lanes if _is_conditional(each)))


def _place(lane: Lane) -> tuple[str, int, str]:
    """Channel, price, id; the price is the lightest line's, so that the order of the quotes is the
    same for every item of the cart, light or heavy."""
    return lane.policy.channel, lane.lightest.price, lane.policy.ref


def _is_conditional(lane: Lane) -> bool:
    policy = lane.policy
    return policy.daily_capacity is not None or policy.scheduled or bool(policy.windows)


def _edges(tariff: Tariff, where: Destination) -> Sequence[int]:
    """Where rates may change among the codes of this country and length, ascending."""
    key = (where.country, len(where.postal_code))
    known = tariff.edges.get(key)
    if known is None:
        tables = (policy.bands.get(key[0], {}).get(key[1], ()) for policy in tariff.policies)
        known = _merged(band for bands in tables for band in bands)
        if known:  # what nobody serves is not kept: there is no end of it
            tariff.edges[key] = known
    return known


def _merged(bands: Iterable[Band]) -> array[int]:
    edges: set[int] = set()
    for band in bands:
        edges.update(band.starts)
        edges.update(end + 1 for end in band.ends)
    return array("q", sorted(edges))
