"""How fast a warehouse packs, and which of its open orders that is too slow for. Pure.

The past tells it: how many orders were packed between this time of day and that one, on the days
of the last fortnight that were worked. Breaks, shifts and the rush before the cut-off are in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time

#: Quarters of an hour.
SLOTS = 96
_SLOT_SECONDS = 900


@dataclass(frozen=True)
class Pace:
    """Orders packed by quarter of an hour, for each day that was worked; no days: not known."""

    days: Sequence[Sequence[int]]

    @property
    def is_known(self) -> bool:
        return bool(self.days)

    def packed(self, since: datetime, until: datetime) -> float:
        """Orders packed on a usual day between two moments of one local day.

        Zero when `until` is not later; only up to midnight when it is on another day.
        """
        end = SLOTS * 1.0 if until.date() > since.date() else _slot(until.time())
        begin = _slot(since.time())
        if not self.days or until <= since:
            return 0.0
        return sum(_within(day, begin, end) for day in self.days) / len(self.days)


def _slot(clock: time) -> float:
    return (clock.hour * 3600 + clock.minute * 60 + clock.second) / _SLOT_SECONDS


def _within(day: Sequence[int], begin: float, end: float) -> float:
    """A slot that is cut counts for the part inside."""
    return sum(
        count * (min(end, at + 1) - max(begin, at))
        for at, count in enumerate(day)
        if count and min(end, at + 1) > max(begin, at)
    )


def likely_misses(dues: Sequence[datetime], pace: Pace, now: datetime) -> list[int]:
    """Positions in `dues` (local, soonest first) that will not be packed in time at this pace.

    The soonest due is packed first. What is late already is not foreseen any more, but is packed
    before the others all the same. Nothing is foreseen while the pace is not known.
    """
    if not pace.is_known:
        return []
    return [
        place for place, due in enumerate(dues) if due > now and pace.packed(now, due) < place + 1
    ]
