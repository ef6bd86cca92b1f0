"""A manager's first page: how the shop did in a period, beside the period before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from orders.admin import overview
from reporting.attention.cause import Urgency
from reporting.attention.causes import CAUSES, seen_by
from reporting.attention.inbox import collect, counted, told_count
from reporting.dashboard import bars, charts, lines, numbers, reading, scoring
from reporting.dashboard.asking import Asked, asked_of
from reporting.dashboard.bars import Bar
from reporting.dashboard.charts import Bin, Chart
from reporting.dashboard.figures import figures
from reporting.dashboard.numbers import Number
from reporting.filtering import SPANS
from reporting.models import Counting

SEES = ("reporting.see_reports", "orders.view_money")
#: The whole of it is in the inbox.
MOST_CAUSES = 6
#: What is added up over the accounts.
_SUMMED = (*figures(), "simulations", "refused-lines", "simulation-ms")


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
    by_day = list(bars.bins(asked))
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
        numbers=numbers.orders(asked, of_accounts, sums, before),
        chart=charts.grouped_bars(by_day, bars.SERIES),
        chart_rows=by_day,
        states=bars.states(asked, sums, before),
        cancellations=bars.cancellations(asked, sums, before),
        stock=numbers.stock(asked, sums, before),
        simulations=numbers.simulations(asked, sums, before),
        refused=bars.refused(asked, sums, before),
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
