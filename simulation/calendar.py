"""When a line arrives: cut-off, handling, business days, windows. Pure.

The local time zone of the account matters here and nowhere else in the simulation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from math import ceil
from typing import NamedTuple

from simulation.types import Booked, Calendar, Depot, Policy, Promise, Window

DAY = timedelta(days=1)
# A calendar without a single business day must not become an endless search.
MOST_CLOSED_DAYS = 366
_END_OF_DAY = time(23, 59, 59)
_SPAN = {"h": timedelta(hours=1), "m": timedelta(minutes=1)}


def is_business_day(day: date, calendar: Calendar) -> bool:
    return day.weekday() not in calendar.weekend and day not in calendar.closed


def next_business_day(day: date, calendar: Calendar) -> date:
    """The first business day on or after `day`."""
    for _ in range(MOST_CLOSED_DAYS):
        if is_business_day(day, calendar):
            return day
        day += DAY
    return day


def add_business_days(day: date, count: int, calendar: Calendar) -> date:
    """`count` business days later; `day` itself, when `count` is 0, need not be one."""
    for _ in range(count):
        day = next_business_day(day + DAY, calendar)
    return day


def business_days_until(day: date, later: date, calendar: Calendar) -> int:
    """How many business days come after `day`, up to and including `later`."""
    days = (day + DAY * n for n in range(1, (later - day).days + 1))
    return sum(is_business_day(each, calendar) for each in days)


def closed_days(day: date, later: date, calendar: Calendar) -> list[date]:
    """The days from `day` up to and including `later` that are not worked."""
    days = (day + DAY * n for n in range((later - day).days + 1))
    return [each for each in days if not is_business_day(each, calendar)]


def ready_on(now: datetime, depot: Depot) -> date:
    """The day a warehouse hands a line over that is ordered `now` (local time).

    At the cut-off itself the order still counts for today. Handling days come on top.
    """
    first = now.date() if now.time() <= depot.cutoff else now.date() + DAY
    return add_business_days(
        next_business_day(first, depot.calendar), depot.handling_days, depot.calendar
    )


def promise(*, estimate: str, depot: Depot, now: datetime) -> Promise:
    """The arrival of a line from `depot`, ordered `now` (local time), at a rate's estimate.

    The unit of the rate is kept. Days are promised by their end. Hours and minutes count from now
    if the warehouse hands over today, else from its cut-off on the day it does; they are rounded
    up to the whole minute. Never zero.
    """
    unit = estimate.lstrip("0123456789")
    count = int(estimate[: -len(unit)])
    ready = ready_on(now, depot)
    if unit == "bd":
        day = add_business_days(ready, count, depot.calendar)
        units = business_days_until(now.date(), day, depot.calendar)
        return Promise(f"{max(1, units)}bd", _by_end_of(day, now))
    if unit == "d":
        day = ready + DAY * count
        return Promise(f"{max(1, (day - now.date()).days)}d", _by_end_of(day, now))
    leaves = now if ready == now.date() else datetime.combine(ready, depot.cutoff, now.tzinfo)
    by = leaves.astimezone(UTC) + _SPAN[unit] * count  # in UTC, where every hour has 60 minutes
    units = max(1, ceil((by - now.astimezone(UTC)) / _SPAN[unit]))
    return Promise(f"{units}{unit}", _whole_minute(by).astimezone(now.tzinfo))


def _by_end_of(day: date, now: datetime) -> datetime:
    return datetime.combine(day, _END_OF_DAY, now.tzinfo)


def _whole_minute(moment: datetime) -> datetime:
    rest = timedelta(seconds=moment.second, microseconds=moment.microsecond)
    return moment + timedelta(minutes=1) - rest if rest else moment


def latest(promises: Sequence[Promise]) -> Promise:
    """The promise of a line that comes in several parcels is that of the last of them."""
    return max(promises, key=lambda each: each.by)


def open_windows(
    policy: Policy, *, booked: Mapping[Booked, int], now: datetime
) -> tuple[Window, ...]:
    """The slots that are neither begun nor full, in order of time."""
    return tuple(
        window
        for window in policy.windows
        if window.starts_at > now and not _is_full(policy, window, booked, now)
    )


class Closed(NamedTuple):
    """A slot that is not offered, and why: it has begun, or its orders are all taken."""

    window: Window
    why: str
    taken: int


def closed_windows(policy: Policy, *, booked: Mapping[Booked, int], now: datetime) -> list[Closed]:
    """What `open_windows` leaves out."""
    offered = open_windows(policy, booked=booked, now=now)
    return [
        Closed(
            window,
            "begun" if window.starts_at <= now else "full",
            taken_of(policy, window, booked, now),
        )
        for window in policy.windows
        if window not in offered
    ]


def _is_full(policy: Policy, window: Window, booked: Mapping[Booked, int], now: datetime) -> bool:
    if window.capacity is None:
        return False
    return taken_of(policy, window, booked, now) >= window.capacity


def taken_of(policy: Policy, window: Window, booked: Mapping[Booked, int], now: datetime) -> int:
    """Orders booked on a window."""
    day = window.starts_at.astimezone(now.tzinfo).date()
    return booked.get(Booked(policy.id, day, window.starts_at, window.ends_at), 0)


def taken_today(policy: Policy, booked: Mapping[Booked, int], now: datetime) -> int:
    """Orders booked on a policy on the local day of `now`."""
    if not booked:
        return 0
    return booked.get(Booked(policy.id, now.date(), None, None), 0)
