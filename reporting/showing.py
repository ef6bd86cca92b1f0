"""A report's rows as a screen shows them: words, money, local times, links."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from reporting.asking import Asking
from reporting.declarations import Column, Kind, Report, Row
from sellers.admin.base import NOTHING, local, money


@dataclass(frozen=True)
class Value:
    """One value: `label` for one below another, `colour` for a badge, `code` beside its words."""

    text: str
    label: str = ""
    colour: str = ""
    code: str = ""
    link: str | None = None
    is_number: bool = False


#: Values below each other in one cell.
Cell = Sequence[Value]


@dataclass(frozen=True)
class Head:
    """A column's title; `sort` is the address that sorts by it, `sorted` is up, down or empty."""

    title: str
    meaning: str
    is_number: bool
    sort: str = ""
    sorted: str = ""


def columns_of(report: Report, *, brief: bool) -> list[tuple[Column, ...]]:
    """The columns of a screen, one cell each; what belongs below another is in its cell."""
    if brief and report.brief:
        return [tuple(report.column(key) for key in keys) for keys in report.brief]
    return [(column,) for column in report.columns if column.on_screen]


_NUMBERS = (Kind.CENTS, Kind.COUNT)


def heads(asking: Asking, cells: Iterable[tuple[Column, ...]], *, base: str) -> list[Head]:
    return [_head(asking, first, base=base) for first, *_below in cells]


def _head(asking: Asking, column: Column, *, base: str) -> Head:
    sort = asking.report.sort(column.key)
    chosen = sort is not None and sort == asking.sort
    turned = column.key if chosen and asking.is_descending else f"-{column.key}"
    return Head(
        title=str(column.title),
        meaning=str(column.meaning),
        is_number=column.kind in _NUMBERS,
        sort=f"{base}?{asking.query(sort=turned)}" if sort else "",
        sorted=("down" if asking.is_descending else "up") if chosen else "",
    )


def shown(rows: Iterable[Row], cells: Sequence[tuple[Column, ...]]) -> list[list[Cell]]:
    """What is empty below a first value is left out."""
    return [[_cell(row, columns) for columns in cells] for row in rows]


def _cell(row: Row, columns: Sequence[Column]) -> Cell:
    first, *below = columns
    under = [_value(row, one, label=str(one.title)) for one in below if row[one.key]]
    return [_value(row, first), *under]


def _value(row: Row, column: Column, *, label: str = "") -> Value:
    raw = row[column.key]
    plain = raw is None or raw == ""
    return Value(
        text=NOTHING if plain else _text(raw, column, row),
        label=label if column.kind in (Kind.CENTS, Kind.MOMENT, Kind.COUNT) else "",
        colour="" if plain else column.colours.get(raw, "") if column.colours else "",
        code=str(raw) if column.kind == Kind.CHOICE and not plain else "",
        link=column.link(row) if column.link and not plain else None,
        is_number=column.kind in _NUMBERS,
    )


def _text(raw: Any, column: Column, row: Row) -> str:
    if column.kind == Kind.CENTS:
        return money(int(raw), row["currency"])
    if column.kind == Kind.MOMENT:
        return local(raw, ZoneInfo(row["zone"]))
    if column.kind == Kind.CHOICE:
        return str(column.words.get(raw, raw))
    if column.kind == Kind.AMOUNTS and row["currency"] == "BRL":
        return str(raw).replace(".", ",")
    return str(raw)
