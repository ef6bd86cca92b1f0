"""The kinds of filters there are: one of some choices, any id, a period."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reporting.declarations import Condition, NotUnderstood, Text
from sellers.models import SellerAccount

_ALL, _PERIOD = gettext_lazy("all"), gettext_lazy("Period")


@dataclass(frozen=True, kw_only=True)
class OneOf:
    """A choice among options that are read when they are needed: code -> words.

    `means` gives the condition of a code. What was once an option may be gone: then it is refused.
    """

    name: str
    label: Text
    options: Callable[[], Sequence[tuple[str, Text]]]
    means: Callable[[str], Condition]
    anything: Text = _ALL
    #: Kept behind "more filters" until it is used.
    rare: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name,)

    def condition(self, asked: Mapping[str, str], *, now: datetime) -> Condition | None:
        return self.means(asked[self.name]) if self._words(asked) is not None else None

    def told(self, asked: Mapping[str, str], *, now: datetime) -> tuple[str, str] | None:
        words = self._words(asked)
        return None if words is None else (str(self.label), words)

    def _words(self, asked: Mapping[str, str]) -> str | None:
        code = asked.get(self.name)
        if code is None:
            return None
        words = dict(self.options()).get(code)
        if words is None:
            facts = {"label": self.label, "code": code}
            raise NotUnderstood(_("%(label)s: there is no “%(code)s”.") % facts)
        return str(words)

    def order(self, asked: Mapping[str, str]) -> str | None:
        return None

    def control(self, asked: Mapping[str, str]) -> Mapping[str, Any]:
        return {
            "template": "reporting/filters/one_of.html",
            "label": self.label,
            "name": self.name,
            "anything": self.anything,
            "rare": self.rare,
            "options": self.options(),
            "chosen": asked.get(self.name, ""),
        }


@dataclass(frozen=True, kw_only=True)
class AnyId:
    """Whatever id somebody holds in hand. `means` gives the condition of what was typed."""

    name: str
    label: Text
    hint: Text
    means: Callable[[str], Condition]

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name,)

    def condition(self, asked: Mapping[str, str], *, now: datetime) -> Condition | None:
        return self.means(asked[self.name]) if self.name in asked else None

    def told(self, asked: Mapping[str, str], *, now: datetime) -> tuple[str, str] | None:
        return (str(self.label), asked[self.name]) if self.name in asked else None

    def order(self, asked: Mapping[str, str]) -> str | None:
        return None

    def control(self, asked: Mapping[str, str]) -> Mapping[str, Any]:
        return {
            "template": "reporting/filters/any_id.html",
            "label": self.label,
            "name": self.name,
            "hint": self.hint,
            "text": asked.get(self.name, ""),
        }


class Days(NamedTuple):
    """Whole days, both included; None: no bound."""

    since: date | None
    until: date | None


#: Spans that mean other days every day: for schedules, and for links that should.
SPANS: dict[str, Text] = {
    "today": gettext_lazy("today"),
    "yesterday": gettext_lazy("yesterday"),
    "last-7-days": gettext_lazy("the last 7 days"),
    "last-30-days": gettext_lazy("the last 30 days"),
    "last-week": gettext_lazy("last week"),
    "this-month": gettext_lazy("this month"),
    "last-month": gettext_lazy("last month"),
}


def days_of(span: str, *, today: date) -> Days:
    """Seven or thirty days end with today; a week is from Monday to Sunday."""
    day, first = timedelta(days=1), today.replace(day=1)
    monday = today - day * today.weekday()
    return {
        "today": Days(today, today),
        "yesterday": Days(today - day, today - day),
        "last-7-days": Days(today - day * 6, today),
        "last-30-days": Days(today - day * 29, today),
        "last-week": Days(monday - day * 7, monday - day),
        "this-month": Days(first, today),
        "last-month": Days((first - day).replace(day=1), first - day),
    }[span]


class MomentOf(NamedTuple):
    """A time that a period can be about; `may_lack` when rows can be without it. `sort` is the
    report's sort by it."""

    label: Text
    sql: str
    may_lack: bool = True
    sort: str = ""


