"""A report's rows as text, written by the database itself: any number of them, in flat memory.

PostgreSQL's COPY formats each row; here the rows are counted and added up, and go straight into the
file, piece by piece. A piece is as of one moment. Rows come by their key, the newest first, and
none that was born after the beginning: whoever goes on after a stop loses and doubles none.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol

from django.db import connection
from django.utils.translation import gettext as _

from reporting import statements
from reporting.asking import Asking
from reporting.declarations import Column, Kind
from reporting.statements import Place, Statement, Value
from sellers.money import Cents

#: Rows of a piece: saved, and gone on from after a stop.
PIECE = 20_000
_BLOCK = 1000


class Style(NamedTuple):
    """How numbers and columns are written."""

    separator: str
    decimal: str


PLAIN = Style(",", ".")
#: What a spreadsheet in Portuguese opens by a double click.
PORTUGUESE = Style(";", ",")


class Field(NamedTuple):
    """One column of a file; a choice makes two of a report's column, words and code."""

    title: str
    kind: Kind
    value: Value


class Growing(Protocol):
    """Where the rows go."""

    def write(self, text: bytes, /) -> int: ...


@dataclass
class Sums:
    """What was written so far: rows, and cents by currency and summed column."""

    rows: int = 0
    cents: dict[str, dict[str, Cents]] = field(default_factory=dict)

    def add(self, currency: str, amounts: Iterable[tuple[str, Cents]]) -> None:
        known = self.cents.setdefault(currency, {})
        for key, cents in amounts:
            known[key] = known.get(key, 0) + cents


def fields_of(asking: Asking, style: Style) -> list[Field]:
    """Everything a file has, in the language that is spoken now."""
    columns = (column for column in asking.report.columns if column.in_files)
    return [one for column in columns for one in _fields(column, asking.report.zone, style)]


def _fields(column: Column, zone: str, style: Style) -> Iterator[Field]:
    title = str(column.title)
    if column.kind == Kind.CHOICE:
        words = json.dumps({code: str(text) for code, text in column.words.items()})
        told = f"COALESCE(%s::jsonb ->> ({column.sql}), {_harmless(column.sql)})"
        yield Field(title, Kind.TEXT, Value("", told, column.needs, (words,)))
        code = _("%(title)s, code") % {"title": title}
        yield Field(code, Kind.TEXT, Value("", _harmless(column.sql), column.needs))
    else:
        yield Field(title, column.kind, Value("", _text(column, zone, style), column.needs))


def _text(column: Column, zone: str, style: Style) -> str:
    if column.kind == Kind.CENTS:
        return _decimal(f"(({column.sql})::numeric / 100)::numeric(20, 2)::text", style)
    if column.kind == Kind.AMOUNTS:
        return _decimal(column.sql, style)
    if column.kind == Kind.MOMENT:
        return f"to_char(({column.sql}) AT TIME ZONE {zone}, 'YYYY-MM-DD HH24:MI:SS')"
    if column.kind == Kind.COUNT:
        return column.sql
    return _harmless(column.sql)


def _decimal(sql: str, style: Style) -> str:
    return sql if style.decimal == "." else f"replace({sql}, '.', '{style.decimal}')"


#: A cell that begins like this is a formula to a spreadsheet, and could do anything.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_FORMULA = "('=', '+', '-', '@', E'\\t', E'\\r', E'\\n')"


def _harmless(sql: str) -> str:
    """Text that no spreadsheet runs."""
    return f"CASE WHEN left({sql}, 1) IN {_FORMULA} THEN '''' || ({sql}) ELSE {sql} END"


def harmless(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text


def write_piece(
    asking: Asking,
    fields: Sequence[Field],
    style: Style,
    file: Growing,
    sums: Sums,
    *,
    place: Place,
) -> Place | None:
    """The next rows behind `place`, which is the beginning when no row lies there.

    Gives the place to go on from, None when these were the last.
    """
    summed = [column for column in asking.report.columns if column.summed]
    last, count = place, 0
    for lines in _blocks(_copied(asking, fields, style, summed, place=place)):
        bodies = []
        for line in lines:
            *head, body = line.split(style.separator.encode(), 2 + len(summed))
            bodies.append(body)
            amounts = zip(summed, head[2:], strict=True)
            sums.add(
                head[1].decode(),
                [(column.key, int(cents)) for column, cents in amounts if cents],
            )
        last, count = Place(None, int(head[0])), count + len(bodies)
        file.write(b"".join(bodies))
    sums.rows += count
    return last if count == PIECE and not asking.report.sums else None


def _copied(
    asking: Asking,
    fields: Sequence[Field],
    style: Style,
    summed: Sequence[Column],
    *,
    place: Place,
) -> Iterator[bytes]:
    """Lines of CSV; before the fields stand key, currency, and what is added up, in cents."""
    source, ordered = _source(asking, place)
    values = [
        Value("k", "chosen.key"),
        Value("c", f"translate({asking.report.currency}, ',;\"', '')"),
        *(Value(f"s{i}", f"({one.sql})::bigint", one.needs) for i, one in enumerate(summed)),
        *(each.value._replace(name=f"f{i}") for i, each in enumerate(fields)),
    ]
    query = statements.rows(
        asking.report,
        source,
        values,
        ordered=ordered,
        within=not asking.report.sums,
        first=statements.before(asking),
    )
    yield from _copy(query, style)


def _source(asking: Asking, place: Place) -> tuple[Statement, str]:
    """The keys of a piece, and the order of its rows. Sums are few: one piece, as asked."""
    if not asking.report.sums:
        return statements.chosen(asking, limit=PIECE, place=place, by_key=True), "chosen.key DESC"
    return statements.chosen(asking, limit=PIECE), statements.order_of(
        asking, ascends=not asking.is_descending
    )


def _copy(query: Statement, style: Style) -> Iterator[bytes]:
    sql = f"COPY ({query.sql}) TO STDOUT (FORMAT csv, DELIMITER '{style.separator}')"
    with connection.cursor() as cursor, cursor.copy(sql, query.params) as copy:
        for row in copy:
            yield bytes(row)


def _blocks(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    block: list[bytes] = []
    for line in lines:
        block.append(line)
        if len(block) == _BLOCK:
            yield block
            block = []
    if block:
        yield block


def beginning_of(asking: Asking) -> Place:
    """Before the newest row there is now: what comes later is not part of it."""
    if asking.report.sums:
        return Place(None, 0)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT COALESCE(max({asking.report.key}), 0) + 1 FROM {asking.report.table}"  # noqa: S608  (declarations are ours)
        )
        return Place(None, int(cursor.fetchone()[0]))


def sha256_between(path: Path, start: int, end: int) -> str:
    """Of that part of a file, read in small bites."""
    digest, left = hashlib.sha256(), end - start
    with path.open("rb") as file:
        file.seek(start)
        while left and (bite := file.read(min(left, 1 << 20))):
            digest.update(bite)
            left -= len(bite)
    return digest.hexdigest()
