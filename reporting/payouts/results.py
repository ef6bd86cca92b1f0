"""What came of a settlement file: rows and cents by result, and the rows worth a look."""

from __future__ import annotations

from typing import Any, TypedDict

from django.db import connection

from reporting import statements
from reporting.models import SettlementFile
from reporting.payouts.rows_report import SETTLEMENT
from reporting.payouts.settled import Result
from reporting.statements import Statement, Value
from sellers.money import Cents

_SHOWN = ("named", "line", "paid", "paid_in_all", "expected", "difference", "result")


class Sum(TypedDict):
    """Rows of one result, and what they say was paid."""

    rows: int
    cents: Cents


def results_of(file: SettlementFile) -> dict[str, Sum]:
    """By result; the sums of all are the file's own."""
    found = _rows(file, ("result", "paid"))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT result, count(*), sum(paid)::bigint FROM ({found.sql}) found GROUP BY result",  # noqa: S608  (declarations are ours)
            found.params,
        )
        return {code: Sum(rows=rows, cents=cents) for code, rows, cents in cursor.fetchall()}


def sample_of(file: SettlementFile, most: int) -> list[dict[str, Any]]:
    """What is not as expected first, each in the order of the file."""
    found = _rows(file, _SHOWN)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT * FROM ({found.sql}) found ORDER BY result = '{Result.EVEN}', line LIMIT %s",  # noqa: S608  (declarations are ours)
            (*found.params, most),
        )
        return [dict(zip(_SHOWN, row, strict=True)) for row in cursor.fetchall()]


def _rows(file: SettlementFile, columns: tuple[str, ...]) -> Statement:
    source = Statement(
        "SELECT r.id AS key FROM reporting_settlementrow r WHERE r.file_id = %s", (file.pk,)
    )
    wanted = [SETTLEMENT.column(name) for name in columns]
    values = [Value(one.key, one.sql, one.needs) for one in wanted]
    return statements.rows(SETTLEMENT, source, values, ordered="chosen.key")
