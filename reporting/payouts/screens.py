"""Payouts: what is in the way of how much money, and what came of the files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from reporting.declarations import may_read
from reporting.models import SettlementFile
from reporting.payouts.figures import BLOCKERS, FREE, REMEDIES, Blocker
from reporting.payouts.report import PAYOUTS
from reporting.payouts.totals import Total, total_of
from sellers.admin.base import NOTHING, local, who
from sellers.models import User
from sellers.money import Cents, format_cents

#: Files on the page.
LATEST = 30
#: Orders with nothing in the way are as many as the shop ever delivered: these are counted.
RECENT = {"time": "delivered", "span": "last-30-days"}


@dataclass(frozen=True)
class Tile:
    """Orders of one kind: how many, what they are worth in words, and the rows behind it."""

    title: str
    count: int
    cents: str
    link: str
    remedy: str


@dataclass(frozen=True)
class Given:
    """A settlement file of the list."""

    name: str
    account: str
    entered: str
    entered_by: str
    rows: int
    cents: str
    link: str
    is_taken_back: bool


def reader(request: HttpRequest) -> User:
    """Raises PermissionDenied."""
    user = who(request)
    if not may_read(PAYOUTS, user):
        raise PermissionDenied
    return user


@require_GET
def payouts(request: HttpRequest) -> HttpResponse:
    """Money by what holds it up, each with its orders."""
    user, now = reader(request), timezone.now()
    context = {
        **admin.site.each_context(request),
        "title": PAYOUTS.title,
        "blocked": [_blocked(code, now=now) for code in BLOCKERS if code not in FREE],
        "free": _tile(Blocker.NONE, _total(Blocker.NONE, RECENT, now=now)),
        "all_link": reverse("admin:report", args=[PAYOUTS.slug]),
        "files": [_file(each) for each in _latest_files()],
        "rows_link": reverse("admin:report", args=["settlement"]),
        "may_enter": user.has_perm("reporting.enter_settlements"),
    }
    return TemplateResponse(request, "admin/reporting/payouts.html", context)


def _latest_files() -> QuerySet[SettlementFile]:
    return SettlementFile.objects.select_related("account", "entered_by")[:LATEST]


def _file(file: SettlementFile) -> Given:
    return Given(
        name=file.name,
        account=file.account.name,
        entered=local(file.entered_at, file.account.zone),
        entered_by=str(file.entered_by or NOTHING),
        rows=file.rows_count,
        cents=format_cents(file.paid_cents, file.account.currency),
        link=reverse("admin:settlement_file", args=[file.pk]),
        is_taken_back=file.taken_back_at is not None,
    )


def _blocked(code: str, *, now: datetime) -> Tile:
    return _tile(code, _total(code, {}, now=now))


def _total(code: str, asked: Mapping[str, str], *, now: datetime) -> Total:
    return total_of(PAYOUTS, "expected", {"blocker": code, **asked}, now=now)


def _tile(code: str, total: Total) -> Tile:
    return Tile(
        title=str(BLOCKERS[code]),
        count=total.rows,
        cents=told_cents(total.cents),
        link=f"{reverse('admin:report', args=[PAYOUTS.slug])}?{urlencode(total.asked)}",
        remedy=str(REMEDIES[code]),
    )


def told_cents(cents: Mapping[str, Cents]) -> str:
    """Every currency by itself; empty for none."""
    return " + ".join(format_cents(amount, currency) for currency, amount in cents.items())
