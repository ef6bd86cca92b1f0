"""Reads the tables that people send, CSV or XLSX, row by row: memory does not grow with the file.

The file comes from outside: its size is bounded before anything is unpacked.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date, datetime
from typing import IO, Any, NamedTuple
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from sellers.errors import DomainError

#: A spreadsheet's rows are read one by one, but all its texts are held at once.
MOST_UNPACKED = 200 * 1024 * 1024
MOST_TEXTS = 100 * 1024 * 1024
_TEXTS = "xl/sharedStrings.xml"
#: Longer is no row of a table.
_LONGEST_LINE = 1_000_000
_CHUNK = 1024 * 1024
#: Lines in which the delimiter is looked for.
_LOOKED_AT = 20


class Cells(NamedTuple):
    """A row: its number as the spreadsheet counts it; its cells, as text, numbers or moments."""

    line: int
    values: list[Any]

    @property
    def is_empty(self) -> bool:
        return not any(map(has_text, self.values))


def rows(content: IO[bytes], *, most_unpacked: int = MOST_UNPACKED) -> Iterator[Cells]:
    """Every row, empty ones too. Raises DomainError `bad-file` with what is wrong."""
    return _xlsx(content, most_unpacked) if _is_zip(content) else _csv(content)


def plain(text: str) -> str:
    """Small letters and digits, without accents: how headings are compared."""
    bare = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return " ".join(re.findall(r"[a-z0-9]+", bare))


def has_text(cell: Any) -> bool:
    return cell is not None and bool(str(cell).strip())


def text_of(cell: Any) -> str:
    """As somebody would type it: a spreadsheet keeps whole numbers with a fraction of zero."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell).strip()


# --- the two formats ------------------------------------------------------------------------------


def _is_zip(content: IO[bytes]) -> bool:
    start = content.read(4)
    content.seek(0)
    return start == b"PK\x03\x04"


def _csv(content: IO[bytes]) -> Iterator[Cells]:
    # What can't be read as UTF-8 is what Excel writes in Western Europe and Brazil.
    encoding = "utf-8-sig" if _is_utf8(content) else "cp1252"
    text = io.TextIOWrapper(content, encoding=encoding, errors="replace", newline="")
    try:
        reader = csv.reader(_lines(text), delimiter=_delimiter(text))
        for row in reader:
            yield Cells(reader.line_num, list(row))
    except csv.Error:
        raise _bad(_("The file can't be read as CSV.")) from None
    finally:
        # The wrapper would close the file with itself; whoever gave it may have done so already.
        with suppress(ValueError):
            text.detach()


def _is_utf8(content: IO[bytes]) -> bool:
    """Leaves the file at its beginning."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    found = True
    while chunk := content.read(_CHUNK):
        if b"\x00" in chunk:
            raise _bad(_("This is neither CSV nor XLSX."))
        try:
            found and decoder.decode(chunk)
        except UnicodeDecodeError:
            found = False
    content.seek(0)
    return found


def _lines(text: IO[str]) -> Iterator[str]:
    while line := text.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE:
            raise _bad(_("The file can't be read as CSV."))
        yield line


def _delimiter(text: IO[str]) -> str:
    """Semicolons, tabs and bars hardly occur but as delimiters; commas are in amounts too."""
    first = [line for _number, line in zip(range(_LOOKED_AT), _lines(text), strict=False)]
    text.seek(0)
    counts = {each: max((line.count(each) for line in first), default=0) for each in ";\t|,"}
    best = max(";\t|", key=lambda each: counts[each])
    return best if counts[best] >= min(2, counts[","]) and counts[best] else ","


def _xlsx(content: IO[bytes], most_unpacked: int) -> Iterator[Cells]:
    """The first sheet."""
    # Only here: every process of the portal would hold it else, and hardly any reads a spreadsheet.
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with zipfile.ZipFile(content) as packed:
            sizes = {entry.filename: entry.file_size for entry in packed.infolist()}
        if sum(sizes.values()) > most_unpacked or sizes.get(_TEXTS, 0) > MOST_TEXTS:
            raise _bad(_("The file is too large once it is unpacked. Save it as CSV."))
        book = load_workbook(content, read_only=True, data_only=True)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError):
        raise _bad(_("The file can't be read as XLSX.")) from None
    if not book.worksheets:
        raise _bad(_("The file is empty."))
    sheet: Iterable[tuple[Any, ...]] = book.worksheets[0].iter_rows(values_only=True)
    for line, row in enumerate(sheet, 1):
        yield Cells(line, list(row))


def _bad(message: str) -> DomainError:
    return DomainError("bad-file", message)


# --- days and moments -----------------------------------------------------------------------------

_DAY = re.compile(
    r"(?:(\d{4})-(\d{1,2})-(\d{1,2})|(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}))"
    r"(?:[T ]+(\d{1,2}):(\d{2})(?::\d{2})?)?(?:\.\d+)?"
)


def moment(
    value: Any, zone: ZoneInfo, *, month_first: bool = False
) -> tuple[datetime, bool] | None:
    """A day, with or without an hour, on the clocks of `zone`; and whether it had an hour.

    Day before month, as Brazil writes it, unless `month_first`; or year first. None for an empty
    cell; raises DomainError `bad-date` for what is no day.
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
        raise _bad_day(text)
    groups = (1, 2, 3) if found[1] else (6, 4, 5) if month_first else (6, 5, 4)
    year, month, day = (int(found[group]) for group in groups)
    hour, minute = int(found[7] or 0), int(found[8] or 0)
    try:
        return datetime(year, month, day, hour, minute, tzinfo=zone), bool(found[7])
    except ValueError:
        raise _bad_day(text) from None


def _bad_day(text: str) -> DomainError:
    return DomainError("bad-date", _("“%s” is not a day.") % text[:40])
