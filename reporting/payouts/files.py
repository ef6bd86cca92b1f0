"""What a settlement file says, row by row, once its columns are known. Nothing is written here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from typing import IO, Any

from django.utils.translation import gettext as _

from reporting.payouts import amounts, layouts
from reporting.payouts.layouts import FIELDS, Layout
from sellers import tables
from sellers.errors import DomainError
from sellers.money import Cents
from sellers.tables import Cells, plain

LARGEST = 10 * 1024 * 1024
#: All of them are entered in one transaction.
MOST_ROWS = 20_000
#: Titles and remarks may stand above the headings.
_LOOKED_AT = 20
_LONGEST_ID = 60
#: Instead of an order id: the row adds up others.
_SUMS = ("total", "totais", "subtotal", "soma", "sum")


@dataclass(frozen=True)
class Entry:
    """A row, understood. What takes money back is below zero; `commission` None: it tells none."""

    line: int
    named: str
    paid: Cents
    commission: Cents | None


@dataclass
class Reading:
    """A file as far as it can be read. `problems` name row and column; with any of them nothing of
    the file may be entered. Rows without an order id, such as sums, are left out and told."""

    names: list[str]
    layout: Layout
    entries: list[Entry] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    left_out: int = 0
    left_out_cents: Cents = 0

    @property
    def cents(self) -> Cents:
        return sum(entry.paid for entry in self.entries)


def headings(content: IO[bytes], *, wanted: Layout | None = None) -> list[str]:
    """The names of its columns. Raises DomainError `bad-file`."""
    _require_size(content)
    _line, names, _rows = _begun(content, wanted)
    return names


def read(content: IO[bytes], told: Layout | None) -> Reading:
    """With the layout that was told; what it leaves open is guessed and found in the result.

    Raises DomainError `bad-file`; what else is wrong is among the problems.
    """
    _require_size(content)
    _line, names, cells = _begun(content, told)
    rows = _bounded(cells)
    layout = told if told and _fits(told, names) else layouts.guessed(names)
    reading = Reading(names, layout)
    try:
        layout.require_complete()
        places = _places(layout, names)
        reading.layout = layout = _with_style(layout, rows, places)
    except DomainError as refusal:
        reading.problems.append(refusal.message)
        return reading
    for row in rows:
        _take(reading, row, places)
    if not rows:
        reading.problems.append(_("There are no rows below the headings."))
    return reading


def _require_size(content: IO[bytes]) -> None:
    size = content.seek(0, 2)
    content.seek(0)
    if size > LARGEST:
        raise DomainError("bad-file", _("The file is larger than 10 MB."))


def _begun(content: IO[bytes], told: Layout | None) -> tuple[int, list[str], Iterator[Cells]]:
    """The row of the headings, and what is below it."""
    cells = tables.rows(content)
    first = [row for row in islice(cells, _LOOKED_AT) if not row.is_empty]
    if not first:
        raise DomainError("bad-file", _("The file is empty."))
    named = [[tables.text_of(cell) for cell in row.values] for row in first]
    best = max(range(len(first)), key=lambda at: (_known(named[at], told), -at))
    return first[best].line, named[best], chain(first[best + 1 :], cells)


def _known(names: Sequence[str], told: Layout | None) -> int:
    """How many of the columns such a row would name."""
    if told and told.columns and _fits(told, names):
        return len(FIELDS) + 1
    return len(layouts.guessed(names).columns)


def _fits(told: Layout, names: Sequence[str]) -> bool:
    there = {plain(name) for name in names}
    return bool(told.columns) and all(plain(name) in there for name in told.columns.values())


def _bounded(cells: Iterator[Cells]) -> list[Cells]:
    rows = list(islice((row for row in cells if not row.is_empty), MOST_ROWS + 1))
    if len(rows) > MOST_ROWS:
        raise DomainError(
            "bad-file", _("More than %(most)d rows: divide the file.") % {"most": MOST_ROWS}
        )
    return rows


def _places(layout: Layout, names: Sequence[str]) -> dict[str, int]:
    """Where each column is; of two with one name the first."""
    found = {plain(name): place for place, name in reversed(list(enumerate(names)))}
    return {each: found[plain(name)] for each, name in layout.columns.items() if name}


def _with_style(layout: Layout, rows: Sequence[Cells], places: dict[str, int]) -> Layout:
    """Raises DomainError `ambiguous-amounts` when nobody told the style and nothing tells it."""
    if layout.amounts:
        return layout
    cells = [
        row.values[at]
        for row in rows
        for name, at in places.items()
        if name != "order" and at < len(row.values)
    ]
    style = amounts.style_told(cells)
    if style is None and amounts.is_in_question(cells):
        raise DomainError(
            "ambiguous-amounts",
            _("The amounts could mean two things: say how they are written, 1.234,56 or 1,234.56."),
        )
    return replace(layout, amounts=str(style or amounts.Style.COMMA))


def _take(reading: Reading, row: Cells, places: dict[str, int]) -> None:
    said = {name: row.values[at] for name, at in places.items() if at < len(row.values)}
    cents: dict[str, Cents | None] = {}
    for name in ("paid", "commission"):
        try:
            cents[name] = amounts.cents_of(said.get(name), reading.layout.amounts)
        except DomainError as refusal:
            reading.problems.append(_told(reading, row, name, refusal.message))
            return
    named = tables.text_of(said.get("order")).lstrip("#").strip()
    if _is_sum(named):
        reading.left_out += 1
        reading.left_out_cents += cents["paid"] or 0
        return
    if wrong := _wrong(reading.layout, named, cents):
        reading.problems.append(_told(reading, row, *wrong))
        return
    reading.entries.append(_entry(reading.layout, row.line, named, cents))


def _is_sum(named: str) -> bool:
    return not named or plain(named).partition(" ")[0] in _SUMS


def _wrong(layout: Layout, named: str, cents: dict[str, Cents | None]) -> tuple[str, str] | None:
    """Column and what is wrong with it; None for a good row."""
    if len(named) > _LONGEST_ID:
        return "order", _("“%s…” is no order id.") % named[:40]
    for name in layout.wanted[1:]:
        if cents[name] is None:
            return name, _("there is no amount.")
    return None


def _entry(layout: Layout, line: int, named: str, cents: dict[str, Cents | None]) -> Entry:
    """A row that pays withholds its commission, one that takes back gives it back, whatever sign
    the file writes the commission with."""
    amount, commission = cents["paid"] or 0, cents["commission"]
    if commission is not None:
        commission = abs(commission) if amount >= 0 else -abs(commission)
    paid = amount - (commission or 0) if layout.is_gross else amount
    return Entry(line, named, paid, commission)


def _told(reading: Reading, row: Cells, name: str, message: str) -> str:
    facts: dict[str, Any] = {"row": row.line, "column": reading.layout.columns[name]}
    return _("Row %(row)d, column “%(column)s”: ") % facts + message
