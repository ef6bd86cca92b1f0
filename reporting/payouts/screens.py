"""Payouts: what is in the way of how much money, and what came of the files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from reporting.declarations import may_read
from reporting.payouts.figures import BLOCKERS, REMEDIES, Blocker
from reporting.payouts.report import PAYOUTS
from reporting.payouts.totals import Total, total_of
from sellers.admin.base import who
from sellers.models import User
from sellers.money import Cents, format_cents

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


def reader(request: HttpRequest) -> User:
    """Raises PermissionDenied."""
    user = who(request)
    if not may_read(PAYOUTS, user):
        raise PermissionDenied
    return user


@require_GET
def payouts(request: HttpRequest) -> HttpResponse:
    """Money by what holds it up, each with its orders."""
    reader(request)
    now = timezone.now()
    context = {
        **admin.site.each_context(request),
        "title": PAYOUTS.title,
        "blocked": [_blocked(code, now=now) for code in BLOCKERS if code != Blocker.NONE],
        "free": _tile(Blocker.NONE, _total(Blocker.NONE, RECENT, now=now)),
        "all_link": reverse("admin:report", args=[PAYOUTS.slug]),
    }
    return TemplateResponse(request, "admin/reporting/payouts.html", context)


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
