"""A manager's first page: how the shop did in a period, beside the period before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from orders.admin import overview
from orders.states import Status
from reporting.attention.cause import Urgency
from reporting.attention.causes import CAUSES, seen_by
from reporting.attention.inbox import collect, counted, told_count
from reporting.dashboard import charts, lines, reading, scoring
from reporting.dashboard.asking import Asked, asked_of
from reporting.dashboard.charts import Bin, Chart
from reporting.dashboard.figures import figures
from reporting.dashboard.reading import Sums
from reporting.filtering import SPANS
from reporting.models import Counting
from sellers.admin.base import NOTHING
from sellers.money import format_cents
from simulation.sentences import cause

SEES = ("reporting.see_reports", "orders.view_money")
#: The whole of it is in the inbox.
MOST_CAUSES = 6
#: What is added up over the accounts.
_SUMMED = (*figures(), "simulations", "refused-lines", "simulation-ms")
#: A chart with more bars than this is by week, then by month.
_MOST_DAYS, _MOST_WEEKS = 45, 45 * 7
SERIES = ("placed", "handed-over", "missed")


@dataclass(frozen=True)
class Number:
    """One number; `change` is up, down or empty, `is_good` what that means; None: nothing."""

    title: str
    value: str
    before: str
    link: str = ""
    note: str = ""
    change: str = ""
    is_good: bool | None = None
    hint: str = ""


@dataclass(frozen=True)
class Bar:
    """A row of a list of bars; `percent` of the longest."""

    title: str
    count: int
    percent: float
    link: str = ""


@dataclass(frozen=True)
class Home:
    asked: Asked
    spans: list[tuple[str, str, bool]]
    accounts: list[tuple[str, str, bool]]
    counted: str
    cards: list[scoring.Card]
    numbers: list[Number]
    chart: Chart
    chart_rows: list[Bin]
    states: list[Bar]
    cancellations: list[Bar]
    stock: list[Number]
    simulations: list[Number]
    refused: list[Bar]
    line: lines.Line
    differences: lines.Differences


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Unfold's hook: the start page of everybody, and below it the shop for who manages it."""
    found = overview.dashboard(request, context)
    found["attention"] = _attention(request)
    if all(request.user.has_perm(permission) for permission in SEES):
        found["home"] = home(request, now=timezone.now())
    return found


def _attention(request: HttpRequest) -> list[overview.Figure]:
    """What is stuck and whom it concerns, worst first: the beginning of the inbox."""
    causes = seen_by(request.user.has_perm)
    counts = counted(collect(causes, now=timezone.now()) if causes else [])
    inbox = reverse("admin:attention")
    return [
        overview.Figure(
            str(CAUSES[code].title),
            told_count(count),
            f"{inbox}?cause={code}",
            "danger" if CAUSES[code].urgency is Urgency.NOW else "warning",
        )
        for code, count in list(counts.items())[:MOST_CAUSES]
    ]


def home(request: HttpRequest, *, now: datetime) -> Home:
    """In a fixed number of queries, whatever the period and however many orders."""
    asked = asked_of(request.GET.dict(), now=now)
    of_accounts = reading.sums_of(asked.ids, asked.since, asked.until)
    earlier = reading.sums_of(asked.ids, *asked.before)
    sums = reading.together(of_accounts.values(), _SUMMED)
    before = reading.together(earlier.values(), _SUMMED)
    bins = list(_bins(asked))
    return Home(
        asked=asked,
        spans=[
            (str(words), "?" + asked.query(span=span), span == asked.span)
            for span, words in SPANS.items()
        ],
        accounts=_accounts(request, asked),
        counted=_counted(asked, now),
        cards=scoring.cards(
            asked,
            of_accounts,
            earlier,
            may_edit=request.user.has_perm("reporting.change_scorecard"),
        ),
        numbers=list(_numbers(asked, of_accounts, sums, before)),
        chart=charts.grouped_bars(bins, SERIES),
        chart_rows=bins,
        states=_states(asked, sums),
        cancellations=_cancellations(asked, sums),
        stock=list(_stock(asked, sums, before)),
        simulations=list(_simulations(sums, before)),
        refused=_refused(sums),
        line=lines.line(request, now=now),
        differences=lines.differences(asked),
    )


