"""The radar's page: today by warehouse, what is stuck by cause, and what ails one order."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import time_format
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from orders.admin.searching import matching
from orders.models import Order
from reporting.attention.cause import PACKS, Cause
from reporting.attention.causes import CAUSES, seen_by
from reporting.attention.inbox import collect, told_count
from reporting.attention.rows import Row
from reporting.attention.telling import Told, told_of
from reporting.radar import today
from reporting.radar.today import Outlook, Waiting
from sellers.admin.base import may_see_money, who
from sellers.models import SellerAccount
from sellers.money import format_cents

#: Of one warehouse on the page; who has more of them does not go by this list.
MOST_SHOWN = 25
MOST_FOUND = 5


@dataclass(frozen=True)
class Share:
    """A piece of the bar: how many, as a part of all that today brought."""

    name: str
    label: str
    count: int
    percent: float


@dataclass(frozen=True)
class Today:
    """A warehouse in words and in shares of its bar.

    `value` is empty without sight of money, `account` while there is only one.
    """

    outlook: Outlook
    account: str
    cutoff: str
    usual: str
    shares: list[Share]
    value: str
    rows: list[tuple[Waiting, str]]
    others: int


@dataclass(frozen=True)
class Stuck:
    """All that is stuck for one cause."""

    cause: Cause
    count: str
    oldest: str
    value: str
    link: str


@dataclass(frozen=True)
class Diagnosis:
    """One order: what ails it, or nothing."""

    order: Order
    link: str
    matters: list[tuple[Cause, Told]]


@require_GET
def radar(request: HttpRequest) -> HttpResponse:
    user, now = who(request), timezone.now()
    if not user.has_perm(PACKS):
        raise PermissionDenied
    causes, shows_money = seen_by(user.has_perm), may_see_money(request)
    term = request.GET.get("q", "").strip()[:100]
    accounts = SellerAccount.objects.in_bulk()
    currencies = {pk: account.currency for pk, account in accounts.items()} if shows_money else {}
    context = {
        **admin.site.each_context(request),
        "title": _("Radar"),
        "query": term,
        "found": _diagnosed(term, causes, shows_money, now=now) if term else [],
        "today": [
            _today(
                each,
                account=accounts[each.account_id].name if len(accounts) > 1 else "",
                currency=currencies.get(each.account_id, ""),
            )
            for each in today.outlooks(now=now)
        ],
        "stuck": _by_cause(collect(causes, now=now), currencies, now=now),
        "shows_money": shows_money,
        "pace_days": today.PACE_DAYS,
    }
    return TemplateResponse(request, "admin/reporting/radar.html", context)


# --- today ----------------------------------------------------------------------------------------


def _today(outlook: Outlook, *, account: str, currency: str) -> Today:
    misses = outlook.misses
    return Today(
        outlook=outlook,
        account=account,
        cutoff=time_format(outlook.cutoff),
        usual=_usual(outlook),
        shares=_shares(outlook),
        value=format_cents(sum(each.cents for each in misses), currency) if currency else "",
        rows=[(each, time_format(each.due.time())) for each in misses[:MOST_SHOWN]],
        others=max(0, len(misses) - MOST_SHOWN),
    )


def _usual(outlook: Outlook) -> str:
    """What the past says, or that it says nothing yet."""
    if outlook.last_due is None:
        return _("Nothing more is due today.")
    if outlook.usual_from_now is None:
        return _("How fast it packs is not known yet: that takes a day of packing.")
    facts = {
        "orders": round(outlook.usual_from_now),
        "due": time_format(outlook.last_due.time()),
    }
    return _("Usually packed from now until %(due)s: %(orders)s.") % facts


def _shares(outlook: Outlook) -> list[Share]:
    waiting, misses = len(outlook.waiting), len(outlook.misses)
    counts = (
        ("packed", _("packed today"), outlook.packed_today),
        ("fine", _("still in time"), waiting - outlook.late - misses),
        ("misses", _("likely to be late"), misses),
        ("late", _("late already"), outlook.late),
    )
    whole = waiting + outlook.packed_today
    return [
        Share(name, label, count, round(100 * count / whole, 2))
        for name, label, count in counts
        if count
    ]


# --- stuck ----------------------------------------------------------------------------------------


def _by_cause(
    rows: Collection[Row], currencies: Mapping[int, str], *, now: datetime
) -> list[Stuck]:
    """Worst first, as the inbox has them."""
    grouped: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row.cause].append(row)
    inbox = reverse("admin:attention")
    return [
        Stuck(
            cause=CAUSES[code],
            count=told_count(len(of_cause)),
            oldest=timesince(min(row.since for row in of_cause), now, depth=1),
            value=_worth(of_cause, currencies),
            link=f"{inbox}?cause={code}",
        )
        for code, of_cause in grouped.items()
    ]


def _worth(rows: Iterable[Row], currencies: Mapping[int, str]) -> str:
    """What the marketplace pays for their orders, each once, by currency."""
    if not currencies:
        return ""
    orders = {row.order_id or row.key: row for row in rows if row.cents}
    sums: Counter[str] = Counter()
    for row in orders.values():
        sums[currencies[row.account_id]] += row.cents or 0
    return " · ".join(format_cents(cents, currency) for currency, cents in sorted(sums.items()))


# --- one order ------------------------------------------------------------------------------------


def _diagnosed(
    term: str, causes: Collection[str], shows_money: bool, *, now: datetime
) -> list[Diagnosis]:
    orders = matching(Order.objects.select_related("account"), term)[:MOST_FOUND]
    return [_diagnosis(order, causes, shows_money, now=now) for order in orders]


def _diagnosis(
    order: Order, causes: Collection[str], shows_money: bool, *, now: datetime
) -> Diagnosis:
    rows = collect(causes, now=now, only={"order": order.pk})
    told = told_of(rows, shows_money=shows_money)
    return Diagnosis(
        order=order,
        link=reverse("admin:orders_order_change", args=[order.pk]),
        matters=[(CAUSES[row.cause], told[row.key]) for row in rows if row.key in told],
    )
