"""When lines of one cart arrive. Pure.

Estimates in days are the same for all orders of a day before the cut-offs, and for all after: what
was worked out for one cart is kept with the tariff for the next. Hours and minutes are not.
"""

from __future__ import annotations

from datetime import datetime

from simulation import calendar
from simulation.types import Promise, Tariff, WarehouseId

Known = dict[tuple[tuple[WarehouseId, ...], str], Promise]

#: Times of day (between cut-offs) whose promises are kept, and promises of each.
MOST_TIMES = 4
MOST_PROMISES = 4_096


class Promises:
    """The promises of a tariff's warehouses to who orders at `now` (local time)."""

    def __init__(self, tariff: Tariff, now: datetime) -> None:
        self.depots = tariff.depots
        self.now = now
        self.known = _of_this_time(tariff, now)
        self.of_this_moment: Known = {}

    def of(self, warehouses: tuple[WarehouseId, ...], estimate: str) -> Promise:
        """Of a line that comes from these warehouses, at a rate's estimate."""
        key = (warehouses, estimate)
        promise = self.known.get(key) or self.of_this_moment.get(key)
        if promise is None:
            promise = calendar.latest(
                [
                    calendar.promise(estimate=estimate, depot=self.depots[place], now=self.now)
                    for place in warehouses
                ]
            )
            known = self.known if estimate.endswith("d") else self.of_this_moment
            if len(known) < MOST_PROMISES:
                known[key] = promise
        return promise


def _of_this_time(tariff: Tariff, now: datetime) -> Known:
    today, clock = now.date(), now.time()
    in_time = tuple([clock <= depot.cutoff for depot in tariff.depots.values()])
    time = (today, in_time, now.tzinfo)
    known = tariff.promises.get(time)
    if known is None:
        if len(tariff.promises) >= MOST_TIMES:
            tariff.promises.clear()
        known = tariff.promises[time] = {}
    return known