@dataclass(frozen=True, kw_only=True)
class Period:
    """A period by any of several times. A day is the account's own, in its own time zone.

    `account` is the SQL of a row's account. With no days, rows that have that time at all.
    """

    moments: Mapping[str, MomentOf]
    account: str
    label: Text = _PERIOD

    @property
    def names(self) -> tuple[str, ...]:
        return ("time", "span", "since", "until")

    def condition(self, asked: Mapping[str, str], *, now: datetime) -> Condition | None:
        moment = self._moment(asked)
        if not _has_days(asked):
            wanted = moment.may_lack and "time" in asked
            return Condition(f"{moment.sql} IS NOT NULL") if wanted else None
        zones: dict[str, list[int]] = defaultdict(list)
        for pk, name in SellerAccount.objects.order_by("pk").values_list("pk", "timezone"):
            zones[name].append(pk)
        bounds = [
            (_within(moment.sql, _days(asked, now=now, zone=ZoneInfo(name)), ZoneInfo(name)), pks)
            for name, pks in sorted(zones.items())
        ]
        if len(bounds) < 2:
            return bounds[0][0] if bounds else Condition("FALSE")
        return _either(
            Condition(f"{self.account} = ANY(%s) AND {bound.sql}", (pks, *bound.params))
            for bound, pks in bounds
        )

    def _moment(self, asked: Mapping[str, str]) -> MomentOf:
        name = asked.get("time", next(iter(self.moments)))
        if name not in self.moments:
            raise NotUnderstood(_("There is no time called “%s”.") % name)
        return self.moments[name]

    def order(self, asked: Mapping[str, str]) -> str | None:
        """Within a period rows come by its time, and not by when they came to be: an index has
        both, and nothing outside the period is read."""
        return self._moment(asked).sort or None if _has_days(asked) else None

    def told(self, asked: Mapping[str, str], *, now: datetime) -> tuple[str, str] | None:
        label = str(self._moment(asked).label)
        if not _has_days(asked):
            return (label, _("at any time")) if "time" in asked else None
        if span := asked.get("span"):
            return label, _span(span)
        since, until = _days(asked, now=now, zone=ZoneInfo("UTC"))
        facts = {"since": _shown(since), "until": _shown(until)}
        if since and until:
            return label, _("%(since)s to %(until)s") % facts
        return label, (_("from %(since)s") if since else _("until %(until)s")) % facts

    def control(self, asked: Mapping[str, str]) -> Mapping[str, Any]:
        return {
            "template": "reporting/filters/period.html",
            "label": self.label,
            "moments": [(name, moment.label) for name, moment in self.moments.items()],
            "spans": SPANS.items(),
            **{name: asked.get(name, "") for name in self.names},
        }


def _has_days(asked: Mapping[str, str]) -> bool:
    return any(name in asked for name in ("span", "since", "until"))


def _days(asked: Mapping[str, str], *, now: datetime, zone: ZoneInfo) -> Days:
    if span := asked.get("span"):
        _span(span)
        return days_of(span, today=timezone.localtime(now, zone).date())
    days = Days(_day(asked.get("since")), _day(asked.get("until")))
    if days.since and days.until and days.since > days.until:
        raise NotUnderstood(_("The period ends before it begins."))
    return days


def _span(name: str) -> str:
    if name not in SPANS:
        raise NotUnderstood(_("There is no period called “%s”.") % name)
    return str(SPANS[name])


def _day(text: str | None) -> date | None:
    if not text:
        return None
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None or not 1900 < day.year < 9000:
        raise NotUnderstood(_("“%s” is not a day. Write it like 2026-03-31.") % text)
    return day


def _shown(day: date | None) -> str:
    return date_format(day, "SHORT_DATE_FORMAT") if day else ""


def _within(sql: str, days: Days, zone: ZoneInfo) -> Condition:
    """From the first midnight to the one after the last day, on the clocks of the zone."""
    found = []
    if days.since:
        found.append(Condition(f"{sql} >= %s", (_midnight(days.since, zone),)))
    if days.until:
        after = days.until + timedelta(days=1)
        found.append(Condition(f"{sql} < %s", (_midnight(after, zone),)))
    return Condition(
        " AND ".join(one.sql for one in found), tuple(v for one in found for v in one.params)
    )


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone)


def _either(conditions: Iterable[Condition]) -> Condition:
    found = list(conditions)
    text = " OR ".join(f"({one.sql})" for one in found)
    return Condition(text, tuple(value for one in found for value in one.params))
