"""Sums of the counted days over a period, and the figures that are worked out from them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from django.db.models import Sum

from reporting.dashboard.figures import figures
from reporting.models import DayCount
from simulation.tallying import BOUNDS_MS, percentile


@dataclass(frozen=True, slots=True)
class Counted:
    count: int
    cents: int


class Sums:
    """Counts and cents of one period by figure and key; zero for what did not happen."""

    def __init__(self, rows: Iterable[tuple[str, str, int, int]]) -> None:
        self._found: dict[str, dict[str, Counted]] = defaultdict(dict)
        for figure, key, count, cents in rows:
            self._found[figure][key] = Counted(count, cents)

    def of(self, figure: str, *keys: str) -> int:
        """How many; with no keys, under all of them."""
        found = self._found.get(figure, {})
        return sum(found[key].count for key in (keys or found) if key in found)

    def cents(self, figure: str) -> int:
        return sum(each.cents for each in self._found.get(figure, {}).values())

    def by_key(self, figure: str) -> dict[str, int]:
        return {key: each.count for key, each in self._found.get(figure, {}).items()}


class Rate(NamedTuple):
    """A part of a whole; no percent without a whole."""

    part: int
    whole: int

    @property
    def percent(self) -> float | None:
        return 100 * self.part / self.whole if self.whole else None


def sums_of(accounts: Collection[int], since: date, until: date) -> dict[int, Sums]:
    """By account, both days included: one query, answered from an index alone."""
    rows = (
        DayCount.objects.filter(account__in=accounts, day__range=(since, until))
        .order_by()
        .values_list("account", "figure", "key")
        .annotate(Sum("count"), Sum("cents"))
    )
    found: dict[int, list[tuple[str, str, int, int]]] = defaultdict(list)
    for account, figure, key, count, cents in rows:
        found[account].append((figure, key, count, cents))
    return {account: Sums(found[account]) for account in accounts}


def together(sums: Iterable[Sums], wanted: Collection[str]) -> Sums:
    """Several accounts as one."""
    added: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for each in sums:
        for figure in wanted:
            for key, found in each._found.get(figure, {}).items():
                added[figure, key][0] += found.count
                added[figure, key][1] += found.cents
    return Sums((figure, key, count, cents) for (figure, key), (count, cents) in added.items())


def by_day(
    accounts: Collection[int], since: date, until: date, wanted: Collection[str]
) -> dict[date, Sums]:
    """Every day of the period, also those on which nothing happened."""
    rows = (
        DayCount.objects.filter(account__in=accounts, day__range=(since, until), figure__in=wanted)
        .order_by()
        .values_list("day", "figure", "key")
        .annotate(Sum("count"), Sum("cents"))
    )
    found: dict[date, list[tuple[str, str, int, int]]] = defaultdict(list)
    for day, figure, key, count, cents in rows:
        found[day].append((figure, key, count, cents))
    days = [since + timedelta(days=n) for n in range((until - since).days + 1)]
    return {day: Sums(found[day]) for day in days}


# --- worked out -----------------------------------------------------------------------------------


def late(sums: Sums) -> Rate:
    """Handed over late or overdue, of all that had to be handed over by now."""
    due = figures()["due"]
    return Rate(sums.of("due", *due.keys_of("missed")), sums.of("due", *due.keys_of("judged")))


def cancelled_by_us(sums: Sums) -> Rate:
    return Rate(sums.of("paid", "seller"), sums.of("paid"))


def tracked(sums: Sums) -> Rate:
    return Rate(sums.of("handed-over", "tracked"), sums.of("handed-over"))


def came_back(sums: Sums) -> Rate:
    return Rate(sums.of("came-back"), sums.of("handed-over"))


def not_quoted(sums: Sums) -> int:
    """Calls that were refused, came while the database was away, or met a fault."""
    return sums.of("simulations", "rejected", "unanswered", "failed")


def quoted(sums: Sums) -> int:
    return sums.of("simulations", "") - not_quoted(sums)


def unavailable(sums: Sums) -> Rate:
    """Quotes that lacked something, of all quotes."""
    return Rate(sums.of("simulations", "unavailable"), quoted(sums))


def minutes(sums: Sums, figure: str, share: float) -> int | None:
    """The time within which `share` of the orders (0.5, 0.9) were done; None without orders."""
    return _nearest({int(key): count for key, count in sums.by_key(figure).items()}, share)


def _nearest(steps: Mapping[int, int], share: float) -> int | None:
    """The smallest step that `share` of all do not exceed."""
    wanted, below = share * sum(steps.values()), 0
    for step in sorted(steps):
        below += steps[step]
        if below >= wanted:
            return step
    return None


def milliseconds(sums: Sums, share: float) -> float | None:
    """Of the simulation's answers, from its histogram."""
    counts = sums.by_key("simulation-ms")
    histogram: Sequence[int] = [counts.get(str(at + 1), 0) for at in range(len(BOUNDS_MS) + 1)]
    return percentile(histogram, share)