def _accounts(request: HttpRequest, asked: Asked) -> list[tuple[str, str, bool]]:
    """Offered once there are two."""
    every = asked_of({}, now=timezone.now()).accounts if asked.account else asked.accounts
    if len(every) < 2:
        return []
    some = [
        (each.name, "?" + asked.query(account=str(each.pk)), asked.account == each)
        for each in every
    ]
    return [(_("All"), "?" + asked.query(account=""), asked.account is None), *some]


def _counted(asked: Asked, now: datetime) -> str:
    """When the oldest of the shown counts was made; empty when one never was."""
    moments = list(Counting.objects.filter(account__in=asked.ids).values_list("counted_at"))
    if len(moments) < len(asked.accounts) or not moments:
        return ""
    oldest = min(moment for (moment,) in moments)
    if now - oldest < timedelta(minutes=1):
        return _("counted just now")
    return _("counted %(time)s ago") % {"time": timesince(oldest, now, depth=1)}


# --- numbers --------------------------------------------------------------------------------------


def _numbers(
    asked: Asked, of_accounts: Mapping[int, Sums], sums: Sums, before: Sums
) -> Iterable[Number]:
    for code in ("placed", "handed-over"):
        yield _counting(
            str(figures()[code].title),
            sums.of(code),
            before.of(code),
            asked.rows_behind(code),
            note=_worth(asked, of_accounts, code),
            more_is_good=True,
        )
    yield from _times(asked, sums, before)


def _worth(asked: Asked, of_accounts: Mapping[int, Sums], code: str) -> str:
    """What the marketplaces pay for these orders, by currency."""
    added: dict[str, int] = {}
    for account in asked.accounts:
        cents = of_accounts[account.pk].cents(code)
        added[account.currency] = added.get(account.currency, 0) + cents
    return " · ".join(format_cents(cents, currency) for currency, cents in sorted(added.items()))


def _counting(
    title: str,
    count: int,
    earlier: int,
    link: str = "",
    *,
    note: str = "",
    more_is_good: bool | None = None,
) -> Number:
    told = number_format(count, force_grouping=True), number_format(earlier, force_grouping=True)
    number = Number(title, *told, link=link, note=note)
    return _compared(number, count, earlier, more_is_good=more_is_good)


def _compared(
    number: Number, value: float | None, earlier: float | None, *, more_is_good: bool | None
) -> Number:
    """With the way it went, as far as that can be seen in what is shown."""
    if value is None or earlier is None or number.value == number.before:
        return number
    is_good = None if more_is_good is None else (value > earlier) == more_is_good
    return replace(number, change="up" if value > earlier else "down", is_good=is_good)


def _times(asked: Asked, sums: Sums, before: Sums) -> Iterable[Number]:
    """Median, and what nine in ten orders do not exceed."""
    for code in ("to-invoiced", "to-handed-over"):
        half, most = (reading.minutes(sums, code, share) for share in (0.5, 0.9))
        earlier = reading.minutes(before, code, 0.5)
        number = Number(
            title=str(figures()[code].title),
            value=span(half),
            before=span(earlier),
            link=asked.rows_behind(code),
            note=_("nine in ten within %(time)s") % {"time": span(most)},
            hint=str(figures()[code].meaning),
        )
        yield _compared(number, half, earlier, more_is_good=False)


