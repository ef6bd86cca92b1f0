"""The inbox's page: what is stuck, worst first, each with its cause and its one next step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince, timeuntil
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from reporting.attention import badge, marking
from reporting.attention.cause import WHO, Area, Cause, Do, Urgency
from reporting.attention.causes import CAUSES, seen_by
from reporting.attention.inbox import collect, counted, told_count
from reporting.attention.rows import Row
from reporting.attention.telling import Told, told_of
from reporting.models import AttentionMark
from sellers.admin.base import local, may_see_money, who
from sellers.admin.refusals import sentence
from sellers.errors import DomainError
from sellers.models import SellerAccount, User
from sellers.money import format_cents
from sellers.row_ids import is_row_id

PAGE = 50

#: Shape and word beside the colour, for those who see none.
SIGNS = {
    Urgency.NOW: ("▲", "now"),
    Urgency.SOON: ("◆", "soon"),
    Urgency.WATCH: ("●", "watch"),
}


@dataclass(frozen=True)
class Matter:
    """A row of the page, in words. `value` is empty for those who may not see money."""

    row: Row
    cause: Cause
    told: Told
    sign: str
    level: str
    account: str
    since: str
    age: str
    deadline: str
    value: str
    taken_by: str
    is_mine: bool
    put_off_until: str
    may_act: bool
    who_acts: str

    @property
    def is_done_here(self) -> bool:
        return self.cause.do is not Do.GO


@dataclass(frozen=True)
class Chip:
    title: str
    query: str
    count: str
    is_chosen: bool


@require_GET
def inbox(request: HttpRequest) -> HttpResponse:
    """By area, by cause, mine, put off: every choice is an address."""
    user, now = who(request), timezone.now()
    causes = _seen(user)
    put_off = request.GET.get("show") == "put-off"
    rows = collect(causes, now=now, snoozed=put_off)
    marks = _marks(rows)
    chosen = _chosen(rows, request.GET, marks, user)
    page = _page_number(request.GET)
    shown = chosen[page * PAGE : (page + 1) * PAGE]
    context = {
        **admin.site.each_context(request),
        "title": _("Needs attention"),
        "matters": _matters(shown, marks, request, now=now),
        "areas": _areas(rows, request.GET),
        "causes": _causes(rows, request.GET),
        "views": _views(request.GET),
        "put_off": put_off,
        "hours": [(hours, _hours(hours)) for hours in marking.PUT_OFF_HOURS],
        "at_risk": _at_risk(chosen) if may_see_money(request) else [],
        "more": _with(request.GET, p=str(page + 1)) if len(chosen) > (page + 1) * PAGE else "",
        "back": request.get_full_path(),
    }
    return TemplateResponse(request, "admin/reporting/attention.html", context)


def _seen(user: User) -> frozenset[str]:
    """Raises PermissionDenied for somebody whom nothing of it concerns."""
    causes = seen_by(user.has_perm)
    if not causes:
        raise PermissionDenied
    return causes


# --- which of them --------------------------------------------------------------------------------


def _marks(rows: Iterable[Row]) -> dict[str, AttentionMark]:
    abouts = {row.about for row in rows}
    found = AttentionMark.objects.filter(about__in=abouts).select_related("taken_by")
    kept = {(mark.cause, mark.about): mark for mark in found}
    return {
        row.key: mark
        for row in rows
        if (mark := kept.get((row.cause, row.about))) is not None and mark.since == row.since
    }


def _chosen(
    rows: Collection[Row], asked: QueryDict, marks: dict[str, AttentionMark], user: User
) -> list[Row]:
    tests: list[Callable[[Row], bool]] = []
    if area := asked.get("area"):
        tests.append(lambda row: CAUSES[row.cause].area == area)
    if cause := asked.get("cause"):
        tests.append(lambda row: row.cause == cause)
    if asked.get("show") == "mine":
        tests.append(lambda row: row.key in marks and marks[row.key].taken_by == user)
    return [row for row in rows if all(test(row) for test in tests)]


def _page_number(asked: QueryDict) -> int:
    page = asked.get("p", "0")
    return min(int(page), 1_000) if is_row_id(page) else 0


def _with(asked: QueryDict, **changes: str) -> str:
    """The address of another choice; an empty one is left out."""
    query = asked.copy()
    query.pop("p", None)
    for name, value in changes.items():
        query[name] = value
        if not value:
            del query[name]
    return f"?{query.urlencode()}"


def _areas(rows: Collection[Row], asked: QueryDict) -> list[Chip]:
    counts = Counter(CAUSES[row.cause].area for row in rows)
    chosen = asked.get("area", "")
    every = Chip(_("Everything"), _with(asked, area="", cause=""), str(len(rows)), not chosen)
    some = [
        Chip(
            str(area.label),
            _with(asked, area=area, cause=""),
            told_count(counts[area]),
            chosen == area,
        )
        for area in Area
        if counts[area] or chosen == area
    ]
    return [every, *some]


def _causes(rows: Collection[Row], asked: QueryDict) -> list[Chip]:
    """Those of the chosen area that occur."""
    area, chosen = asked.get("area"), asked.get("cause", "")
    counts = counted(rows)
    return [
        Chip(
            str(cause.title),
            _with(asked, cause="" if code == chosen else code),
            told_count(counts[code]),
            code == chosen,
        )
        for code, cause in sorted(CAUSES.items(), key=lambda each: each[1].urgency)
        if (counts[code] or code == chosen) and area in (None, "", cause.area)
    ]


def _views(asked: QueryDict) -> list[Chip]:
    chosen = asked.get("show", "")
    names = [("", _("Open")), ("mine", _("Mine")), ("put-off", _("Put off"))]
    return [Chip(name, _with(asked, show=key), "", chosen == key) for key, name in names]


def _at_risk(rows: Iterable[Row]) -> list[str]:
    """What the marketplace pays for the orders concerned, each counted once, by currency."""
    currencies = dict(SellerAccount.objects.values_list("pk", "currency"))
    orders = {row.order_id: row for row in rows if row.order_id and row.cents}
    sums: Counter[str] = Counter()
    for row in orders.values():
        sums[currencies[row.account_id]] += row.cents or 0
    return [format_cents(cents, currency) for currency, cents in sorted(sums.items())]


# --- in words -----------------------------------------------------------------------------------


def _matters(
    rows: Collection[Row], marks: dict[str, AttentionMark], request: HttpRequest, *, now: datetime
) -> list[Matter]:
    accounts = SellerAccount.objects.in_bulk({row.account_id for row in rows})
    told = told_of(rows, shows_money=may_see_money(request))
    return [
        _matter(row, told[row.key], accounts[row.account_id], marks.get(row.key), request, now=now)
        for row in rows
        if row.key in told
    ]


def _matter(
    row: Row,
    told: Told,
    account: SellerAccount,
    mark: AttentionMark | None,
    request: HttpRequest,
    *,
    now: datetime,
) -> Matter:
    cause, user = CAUSES[row.cause], who(request)
    sign, level = SIGNS[cause.urgency]
    shows_value = bool(row.cents) and may_see_money(request)
    taken_by = mark.taken_by if mark else None
    return Matter(
        row=row,
        cause=cause,
        told=told,
        sign=sign,
        level=level,
        account=account.name,
        since=local(row.since, account.zone),
        age=timesince(row.since, now, depth=1),
        deadline=_until(row.deadline, now),
        value=format_cents(row.cents or 0, account.currency) if shows_value else "",
        taken_by=(taken_by.get_full_name() or taken_by.get_username()) if taken_by else "",
        is_mine=taken_by == user,
        put_off_until=local(mark.snoozed_until, account.zone)
        if mark and mark.snoozed_until and mark.snoozed_until > now
        else "",
        may_act=user.has_perm(cause.acts),
        who_acts=str(WHO.get(cause.acts, "")),
    )


def _until(deadline: datetime | None, now: datetime) -> str:
    if deadline is None:
        return ""
    if deadline <= now:
        return _("the time to decide is over")
    return _("%(time)s to decide") % {"time": timeuntil(deadline, now, depth=1)}


def _hours(hours: int) -> str:
    if hours < 24:
        return _("%(hours)d h") % {"hours": hours}
    return _("1 day") if hours == 24 else _("%(days)d days") % {"days": hours // 24}


# --- what is done about one ---------------------------------------------------------------------


@require_POST
def decide(request: HttpRequest, cause: str, about: int) -> HttpResponse:
    """One matter: its step, or a mark on it. What is settled meanwhile is said, not an error."""
    user, now = who(request), timezone.now()
    if cause not in CAUSES:
        raise Http404
    if cause not in _seen(user):
        raise PermissionDenied
    try:
        said = _done(request, marking.matter(cause, about, now=now), user, now)
    except DomainError as refusal:
        messages.warning(request, sentence(refusal))
    else:
        messages.success(request, said)
    badge.forget(user)
    return redirect(_back(request))


def _done(request: HttpRequest, row: Row, user: User, now: datetime) -> str:
    asked = request.POST.get("do", "")
    hours = request.POST.get("hours", "")
    if asked == "step":
        if not user.has_perm(CAUSES[row.cause].acts):
            raise PermissionDenied
        return marking.act(row, actor=user, now=now)
    if is_row_id(hours) and int(hours) in marking.PUT_OFF_HOURS:
        marking.put_off(row, hours=int(hours), actor=user, now=now)
        return _("Put off: it comes back by itself.")
    marks: dict[str, tuple[Callable[..., Any], str]] = {
        "take": (marking.take, _("It is yours.")),
        "let-go": (marking.let_go, _("It is free for others.")),
        "bring-back": (marking.bring_back, _("It is back among the open ones.")),
    }
    if asked not in marks:
        raise DomainError("unknown-step", _("There is nothing to do here."))
    mark, said = marks[asked]
    mark(row, actor=user, now=now)
    return said


def _back(request: HttpRequest) -> str:
    """To the choice it came from; an address of another page is not followed."""
    home = reverse("admin:attention")
    back = request.POST.get("back", "")
    return back if back == home or back.startswith(f"{home}?") else home
