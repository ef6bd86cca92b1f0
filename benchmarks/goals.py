"""What the portal promised itself, and whether a run kept it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

Json = dict[str, Any]


class Goal(NamedTuple):
    """`figure` is None when the run did not measure it; `other` is the same ratio of CPU time."""

    text: str
    figure: float | None
    limit: float
    at_least: bool = True
    other: float | None = None

    @property
    def verdict(self) -> str:
        if self.figure is None:
            return "not measured"
        reached = [self._reaches(each) for each in (self.figure, self.other) if each is not None]
        if all(reached):
            return "reached"
        return "reached by one measure" if any(reached) else "not reached"

    def _reaches(self, figure: float) -> bool:
        return figure >= self.limit if self.at_least else figure <= self.limit


def goals(results: Json) -> Iterator[Goal]:
    for name, label, limit in (
        ("ordinary", "times the ordinary peer", 30.0),
        ("careful", "times the careful peer", 10.0),
        ("bare", "of the bare view", 0.5),
        ("node-live", "times the Node service with the same live read", 1.0),
    ):
        by_rate, by_cpu = _times(results, name)
        yield Goal(f"10 items: {label}", by_rate, limit, other=by_cpu)
    yield from _flat(results)
    half = results.get("carts", {}).get("half_load", {}).get("50", {}).get("portal")
    yield Goal("50 items, half load: p99, ms", half and half["p99_ms"], 15.0, at_least=False)
    counted = results.get("statements", {}).get("portal")
    yield Goal("SQL statements per request", counted and round(counted, 1), 1.0, at_least=False)


def _times(results: Json, name: str) -> tuple[float | None, float | None]:
    ten = results.get("carts", {}).get("items", {}).get("10", {}).get(name)
    return (ten["portal_times_by_rate"], ten["portal_times_by_cpu"]) if ten else (None, None)


def _flat(results: Json) -> Iterator[Goal]:
    sizes = results.get("flatness", {})
    by_rate = by_cpu = grown = None
    if len(sizes) > 1:
        first, *_, last = sizes.values()
        by_rate, by_cpu = last["times_the_smallest_by_rate"], last["times_the_smallest_by_cpu"]
        grown = last["memory_mib"][1] / first["memory_mib"][1]
    yield Goal("largest against smallest catalogue: rate", by_rate, 0.95, other=by_cpu)
    yield Goal("largest against smallest catalogue: memory", grown, 1.05, at_least=False)
