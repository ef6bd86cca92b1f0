"""What makes a table of freight rates sound: for the seller file and the admin alike. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from django.utils.translation import gettext as _


class Cell(NamedTuple):
    """Where a rate applies: a postal range and the heaviest line, both inclusive."""

    country: str
    postal_from: str
    postal_to: str
    max_weight_g: int | None

    def __str__(self) -> str:
        weight = f"≤ {self.max_weight_g} g" if self.max_weight_g is not None else _("any weight")
        return f"{self.country} {self.postal_from}–{self.postal_to}, {weight}"


@dataclass(frozen=True)
class Overlap:
    """Two cells that claim the same postal code at the same weight, by their place in the table."""

    first: int
    second: int


def range_fault(cell: Cell) -> str | None:
    """What is wrong with one postal range, as the end of a sentence; None when it is sound."""
    start, end = cell.postal_from, cell.postal_to
    if not (start.isascii() and start.isdecimal() and end.isascii() and end.isdecimal()):
        return _("must be digits only")
    if len(start) != len(end):
        return _("must have as many digits as the start of the range (%(start)s), got %(end)s") % {
            "start": start,
            "end": end,
        }
    if end < start:
        return _("must not be before the start of the range (%(start)s), got %(end)s") % {
            "start": start,
            "end": end,
        }
    return None


def overlaps(cells: Iterable[Cell]) -> Iterator[Overlap]:
    """The overlaps of one policy's table, a pair for each cell that begins inside an earlier one.

    Ranges must be sound already. One sort and one sweep: hundreds of thousands take about a second.
    """
    previous_end: tuple[object, ...] | None = None
    holder = -1
    for band, start, end, index in sorted(_intervals(cells)):
        if previous_end and previous_end[0] == band and start <= str(previous_end[1]):
            yield Overlap(*sorted((holder, index)))
        if not previous_end or previous_end[0] != band or end > str(previous_end[1]):
            previous_end, holder = (band, end), index


def _intervals(
    cells: Iterable[Cell],
) -> Iterator[tuple[tuple[str, int, float], str, str, int]]:
    """Codes of different lengths never meet; within a band, equal lengths compare as text."""
    for index, (country, start, end, weight) in enumerate(cells):
        yield (
            (country, len(start), float("inf") if weight is None else weight),
            start,
            end,
            index,
        )
