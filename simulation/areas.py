"""Postal codes that are all served alike, looked up once. Pure.

Between two neighbouring edges of any range of any policy, every code has the same rates: an area.
What is found out about one is kept with the tariff, and so for as long as its rates are true.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from simulation.freight import Lane, lane_at, number_of
from simulation.types import Band, Destination, Policy, Tariff

#: Areas of a tariff that are kept at most. One that ten policies go to takes three kilobytes.
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


class _Table(NamedTuple):
    """The ranges of a policy for codes of one length; all of them lie within lowest … highest."""

    policy: Policy
    bands: tuple[Band, ...]
    lowest: int
    highest: int


class _Atlas(NamedTuple):
    """All tables for the codes of a country that have one length, and the edges of their ranges,
    ascending."""

    tables: tuple[_Table, ...]
    edges: Sequence[int]


def area_of(tariff: Tariff, where: Destination) -> Area:
    """The area a destination lies in; one without lanes if nobody goes there."""
    number = number_of(where)
    atlas = _atlas(tariff, where) if number is not None else None
    if number is None or atlas is None:
        return Area((), ())
    key = (where.country, len(where.postal_code), bisect_right(atlas.edges, number))
    known: Area | None = tariff.areas.get(key)
    if known is None:
        if len(tariff.areas) >= MOST_KEPT:
            tariff.areas.clear()
        known = tariff.areas[key] = _explore(atlas, number)
    return known


def _explore(atlas: _Atlas, number: int) -> Area:
    # Policies with the same ranges find their rates at the same places: kept once.
    shared: dict[tuple[int, ...], tuple[int, ...]] = {}
    lanes = [
        found._replace(at=shared.setdefault(found.at, found.at))
        for policy, bands, lowest, highest in atlas.tables
        if lowest <= number <= highest and (found := lane_at(policy, bands, number))
    ]
    lanes.sort(key=_place)
    return Area(tuple(lanes), tuple(each for each in lanes if _is_conditional(each)))


def _place(lane: Lane) -> tuple[str, int, str]:
    """Channel, price, id; the price is the lightest line's, so that the order of the quotes is the
    same for every item of the cart, light or heavy."""
    return lane.policy.channel, lane.lightest.price, lane.policy.ref


def _is_conditional(lane: Lane) -> bool:
    policy = lane.policy
    return policy.daily_capacity is not None or policy.scheduled or bool(policy.windows)


def _atlas(tariff: Tariff, where: Destination) -> _Atlas | None:
    key = (where.country, len(where.postal_code))
    known: _Atlas | None = tariff.atlases.get(key)
    if known is None:
        tables = tuple(_tables(tariff, *key))
        if not tables:
            return None  # nor kept: there is no end of what nobody serves
        known = tariff.atlases[key] = _Atlas(tables, _edges(tables))
    return known


def _tables(tariff: Tariff, country: str, digits: int) -> Iterator[_Table]:
    for policy in tariff.policies:
        bands = policy.bands.get(country, {}).get(digits, ())
        filled = [band for band in bands if band.starts]
        if filled:
            lowest = min(band.starts[0] for band in filled)
            yield _Table(policy, bands, lowest, max(band.ends[-1] for band in filled))


def _edges(tables: Iterable[_Table]) -> Sequence[int]:
    columns = {id(band.starts): band for table in tables for band in table.bands}
    columns |= {id(band.ends): band for table in tables for band in table.bands}
    edges: set[int] = set()
    for band in columns.values():
        edges.update(band.starts)
        edges.update(end + 1 for end in band.ends)
    return array("q", sorted(edges))
