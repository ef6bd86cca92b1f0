"""Reads the tables that carriers send, CSV or XLSX: which columns there are, what each row says.

The file comes from outside: its size is bounded before anything is unpacked.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO, Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from sellers.errors import DomainError

LARGEST = 10 * 1024 * 1024
MOST_ROWS = 50_000
_LARGEST_UNPACKED = 200 * 1024 * 1024
#: What a column may be called, without accents and in small letters.
HEADINGS: dict[str, tuple[str, ...]] = {
    "package": ("package", "package code", "label", "pacote", "volume", "etiqueta"),
    "order": ("order", "order id", "marketplace order id", "pedido", "numero do pedido",
              "no pedido", "no do pedido",
              "pedido marketplace", "our order id", "nosso pedido"),
    "invoice": ("invoice", "invoice number", "invoice key", "access key", "nota", "nota fiscal",
                "numero da nota", "nf", "nfe", "nf e", "chave", "chave de acesso", "chave nfe"),
    "carrier": ("carrier", "courier", "transportadora", "transportador"),
    "tracking": ("tracking", "tracking number", "tracking code", "rastreio", "rastreamento",
                 "codigo de rastreio", "codigo rastreio", "codigo de rastreamento", "objeto",
                 "codigo do objeto", "awb", "etiqueta de postagem"),
    "url": ("url", "link", "tracking url", "tracking address", "link de rastreio",
            "endereco de rastreio"),
    "dispatched": ("dispatched", "dispatched on", "handed over", "handed over on", "postagem",
                   "data de postagem", "data da postagem", "coleta", "data da coleta",
                   "data de envio", "despachado em", "data de despacho"),
    "delivered": ("delivered", "delivered at", "delivered on", "delivery date", "entregue",
                  "entregue em", "data de entrega", "data da entrega"),
}  # fmt: skip
_NAMED = {name: column for column, names in HEADINGS.items() for name in names}


@dataclass(frozen=True)
class Row:
    """`line` as the spreadsheet counts it; values as the file has them, text or moments."""

    line: int
    values: dict[str, Any]

    def text(self, column: str) -> str:
        value = self.values.get(column)
        if isinstance(value, float) and value.is_integer():
            return str(int(value))
        return "" if value is None else str(value).strip()

    @property
    def named(self) -> str:
        """What says which package it is."""
        return next(filter(None, (self.text(each) for each in ("package", "invoice", "order"))), "")


@dataclass(frozen=True)
class Table:
    """`columns`: what each recognised column is called in the file; `others` are not used."""

    columns: dict[str, str]
    others: list[str]
    rows: Iterator[Row]


def read(content: IO[bytes]) -> Table:
    """Raises DomainError `bad-file` with what is wrong, `bad-columns` when it is no such table."""
    cells = _xlsx(content) if _is_zip(content) else _csv(content)
    heading = next(((line, row) for line, row in cells if any(map(_has_text, row))), None)
    if heading is None:
        raise DomainError("bad-file", _("The file is empty."))
    names = [str(cell or "").strip() for cell in heading[1]]
    places = _places(names)
    _require_columns(places, names)
    found = {column: names[place] for column, place in places.items()}
    others = [name for place, name in enumerate(names) if name and place not in places.values()]
    return Table(found, others, _rows(cells, places))


def _places(names: list[str]) -> dict[str, int]:
    """Where each column is; the first wins when two have its name."""
    places: dict[str, int] = {}
    for place, name in enumerate(names):
        column = _NAMED.get(plain(name))
        if column:
            places.setdefault(column, place)
    return places


def _require_columns(places: dict[str, int], names: list[str]) -> None:
    read = ", ".join(filter(None, names))[:300]
    if not {"package", "invoice", "order"} & set(places):
        raise DomainError(
            "bad-columns",
            _("No column says which package it is (package, invoice or order). Found: %s") % read,
        )
    if not {"tracking", "delivered"} & set(places):
        raise DomainError(
            "bad-columns",
            _("No column has a tracking number or a day of delivery. Found: %s") % read,
        )


def plain(text: str) -> str:
    """Small letters and digits, without accents: how headings are compared."""
    bare = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return " ".join(re.findall(r"[a-z0-9]+", bare))


def _rows(cells: Iterator[tuple[int, list[Any]]], places: dict[str, int]) -> Iterator[Row]:
    count = 0
    for line, row in cells:
        if not any(map(_has_text, row)):
            continue
        count += 1
        if count > MOST_ROWS:
            raise DomainError(
                "bad-file", _("More than %(most)d rows: divide the file.") % {"most": MOST_ROWS}
            )
        values = {name: row[at] for name, at in places.items() if at < len(row)}
        yield Row(line, values)


def _has_text(cell: Any) -> bool:
    return cell is not None and bool(str(cell).strip())


# The two formats, as numbered rows of cells


def _is_zip(content: IO[bytes]) -> bool:
    start = content.read(4)
    content.seek(0)
    return start == b"PK\x03\x04"


def _csv(content: IO[bytes]) -> Iterator[tuple[int, list[Any]]]:
    text = _decoded(content.read(LARGEST + 1))
    first = text.lstrip().partition("\n")[0]
    delimiter = max(";,\t|", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for row in reader:
            yield reader.line_num, list(row)
    except csv.Error:
        raise DomainError("bad-file", _("The file can't be read as CSV.")) from None


def _decoded(content: bytes) -> str:
    if len(content) > LARGEST:
        raise DomainError("bad-file", _("The file is larger than 10 MB."))
    if b"\x00" in content:
        raise DomainError("bad-file", _("This is neither CSV nor XLSX."))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _xlsx(content: IO[bytes]) -> Iterator[tuple[int, list[Any]]]:
    """The first sheet, row by row."""
    try:
        with zipfile.ZipFile(content) as packed:
            unpacked = sum(entry.file_size for entry in packed.infolist())
        if unpacked > _LARGEST_UNPACKED:
            raise DomainError("bad-file", _("The file is too large once it is unpacked."))
        book = load_workbook(content, read_only=True, data_only=True)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError):
        raise DomainError("bad-file", _("The file can't be read as XLSX.")) from None
    sheet: Iterable[tuple[Any, ...]] = book.worksheets[0].iter_rows(values_only=True)
    for line, row in enumerate(sheet, 1):
        yield line, list(row)


# Days and moments

_DAY = re.compile(
    r"(?:(\d{4})-(\d{1,2})-(\d{1,2})|(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}))"
    r"(?:[T ]+(\d{1,2}):(\d{2})(?::\d{2})?)?(?:\.\d+)?"
)


def moment(value: Any, zone: ZoneInfo) -> tuple[datetime, bool] | None:
    """A day, with or without an hour, on the clocks of `zone`; and whether it had an hour.

    Day before month, as Brazil writes it, or year first. None for an empty cell; raises DomainError
    `bad-date` for what is no day.
    """
    if isinstance(value, datetime):
        has_hour = bool(value.hour or value.minute)
        return (value.replace(tzinfo=value.tzinfo or zone), has_hour)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=zone), False
    text = str(value or "").strip()
    if not text:
        return None
    found = _DAY.fullmatch(text)
    if found is None:
        raise DomainError("bad-date", _("“%s” is not a day.") % text[:40])
    groups = (1, 2, 3) if found[1] else (6, 5, 4)
    year, month, day = (int(found[group]) for group in groups)
    hour, minute = int(found[7] or 0), int(found[8] or 0)
    try:
        return datetime(year, month, day, hour, minute, tzinfo=zone), bool(found[7])
    except ValueError:
        raise DomainError("bad-date", _("“%s” is not a day.") % text[:40]) from None
