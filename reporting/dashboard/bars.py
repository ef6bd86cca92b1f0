"""The dashboard's bars: counts by kind, each beside the period before; and orders by day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from orders.states import Status
from reporting.dashboard import reading
from reporting.dashboard.asking import Asked
from reporting.dashboard.charts import Bin
from reporting.dashboard.figures import figures
from reporting.dashboard.reading import Sums
from simulation.notes import SHORTFALLS
from simulation.sentences import cause

#: A chart with more bars than this is by week, then by month.
_MOST_DAYS, _MOST_WEEKS = 45, 45 * 7
#: Of the chart, in their order.
SERIES = ("placed", "handed-over", "missed")
_MOST_CAUSES = 8


@dataclass(frozen=True)
class Bar:
    """A row of a list of bars; `percent` of the longest."""

    title: str
    count: int
    before: int
    percent: float
    link: str
    before_link: str


def states(asked: Asked, sums: Sums, before: Sums) -> list[Bar]:
    """In the order of an order's life, not by size."""
    return _bars(
        asked,
        sums.by_key("placed"),
        before.by_key("placed"),
        keys=[str(status) for status in Status],
        told=lambda key: str(Status(key).label),
        rows=lambda period, key: period.rows_behind("placed", key),
    )


def cancellations(asked: Asked, sums: Sums, before: Sums) -> list[Bar]:
    words = figures()["cancelled"].keys
    now, was = _by_key("cancelled", sums, before)
    return _bars(
        asked,
        now,
        was,
        keys=_largest_first(now, was),
        told=lambda key: _who_and_why(key, words),
        rows=lambda period, key: period.rows_behind("cancelled", key),
    )


def refused(asked: Asked, sums: Sums, before: Sums) -> list[Bar]:
    """Of lines alone: a call that was refused as a whole is counted among those not answered."""
    now, was = (_of_lines(each) for each in _by_key("refused-lines", sums, before))
    return _bars(
        asked,
        now,
        was,
        keys=_largest_first(now, was)[:_MOST_CAUSES],
        told=cause,
        rows=lambda period, key: period.answers_behind(cause=key),
    )


def _of_lines(counts: Mapping[str, int]) -> dict[str, int]:
    return {key: count for key, count in counts.items() if key in SHORTFALLS}


def _by_key(figure: str, *sums: Sums) -> Iterator[dict[str, int]]:
    return (each.by_key(figure) for each in sums)


def _largest_first(now: Mapping[str, int], was: Mapping[str, int]) -> list[str]:
    return sorted({*now, *was}, key=lambda key: (-now.get(key, 0), -was.get(key, 0), key))


def _bars(
    asked: Asked,
    now: Mapping[str, int],
    was: Mapping[str, int],
    *,
    keys: Iterable[str],
    told: Callable[[str], str],
    rows: Callable[[Asked, str], str],
) -> list[Bar]:
    """Of what happened in either period; the longest is as long as the widest allows."""
    longest = max(now.values(), default=0) or 1
    return [
        Bar(
            title=told(key),
            count=now.get(key, 0),
            before=was.get(key, 0),
            percent=round(100 * now.get(key, 0) / longest, 1),
            link=rows(asked, key),
            before_link=rows(asked.earlier, key),
        )
        for key in keys
        if now.get(key) or was.get(key)
    ]


def _who_and_why(key: str, words: Mapping[str, Any]) -> str:
    said = str(words.get(key, key))
    return _("by us: %(reason)s") % {"reason": said} if key.startswith("seller:") else said


# --- the chart ------------------------------------------------------------------------------------


def bins(asked: Asked) -> Iterator[Bin]:
    """Orders by day, week or month, as wide as the period."""
    days = reading.by_day(asked.ids, asked.since, asked.until, ("placed", "handed-over", "due"))
    grouped: dict[date, list[date]] = {}
    for day in days:
        grouped.setdefault(_begin(day, asked), []).append(day)
    missed = figures()["due"].keys_of("missed")
    for members in grouped.values():
        found = [days[day] for day in members]
        values = (
            sum(each.of("placed") for each in found),
            sum(each.of("handed-over") for each in found),
            sum(each.of("due", *missed) for each in found),
        )
        ends = members[0], members[-1]
        yield Bin(
            label=_label(members[0], asked),
            title=_title(members, values),
            values=values,
            links=[
                asked.rows_behind("placed", days=ends),
                asked.rows_behind("handed-over", days=ends),
                asked.rows_behind("due", "missed", days=ends),
            ],
        )


def _begin(day: date, asked: Asked) -> date:
    """The first day of the bar a day belongs to."""
    if asked.days <= _MOST_DAYS:
        return day
    if asked.days <= _MOST_WEEKS:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1)


def _label(day: date, asked: Asked) -> str:
    by_month = asked.days > _MOST_WEEKS
    return date_format(
        day, pgettext("date format", "M Y") if by_month else pgettext("date format", "j M")
    )


def _title(members: list[date], values: tuple[int, int, int]) -> str:
    ends = (members[0], members[-1])
    first, last = (date_format(day, pgettext("date format", "D j M")) for day in ends)
    facts = dict(zip(("placed", "gone", "late"), values, strict=True))
    said = ngettext(
        "%(placed)d order placed, %(gone)d handed over, %(late)d late",
        "%(placed)d orders placed, %(gone)d handed over, %(late)d late",
        values[0],
    )
    when = first if len(members) == 1 else f"{first} – {last}"
    return f"{when}: {said % facts}"
