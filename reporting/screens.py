"""Reports on the screen: what there is, and a page of one. A screen asks, reads and renders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from jobs.admin import page_of
from reporting import exporting_asking, places, reading, showing
from reporting.asking import BY_KEY, SORT, Asking, asked_of
from reporting.declarations import REPORTS, NotUnderstood, Report, Row, may_read
from reporting.exporting_files import FORMATS
from sellers.admin.base import who

#: Parameters of the screen itself, beside those of the filters.
ALL_COLUMNS = "all"


def _of_a_report(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Finds the report an address names, for those who may read it."""

    @wraps(view)
    def guarded(request: HttpRequest, slug: str, *args: Any) -> HttpResponse:
        report = REPORTS.get(slug)
        if report is None:
            raise Http404
        if not may_read(report, request.user):
            raise PermissionDenied
        return view(request, report, *args)

    return guarded


def overview(request: HttpRequest) -> HttpResponse:
    """All reports this person may read."""
    found = [report for report in REPORTS.values() if may_read(report, request.user)]
    if not found:
        raise PermissionDenied
    context = {**admin.site.each_context(request), "title": _("Reports"), "reports": found}
    return TemplateResponse(request, "reporting/overview.html", context)


@_of_a_report
def show(request: HttpRequest, report: Report) -> HttpResponse:
    """One page. What can't be meant is told with status 400, and nothing is listed."""
    if "" in request.GET.values():
        return redirect(_without_empty(request))
    context = {
        **admin.site.each_context(request),
        "title": report.title,
        "report": report,
        "columns": request.GET.get("columns", ""),
    }
    try:
        asking = asked_of(report, request.GET.dict(), now=timezone.now())
        listed = _listed(request, asking)
    except NotUnderstood as error:
        empty = Asking(report, {}, timezone.now())
        context |= {"problem": str(error), "controls": _controls(empty)}
        return TemplateResponse(request, "reporting/report.html", context, status=400)
    return TemplateResponse(request, "reporting/report.html", context | listed)


def _without_empty(request: HttpRequest) -> str:
    """A form sends its empty fields too; an address that people keep is better without them."""
    filled = {name: text for name, text in request.GET.items() if text}
    return f"{request.path}?{urlencode(filled)}" if filled else request.path


def _listed(request: HttpRequest, asking: Asking) -> dict[str, Any]:
    shows_all = request.GET.get("columns") == ALL_COLUMNS or not asking.report.brief
    cells = showing.columns_of(asking.report, brief=not shows_all)
    wanted = [column for cell in cells for column in cell]
    back, ahead = (request.GET.get(name, "") for name in ("before", "after"))
    place = places.read(back or ahead, asking) if back or ahead else None
    page = reading.page_of(asking, wanted, place=place, backwards=bool(back))
    controls = _controls(asking)
    base = reverse("admin:report", args=[asking.report.slug])
    kept = {"columns": ALL_COLUMNS} if shows_all and asking.report.brief else {}
    return {
        "asking": asking,
        "heads": showing.heads(asking, cells, base=base),
        "rows": showing.shown(_with_asked(page.rows, asking), cells),
        "count": _count(asking),
        "note": asking.report.note() if asking.report.note else "",
        "chips": _chips(asking, kept),
        "controls": controls,
        "sorts": _sorts(asking),
        "opens_more": SORT in asking.asked or any(_is_used(each, asking) for each in controls),
        "newer": _link(asking, kept, before=page.before),
        "older": _link(asking, kept, after=page.behind),
        "other_columns": "?" + asking.query(columns=None if kept else ALL_COLUMNS),
        "shows_all": shows_all,
        "schedule_link": _schedule_link(request, asking),
        "lacking": asking.lacking.title if asking.lacking else "",
        "formats": [(name, format_.title) for name, format_ in FORMATS.items()],
    }


def _with_asked(rows: Sequence[Row], asking: Asking) -> list[Row]:
    """Rows that know what was asked: links lead on to the same days."""
    return [{**row, "asked": asking.asked} for row in rows]


@require_POST
@_of_a_report
def ask_for_file(request: HttpRequest, report: Report) -> HttpResponse:
    """Everything that matches what the screen showed, as a file, made by a job."""
    now = timezone.now()
    try:
        asking = asked_of(report, request.POST.dict(), now=now)
    except NotUnderstood as error:
        messages.error(request, str(error))
        return redirect("admin:report", report.slug)
    wanted = request.POST.get("format", "")
    if wanted not in FORMATS:
        return HttpResponseBadRequest()
    with transaction.atomic():
        job = exporting_asking.ask(asking, wanted, user=who(request))
    return redirect(page_of(job))


def _link(asking: Asking, kept: dict[str, str], **beyond: Any) -> str:
    ((name, place),) = beyond.items()
    return "?" + asking.query(**kept, **{name: places.written(place)}) if place else ""


def _count(asking: Asking) -> str:
    """Exact as far as counting goes, and said to be more beyond."""
    count = reading.count_of(asking)
    told = asking.report.counted(count.rows)
    return told if count.exact else _("more than %(count)s") % {"count": told}


def _schedule_link(request: HttpRequest, asking: Asking) -> str:
    if not request.user.has_perm("reporting.add_reportschedule"):
        return ""
    asked = urlencode({"report": asking.report.slug, "asked": asking.query()})
    return f"{reverse('admin:reporting_reportschedule_add')}?{asked}"


def _chips(asking: Asking, kept: dict[str, str]) -> list[dict[str, str]]:
    """Filters that are on, each with the address without it."""
    return [
        {
            "label": label,
            "text": text,
            "without": "?" + asking.query(**kept, **dict.fromkeys(filter_.names)),
        }
        for filter_, (label, text) in asking.active()
    ]


def _controls(asking: Asking) -> list[Any]:
    return [each.control(asking.asked) for each in asking.report.filters]


def _is_used(control: Any, asking: Asking) -> bool:
    """Whether a filter that is kept out of sight is on."""
    return bool(control.get("rare") and control.get("name") in asking.asked)


def _sorts(asking: Asking) -> list[dict[str, Any]]:
    """Every order, both ways, as the choices of a control; the first is how rows come if nobody
    asks."""
    usual = asking.report.usual
    found = [] if usual else [("", _("newest first")), (BY_KEY, _("oldest first"))]
    for sort in asking.report.sorts:
        last, first = (
            (_("%(what)s, latest first"), _("%(what)s, earliest first"))
            if sort.type == "timestamptz"
            else (_("%(what)s, most first"), _("%(what)s, least first"))
        )
        what = {"what": sort.title}
        found += [(f"-{sort.key}", last % what), (sort.key, first % what)]
    chosen = asking.asked.get(SORT, f"-{usual}" if usual else "")
    return [{"name": name, "title": title, "chosen": name == chosen} for name, title in found]