def span(minutes: int | None) -> str:
    """Minutes as people say them."""
    if minutes is None:
        return NOTHING
    if minutes < 120:
        return _("%(minutes)d min") % {"minutes": minutes}
    if minutes < 48 * 60:
        facts = {"hours": minutes // 60, "minutes": minutes % 60}
        return _("%(hours)d h %(minutes)02d min") % facts
    days, rest = divmod(minutes, 24 * 60)
    return _("%(days)d d %(hours)d h") % {"days": days, "hours": rest // 60}


def _stock(asked: Asked, sums: Sums, before: Sums) -> Iterable[Number]:
    """What was not sold, or not kept, for lack of stock."""
    missing = ("out-of-stock", "no-stock-for-destination")
    yield _counting(
        _("Lines of quotes refused for stock"),
        sums.of("refused-lines", *missing),
        before.of("refused-lines", *missing),
        reverse("admin:simulation_simulationcapture_changelist"),
        more_is_good=False,
    )
    yield _counting(
        str(figures()["no-stock"].title),
        sums.of("no-stock"),
        before.of("no-stock"),
        asked.rows_behind("no-stock"),
        more_is_good=False,
    )
    key = "seller:out-of-stock"
    yield _counting(
        _("Cancelled by us for stock"),
        sums.of("cancelled", key),
        before.of("cancelled", key),
        asked.rows_behind("cancelled", key),
        more_is_good=False,
    )


def _simulations(sums: Sums, before: Sums) -> Iterable[Number]:
    recorded = reverse("admin:simulation_simulationcapture_changelist")
    calls, earlier = sums.of("simulations", ""), before.of("simulations", "")
    yield _counting(_("Simulations answered"), calls, earlier, recorded)
    slow, was = reading.milliseconds(sums, 0.95), reading.milliseconds(before, 0.95)
    pace = Number(_("95 in 100 within"), _ms(slow), _ms(was))
    yield _compared(pace, slow, was, more_is_good=False)
    rate, earlier_rate = reading.unavailable(sums), reading.unavailable(before)
    lacking = Number(
        _("With something unavailable"),
        scoring.told_percent(rate),
        scoring.told_percent(earlier_rate),
        link=recorded,
        note=number_format(rate.part, force_grouping=True),
    )
    yield _compared(lacking, rate.percent, earlier_rate.percent, more_is_good=False)
    lost = sums.of("simulations", "unanswered", "failed")
    earlier_lost = before.of("simulations", "unanswered", "failed")
    yield _counting(_("Not answered"), lost, earlier_lost, recorded, more_is_good=False)


def _ms(value: float | None) -> str:
    return NOTHING if value is None else f"{number_format(value, 0)} ms"


# --- bars -----------------------------------------------------------------------------------------


def _bars(rows: Iterable[tuple[str, int, str]]) -> list[Bar]:
    """The longest first, as long as the widest allows."""
    ranked = sorted(rows, key=lambda row: -row[1])
    longest = max((count for _title, count, _link in ranked), default=0)
    return [
        Bar(title, count, round(100 * count / longest, 1), link)
        for title, count, link in ranked
        if count
    ]


def _states(asked: Asked, sums: Sums) -> list[Bar]:
    """In the order of an order's life, not by size."""
    counts = sums.by_key("placed")
    longest = max(counts.values(), default=0)
    return [
        Bar(
            str(status.label),
            counts[status],
            round(100 * counts[status] / longest, 1),
            asked.rows_behind("placed", status),
        )
        for status in Status
        if counts.get(status)
    ]


def _cancellations(asked: Asked, sums: Sums) -> list[Bar]:
    words, figure = figures()["cancelled"].keys, "cancelled"
    return _bars(
        (_who_and_why(key, words), count, asked.rows_behind(figure, key))
        for key, count in sums.by_key(figure).items()
    )


def _who_and_why(key: str, words: Mapping[str, Any]) -> str:
    said = str(words.get(key, key))
    return _("by us: %(reason)s") % {"reason": said} if key.startswith("seller:") else said


def _refused(sums: Sums) -> list[Bar]:
    recorded = reverse("admin:simulation_simulationcapture_changelist")
    return _bars(
        (cause(code), count, recorded) for code, count in sums.by_key("refused-lines").items()
    )[:8]


# --- the chart ------------------------------------------------------------------------------------


def _bins(asked: Asked) -> Iterable[Bin]:
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
        yield Bin(
            label=_label(members[0], asked),
            title=_title(members, values),
            values=values,
            link=asked.rows_behind("placed", days=(members[0], members[-1])),
        )


def _begin(day: date, asked: Asked) -> date:
    """The first day of the bar a day belongs to."""
    if asked.days <= _MOST_DAYS:
        return day
    if asked.days <= _MOST_WEEKS:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1)


def _label(day: date, asked: Asked) -> str:
    return date_format(day, "M Y" if asked.days > _MOST_WEEKS else "j M")


def _title(members: list[date], values: tuple[int, int, int]) -> str:
    first, last = (date_format(day, "D j M") for day in (members[0], members[-1]))
    facts = dict(zip(("placed", "gone", "late"), values, strict=True))
    said = ngettext(
        "%(placed)d order placed, %(gone)d handed over, %(late)d late",
        "%(placed)d orders placed, %(gone)d handed over, %(late)d late",
        values[0],
    )
    when = first if len(members) == 1 else f"{first} – {last}"
    return f"{when}: {said % facts}"
