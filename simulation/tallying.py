"""Every call is counted: by minute and address, in this process, until they are written down.

Costs a request about a microsecond. What can't be written yet waits here, bounded.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

#: Upper edges of the histogram, in milliseconds; a last bucket takes what is slower.
BOUNDS_MS = (1, 2, 3, 5, 8, 12, 20, 30, 50, 80, 120, 200, 500, 1_000, 2_500)
_BOUNDS_US = tuple(bound * 1_000 for bound in BOUNDS_MS)
#: Cells (a minute of an address) that wait at most; scanners of addresses share one.
MOST_CELLS = 2_000
OVERFLOW = ""


class Cell(NamedTuple):
    """A minute (since 1970) of an endpoint key."""

    minute: int
    endpoint_key: str


@dataclass(slots=True)
class Tally:
    calls: int = 0
    unavailable: int = 0
    rejected: int = 0
    unanswered: int = 0
    failed: int = 0
    dropped: int = 0
    durations: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS_MS) + 1))
    causes: Counter[str] = field(default_factory=Counter)

    def count(self, status: int, took_us: int, causes: Iterable[str]) -> None:
        """One call; `causes` are those of its lines, one for each that was not served in full."""
        self.calls += 1
        self.durations[bisect_left(_BOUNDS_US, took_us)] += 1
        if causes:
            self.causes.update(causes)
        if status == 200:
            self.unavailable += bool(causes)
        elif status == 503:
            self.unanswered += 1
        elif status >= 500:
            self.failed += 1
        else:
            self.rejected += 1

    def add(self, other: Tally) -> None:
        for name in ("calls", "unavailable", "rejected", "unanswered", "failed", "dropped"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.durations = [a + b for a, b in zip(self.durations, other.durations, strict=True)]
        self.causes.update(other.causes)


Tallies = dict[Cell, Tally]


class Tallier:
    """The tallies of one process; safe to use from its threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cells: Tallies = {}

    def count(
        self, endpoint_key: str, now: datetime, *, status: int, took_us: int, causes: Sequence[str]
    ) -> None:
        with self._lock:
            self._cell(endpoint_key, now).count(status, took_us, causes)

    def drop(self, endpoint_key: str, now: datetime) -> None:
        """One answer that should have been recorded is not."""
        with self._lock:
            self._cell(endpoint_key, now).dropped += 1

    def take(self) -> Tallies:
        """All there are; they are counted from nothing again."""
        with self._lock:
            taken, self._cells = self._cells, {}
        return taken

    def give_back(self, tallies: Tallies) -> None:
        """What could not be written is kept for the next time, as far as there is room."""
        with self._lock:
            for cell, tally in tallies.items():
                self._at(cell).add(tally)

    def _cell(self, endpoint_key: str, now: datetime) -> Tally:
        return self._at(Cell(int(now.timestamp()) // 60, endpoint_key))

    def _at(self, cell: Cell) -> Tally:
        known = self._cells.get(cell)
        if known is None:
            if len(self._cells) >= MOST_CELLS:
                cell = Cell(min(self._cells).minute, OVERFLOW)
            known = self._cells.setdefault(cell, Tally())
        return known


def percentile(durations: Sequence[int], share: float) -> float | None:
    """Milliseconds that `share` of the calls (0.5, 0.95) stayed within, from a histogram.

    Read off the straight line through its bucket; the last bucket says only its lower edge. None
    without calls.
    """
    wanted = share * sum(durations)
    if not wanted:
        return None
    below = 0
    edges = (0, *BOUNDS_MS)
    for at, count in enumerate(durations):
        if count and below + count >= wanted:
            if at == len(BOUNDS_MS):
                return float(edges[at])
            return edges[at] + (edges[at + 1] - edges[at]) * (wanted - below) / count
        below += count
    return float(edges[-1])
