"""Reading a page of a report: two statements, the same at any size."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from reporting import statements
from reporting.asking import Asking
from reporting.declarations import Column, Report, Row
from reporting.statements import Place, Statement

PAGE = 50
#: Counting stops here: "more than 1,000" is as good to know, and as quick on any table.
MOST_COUNTED = 1000


@dataclass(frozen=True)
class Page:
    """Rows in the asked order, and the places to go on from; None: there is nothing beyond."""

    rows: Sequence[Row]
    before: Place | None
    behind: Place | None


@dataclass(frozen=True)
class Count:
    """`exact` unless there are more rows than were counted."""

    rows: int
    exact: bool


def page_of(
    asking: Asking,
    columns: Sequence[Column],
    *,
    place: Place | None = None,
    backwards: bool = False,
    size: int | None = None,
) -> Page:
    """The page behind `place`, or before it with `backwards`; without a place the first.

    A last page that is asked for backwards from the very beginning is the first one.
    """
    size = size or PAGE
    source = statements.chosen(asking, limit=size + 1, place=place, backwards=backwards)
    statement = statements.page(asking, columns, source, ascends=asking.is_descending == backwards)
    rows = _read(statement)
    has_more = len(rows) > size
    rows = rows[:size]
    if backwards:
        rows.reverse()
        if not has_more:
            return page_of(asking, columns, size=size)
    return Page(
        rows,
        before=_place(rows[0]) if rows and place is not None else None,
        behind=_place(rows[-1]) if rows and (has_more or backwards) else None,
    )


def _place(row: Row) -> Place:
    return Place(row["place"], row["key"])


def count_of(asking: Asking) -> Count:
    (found,) = _read(statements.count(asking, most=MOST_COUNTED))
    return Count(min(found["count"], MOST_COUNTED), exact=found["count"] <= MOST_COUNTED)


def estimate_of(asking: Asking) -> int:
    """About how many rows there are, as the planner guesses: for progress bars."""
    (plan,) = _read(statements.estimate(asking))
    told: Any = plan["QUERY PLAN"]
    told = json.loads(told) if isinstance(told, str) else told
    return int(told[0]["Plan"]["Plan Rows"])


def _read(statement: Statement) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement.sql, statement.params)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def figures_of(report: Report, columns: Sequence[str], *, key: int) -> Row:
    """Some columns of one row, as the report itself shows them. Raises IndexError without it."""
    source = Statement("SELECT %s::bigint AS key", (key,))
    wanted = [report.column(name) for name in columns]
    values = [statements.Value(one.key, one.sql, one.needs) for one in wanted]
    return _read(statements.rows(report, source, values, ordered="chosen.key"))[0]
