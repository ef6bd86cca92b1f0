"""How many orders each blocker holds up, and what they are worth: one statement each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from reporting import statements
from reporting.asking import asked_of
from reporting.declarations import Report
from reporting.statements import Statement, Value
from sellers.money import Cents


@dataclass(frozen=True)
class Total:
    """`cents` by currency, of one summed column; `asked` are the filters that list the rows."""

    rows: int
    cents: Mapping[str, Cents]
    asked: Mapping[str, str]


def total_of(report: Report, column: str, asked: Mapping[str, str], *, now: datetime) -> Total:
    """Over all rows that `asked` lists: ask only for what has an end."""
    asking = asked_of(report, asked, now=now)
    conditions = asking.conditions()
    where = " AND ".join(f"({one.sql})" for one in conditions) or "TRUE"
    params = tuple(value for one in conditions for value in one.params)
    source = Statement(f"SELECT {report.key} AS key FROM {report.table} WHERE {where}", params)  # noqa: S608  (declarations are ours)
    summed = report.column(column)
    values = [Value("currency", report.currency), Value("cents", summed.sql, summed.needs)]
    found = statements.rows(report, source, values, ordered="chosen.key")
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT currency, count(*), sum(cents)::bigint FROM ({found.sql}) found "  # noqa: S608  (declarations are ours)
            "GROUP BY currency ORDER BY currency",
            found.params,
        )
        rows = cursor.fetchall()
    return Total(
        sum(count for _currency, count, _cents in rows),
        {currency: cents for currency, _count, cents in rows},
        asked,
    )
