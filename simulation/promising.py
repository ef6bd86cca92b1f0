"""When lines of a cart arrive. Pure.

Estimates in days are the same for all orders of a day before the cut-offs, and for all after: what
was worked out for one cart is kept with the tariff for the next. Hours and minutes are not.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from simulation import calendar
from simulation.types import Promise, Quotes, Tariff, WarehouseId

#: Kept of a time of day at most. A quote takes half a kilobyte once it was written.
MOST_PROMISES = 4_096
MOST_QUOTES = 65_536


class TimeOfDay:
    """What is true for all who order between two cut-offs of one day."""

    def __init__(self) -> None:
        self.promises: dict[Any, Promise] = {}
        self.quotes: dict[Any, Quotes] = {}
        self.room = MOST_QUOTES

    def keep(self, key: Any, quotes: Quotes) -> None:
        """When there is no room left, all others are forgotten."""
        needed = len(quotes) + 1  # the list itself takes room too
        if self.room < needed:
            self.quotes.clear()
            self.room = MOST_QUOTES
        self.room -= needed
        self.quotes[key] = quotes


def time_of(tariff: Tariff, now: datetime) -> TimeOfDay:
    """The time of day it is `now` (local time) for the tariff's warehouses."""
    clock = now.time()
    in_time = tuple([clock <= depot.cutoff for depot in tariff.depots.values()])
    key = (now.date(), in_time, now.tzinfo)
    known: TimeOfDay | None = tariff.times.get(key)
    if known is None:
        tariff.times.clear()  # it does not come back
        known = tariff.times[key] = TimeOfDay()
    return known


def lasts(estimate: str) -> bool:
    """Whether a rate's estimate means the same promise for all of a time of day."""
    return estimate.endswith("d")


class Promises:
    """The promises of a tariff's warehouses to who orders at `now` (local time)."""

    def __init__(self, tariff: Tariff, now: datetime, known: TimeOfDay) -> None:
        self.depots = tariff.depots
        self.now = now
        self.lasting = known.promises
        self.momentary: dict[Any, Promise] = {}

    def of(self, warehouses: tuple[WarehouseId, ...], estimate: str) -> Promise:
        """Of a line that comes from these warehouses, at a rate's estimate."""
        key = (warehouses, estimate)
        known = self.lasting if lasts(estimate) else self.momentary
        promise = known.get(key)
        if promise is None:
            promise = calendar.latest(
                [
                    calendar.promise(estimate=estimate, depot=self.depots[place], now=self.now)
                    for place in warehouses
                ]
            )
            if len(known) < MOST_PROMISES:
                known[key] = promise
        return promise
