"""What a report is: title, filters, columns and rows, said once; screen, CSV and XLSX come from it.

A report is read in two steps, in one statement. `chosen` are the keys of one page (or one piece of
an export), found by filters, order and place on the report's own table alone; then its columns are
worked out for these rows and no others, by parts that group what belongs to them. So a page costs
the same at any size, and a figure is written down once.

SQL in declarations is ours, never a reader's: what a reader gives is always a parameter. A percent
sign in it is written twice, as the driver wants it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from django.utils.functional import Promise

Text = str | Promise
#: One row as it is read: column key -> value, with `key` beside them.
Row = Mapping[str, Any]


class Kind(StrEnum):
    """How a value is shown: aligned, formatted, and written into files."""

    TEXT = "text"
    #: A code with words for it; files have both, the code in a column of its own.
    CHOICE = "choice"
    #: Integer cents. Files get the amount with two decimals.
    CENTS = "cents"
    #: Several amounts in one text.
    AMOUNTS = "amounts"
    COUNT = "count"
    #: A moment, on the clocks of the account it belongs to.
    MOMENT = "moment"


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column. `sql` is an expression over the report's tables and the parts it `needs`.

    `meaning` is its definition, as people read it: the page's hint and docs/reports.md. A `summed`
    column of cents is added up in the footer of files.
    """

    key: str
    title: Text
    sql: str
    kind: Kind = Kind.TEXT
    meaning: Text = ""
    needs: tuple[str, ...] = ()
    #: For choices: code -> words, and code -> colour of the label.
    words: Mapping[str, Text] = field(default_factory=dict)
    colours: Mapping[str, str] = field(default_factory=dict)
    #: Where the value leads, for those who may go there.
    link: Callable[[Row], str | None] | None = None
    summed: bool = False
    in_files: bool = True
    on_screen: bool = True


class Part(NamedTuple):
    """What belongs to a row, gathered into one row: worked out for the chosen ones alone.

    `select` are aggregates over the tables in `source`; `of` is the column there that says to which
    row of the report they belong, or to which `owner` of rows. What nobody reads costs nothing.
    """

    name: str
    select: str
    source: str
    of: str


class Sort(NamedTuple):
    """An order of the rows. `sql` is a column of the report's own table that an index serves;
    rows without a value are left out, and the page says so when there can be any."""

    key: str
    title: Text
    sql: str
    type: str
    may_lack: bool = True


class Condition(NamedTuple):
    sql: str
    params: tuple[Any, ...] = ()


class NotUnderstood(Exception):
    """A filter was given something it can't mean; the message says so to the reader."""


class Filter(Protocol):
    """A way to choose rows. It takes its own names out of what is asked and gives a condition."""

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters it reads, in the order in which an address carries them."""

    def condition(self, asked: Mapping[str, str], *, now: datetime) -> Condition | None:
        """None when nothing is asked. Raises NotUnderstood."""

    def told(self, asked: Mapping[str, str], *, now: datetime) -> tuple[str, str] | None:
        """Label and what is asked, in words; None when nothing is."""

    def order(self, asked: Mapping[str, str]) -> str | None:
        """The sort whose index finds what it asks for; rows come in it unless asked otherwise."""

    def control(self, asked: Mapping[str, str]) -> Mapping[str, Any]:
        """What its template needs: at least `template` and `label`."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """A declaration. `table` is what rows are chosen from, `key` its unique, ever growing number;
    `joins` are added where columns are worked out. Newest first unless another order is asked.

    `brief` are the columns of the usual screen: each tuple one cell, its first value large. The
    zone and the currency of a row are SQL expressions like those of columns.

    A report of sums has one row for many: `sums` is a SELECT … GROUP BY with `{where}` where its
    filters go; `table` and `key` are then over its result, which is called `summed`. There must be
    few such rows: they are all worked out for each page.
    """

    slug: str
    title: Text
    meaning: Text
    permissions: tuple[str, ...]
    table: str
    key: str
    columns: Sequence[Column]
    filters: Sequence[Filter]
    joins: str = ""
    sums: str = ""
    #: The sort when nobody asks for one; else as the rows came to be.
    usual: str = ""
    #: Said above the rows, such as what they are as of.
    note: Callable[[], str] | None = None
    parts: Sequence[Part] = ()
    #: The column of `table` that says to what its parts belong, where many rows share that: they
    #: are worked out for it once. Else they belong to the row, by its key.
    owner: str = ""
    sorts: Sequence[Sort] = ()
    brief: Sequence[tuple[str, ...]] = ()
    #: Read with each row for its links: name -> SQL.
    beside: Mapping[str, str] = field(default_factory=dict)
    zone: str = "'UTC'"
    currency: str = "'BRL'"
    #: Singular and plural are chosen by the reader's language: takes a count.
    counted: Callable[[int], str] = str

    def column(self, key: str) -> Column:
        return next(column for column in self.columns if column.key == key)

    def sort(self, key: str) -> Sort | None:
        return next((sort for sort in self.sorts if sort.key == key), None)

    def part(self, name: str) -> Part:
        return next(part for part in self.parts if part.name == name)


REPORTS: dict[str, Report] = {}


def register(report: Report) -> Report:
    """Makes it known under its slug, which addresses, saved schedules and jobs carry: never change
    it."""
    if REPORTS.setdefault(report.slug, report) is not report:
        raise ValueError(f"Two reports are called {report.slug}.")
    return report


def may_read(report: Report, user: Any) -> bool:
    """Every permission is asked for, on screens, in files and when a file is sent."""
    return bool(user.is_active and all(user.has_perm(name) for name in report.permissions))
