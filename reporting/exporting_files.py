"""The files a report becomes: what stands around its rows, and the sheets of an XLSX."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reporting.asking import Asking
from reporting.declarations import Kind, Text
from reporting.exporting import PLAIN, PORTUGUESE, Field, Style, Sums, harmless

#: Told by its first bytes, spreadsheets read UTF-8 as what it is.
BOM = "\ufeff"


@dataclass(frozen=True)
class Format:
    """A kind of file. A spreadsheet is made of the plain rows at the end."""

    title: Text
    suffix: str
    style: Style
    is_spreadsheet: bool = False


FORMATS: dict[str, Format] = {
    "xlsx": Format(gettext_lazy("Excel (XLSX)"), "xlsx", PLAIN, is_spreadsheet=True),
    "csv": Format(gettext_lazy("CSV: commas, decimal point"), "csv", PLAIN),
    "csv-pt": Format(gettext_lazy("CSV: semicolons, decimal comma"), "csv", PORTUGUESE),
}


@dataclass(frozen=True)
class Note:
    """A line at the end of a file: a label and a text, a count or an amount in cents."""

    label: str
    value: str | int
    is_money: bool = False


def notes_of(asking: Asking, sums: Sums, *, sha256: str) -> list[Note]:
    """What the file holds, so that nobody needs to trust it."""
    told = "; ".join(f"{label}: {text}" for label, text in asking.told())
    moment = timezone.localtime(asking.now)
    notes = [
        Note(_("Report"), str(asking.report.title)),
        Note(_("Filters"), told or _("none")),
        Note(_("Asked"), f"{moment:%Y-%m-%d %H:%M:%S} {timezone.get_current_timezone_name()}"),
        Note(_("Rows"), sums.rows),
    ]
    for currency, amounts in sorted(sums.cents.items()):
        for column in asking.report.columns:
            if column.summed:
                label = _("Sum: %(title)s, %(currency)s")
                facts = {"title": column.title, "currency": currency}
                notes.append(Note(label % facts, amounts.get(column.key, 0), is_money=True))
    return [*notes, Note(_("SHA-256 of the rows"), sha256)]


def head_line(fields: Sequence[Field], style: Style) -> str:
    return BOM + _line([field.title for field in fields], style)


def foot_lines(notes: Sequence[Note], style: Style) -> str:
    rows = ([harmless(note.label), _written(note, style)] for note in notes)
    return "\n" + "".join(_line(row, style) for row in rows)


def _written(note: Note, style: Style) -> str:
    if note.is_money:
        return str(amount_of(int(note.value))).replace(".", style.decimal)
    return harmless(note.value) if isinstance(note.value, str) else str(note.value)


def _line(row: Sequence[str], style: Style) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=style.separator, lineterminator="\n").writerow(row)
    return text.getvalue()


def amount_of(cents: int) -> Decimal:
    """Two decimals, exactly: no floating point on the way."""
    return Decimal(cents).scaleb(-2).quantize(Decimal("0.01"))


def name_of(asking: Asking, format_: Format, rows: int) -> str:
    day = timezone.localtime(asking.now).date()
    return f"{asking.report.slug}-{day:%Y-%m-%d}-{rows}.{format_.suffix}"


# --- XLSX -----------------------------------------------------------------------------------------

#: Excel's own limit, of which each sheet leaves one for the titles.
SHEET_ROWS = 1_048_576 - 1
_WIDTHS = {Kind.CENTS: 14, Kind.COUNT: 8, Kind.MOMENT: 19}


def write_sheets(
    path: Path,
    rows: Iterator[list[str]],
    fields: Sequence[Field],
    notes: Sequence[Note],
    *,
    heartbeat: Callable[[], None],
) -> None:
    """A workbook of `rows`, as many sheets as they need, and a last one that says what it holds.

    Memory does not grow: a row is written out when the next begins. `heartbeat` is called now and
    then, as this may take minutes.
    """
    book = xlsxwriter.Workbook(path, {"constant_memory": True, "tmpdir": str(path.parent)})
    with closing(book):
        writer = _SheetWriter(book, fields)
        for number, row in enumerate(rows):
            writer.write(number, row)
            if number % 1000 == 999:
                heartbeat()
        writer.begin_if_empty()
        _write_notes(book, notes)


class _SheetWriter:
    def __init__(self, book: Any, fields: Sequence[Field]) -> None:
        self.book, self.fields = book, fields
        self.bold = book.add_format({"bold": True})
        self.formats = {
            Kind.CENTS: book.add_format({"num_format": "#,##0.00"}),
            Kind.COUNT: book.add_format({"num_format": "0"}),
            Kind.MOMENT: book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
        }
        self.sheet: Any = None

    def write(self, number: int, row: Sequence[str]) -> None:
        place = number % SHEET_ROWS
        if place == 0:
            self._begin(number // SHEET_ROWS)
        for column, (text, field) in enumerate(zip(row, self.fields, strict=True)):
            if text:
                self._put(place + 1, column, text, field.kind)

    def begin_if_empty(self) -> None:
        if self.sheet is None:
            self._begin(0)

    def _begin(self, number: int) -> None:
        name = _("Rows") if number == 0 else f"{_('Rows')} {number + 1}"
        self.sheet = self.book.add_worksheet(name)
        self.sheet.freeze_panes(1, 1)
        for column, field in enumerate(self.fields):
            self.sheet.set_column(column, column, _WIDTHS.get(field.kind, 20))
            self.sheet.write_string(0, column, field.title, self.bold)

    def _put(self, row: int, column: int, text: str, kind: Kind) -> None:
        if kind == Kind.CENTS:
            self.sheet.write_number(row, column, Decimal(text), self.formats[kind])
        elif kind == Kind.COUNT:
            self.sheet.write_number(row, column, int(text), self.formats[kind])
        elif kind == Kind.MOMENT:
            moment = datetime.fromisoformat(text)
            self.sheet.write_datetime(row, column, moment, self.formats[kind])
        else:
            self.sheet.write_string(row, column, text)


def _write_notes(book: Any, notes: Sequence[Note]) -> None:
    sheet = book.add_worksheet(_("About"))
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 70)
    money = book.add_format({"num_format": "#,##0.00", "align": "left"})
    plain = book.add_format({"num_format": "#,##0", "align": "left"})
    for row, note in enumerate(notes):
        sheet.write_string(row, 0, note.label)
        if note.is_money:
            sheet.write_number(row, 1, amount_of(int(note.value)), money)
        elif isinstance(note.value, int):
            sheet.write_number(row, 1, note.value, plain)
        else:
            sheet.write_string(row, 1, note.value)
