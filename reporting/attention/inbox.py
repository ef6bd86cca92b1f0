"""Everything that is stuck, in one statement: worst first, then longest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial

from reporting.attention import foreseen
from reporting.attention.causes import CAUSES
from reporting.attention.finding import Shaping, finders
from reporting.attention.rows import MOST, Row, Rows, rows_of


def collect(
    causes: Collection[str],
    *,
    now: datetime,
    snoozed: bool = False,
    only: Mapping[str, int] | None = None,
) -> list[Row]:
    """What is stuck for one of `causes`, at most `MOST` + 1 of each.

    `snoozed` asks for what was put off instead of what was not; `only` as in `rows_of`.
    """
    shape = partial(rows_of, now=now, snoozed=snoozed, only=only)
    found = _asked(_statements(causes, shape, now=now))
    if foreseen.CAUSE in causes:
        found += _narrowed(foreseen.foreseen(now=now, snoozed=snoozed), only)
    return sorted((row for row in found if row.cause in causes), key=_worst_first)


def _asked(statements: Sequence[Rows]) -> list[Row]:
    if not statements:
        return []
    first, *others = statements
    return [Row(*row) for row in (first.union(*others, all=True) if others else first)]


def _narrowed(rows: Iterable[Row], only: Mapping[str, int] | None) -> list[Row]:
    wanted = {f"{name}_id" if name == "order" else name: pk for name, pk in (only or {}).items()}
    return [row for row in rows if all(getattr(row, name) == pk for name, pk in wanted.items())]


def _statements(causes: Collection[str], shape: Shaping, *, now: datetime) -> list[Rows]:
    wanted = [finder for finder in finders() if finder.causes & set(causes)]
    return [rows for finder in wanted for rows in finder.find(now, shape)]


def _worst_first(row: Row) -> tuple[int, datetime, str, int]:
    return CAUSES[row.cause].urgency, row.since, row.cause, row.about


def counted(rows: Collection[Row]) -> Counter[str]:
    return Counter(row.cause for row in rows)


def told_count(count: int, *, most: int = MOST) -> str:
    """Counting stops where the exact number no longer matters."""
    return f"{most}+" if count > most else str(count)
