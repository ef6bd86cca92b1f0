"""Delivery estimates for the two peers in Python: cut-off, handling, business days, holidays.

Written apart from the portal's calendar, so that equal answers mean something.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from functools import lru_cache

import holidays

DAY = timedelta(days=1)


@lru_cache
def public_holidays(country: str, state: str, year: int) -> frozenset[date]:
    years = (year - 1, year, year + 1)
    return frozenset(holidays.country_holidays(country, subdiv=state or None, years=years))


class Estimator:
    """Estimates of one request; `now` is local. Each rate of a warehouse is worked out once."""

    def __init__(self, now: datetime, closures: Collection[tuple[int | None, date]]) -> None:
        self.now = now
        self.closures = closures
        self.known: dict[tuple[int, str], tuple[str, datetime]] = {}

    def estimate(
        self, *, rate: str, warehouse: int, country: str, state: str, cutoff: time, handling: int
    ) -> tuple[str, datetime]:
        """The estimate as VTEX writes it, and the moment it means. Rates are in `d` or `bd`."""
        if (warehouse, rate) not in self.known:
            closed = public_holidays(country, state, self.now.year) | {
                day for place, day in self.closures if place in (None, warehouse)
            }
            ready = self._ready(closed, cutoff, handling)
            self.known[warehouse, rate] = self._arrival(rate, ready, closed)
        return self.known[warehouse, rate]

    def _ready(self, closed: Collection[date], cutoff: time, handling: int) -> date:
        today = self.now.date()
        first = today if self.now.time() <= cutoff else today + DAY
        while not _is_open(first, closed):
            first += DAY
        return _later(first, handling, closed)

    def _arrival(self, rate: str, ready: date, closed: Collection[date]) -> tuple[str, datetime]:
        today = self.now.date()
        if rate.endswith("bd"):
            arrival = _later(ready, int(rate[:-2]), closed)
            span = range(1, (arrival - today).days + 1)
            days = sum(_is_open(today + DAY * n, closed) for n in span)
            text = f"{max(1, days)}bd"
        else:
            arrival = ready + DAY * int(rate[:-1])
            text = f"{max(1, (arrival - today).days)}d"
        return text, datetime.combine(arrival, time(23, 59, 59), self.now.tzinfo)


def _is_open(day: date, closed: Collection[date]) -> bool:
    return day.weekday() < 5 and day not in closed


def _later(day: date, count: int, closed: Collection[date]) -> date:
    while count:
        day += DAY
        count -= _is_open(day, closed)
    return day
