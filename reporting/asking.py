"""What somebody asks of a report: filters and order, from an address, a saved schedule or a job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from reporting.declarations import Condition, Filter, NotUnderstood, Report, Sort

SORT = "sort"
#: The report's own order: as its rows came to be.
BY_KEY = "key"


@dataclass(frozen=True)
class Asking:
    """A report with its filters filled in, at a moment: "last month" means the month before it.

    `asked` holds only what the report's filters read, as text, so that it can be kept.
    """

    report: Report
    asked: Mapping[str, str]
    now: datetime

    @property
    def sort(self) -> Sort | None:
        return self.report.sort(self.order.removeprefix("-"))

    @property
    def is_descending(self) -> bool:
        """Newest, latest, most first, unless the address says the opposite."""
        return self.order.startswith("-")

    @property
    def order(self) -> str:
        """The column it is sorted by, with a minus for the last first: as asked, else as a filter
        has it, else as the rows came to be."""
        if SORT in self.asked:
            return self.asked[SORT]
        wanted = (each.order(self.asked) for each in self.report.filters)
        usual = self.report.usual or BY_KEY
        return f"-{next((name for name in wanted if name), usual)}"

    @property
    def lacking(self) -> Sort | None:
        """The sort that somebody asked for and that leaves rows out, as they have no such value."""
        return self.sort if SORT in self.asked and self.sort and self.sort.may_lack else None

    def filtered(self) -> list[Condition]:
        """What the filters ask. Raises NotUnderstood."""
        found = [each.condition(self.asked, now=self.now) for each in self.report.filters]
        return [condition for condition in found if condition is not None]

    def conditions(self) -> list[Condition]:
        """What rows have to be: filters, which a report of sums has within them, and the sort.
        Raises NotUnderstood."""
        conditions = [] if self.report.sums else self.filtered()
        if self.lacking is not None:
            conditions.append(Condition(f"{self.lacking.sql} IS NOT NULL"))
        return conditions

    def told(self) -> list[tuple[str, str]]:
        """Everything that leaves rows out, in words: label and what is asked."""
        told = [words for _filter, words in self.active()]
        if self.lacking is not None:
            told.append((str(self.lacking.title), _("is known")))
        return told

    def active(self) -> list[tuple[Filter, tuple[str, str]]]:
        """Each filter that is on, with its words."""
        found = ((each, each.told(self.asked, now=self.now)) for each in self.report.filters)
        return [(each, words) for each, words in found if words is not None]

    def query(self, **changes: str | None) -> str:
        """An address's query for the same with `changes`; None takes a parameter away."""
        return urlencode(
            {name: value for name, value in {**self.asked, **changes}.items() if value}
        )


def asked_of(report: Report, given: Mapping[str, str], *, now: datetime) -> Asking:
    """Takes what the report's filters read and leaves the rest.

    Raises NotUnderstood for a value that can't be meant: a filter that is ignored would show, and
    export, what nobody asked for.
    """
    names = [name for each in report.filters for name in each.names]
    asked = {name: text for name in (*names, SORT) if (text := given.get(name, "").strip()[:200])}
    asking = Asking(report, asked, now)
    if asking.sort is None and asking.order.removeprefix("-") != BY_KEY:
        raise NotUnderstood(_("This report can't be sorted by “%s”.") % asking.order)
    asking.filtered()
    return asking
