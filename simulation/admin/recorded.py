"""“Why?” of this moment, and “why was it unavailable at 14:02?”: two pages and a list."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from sellers.admin.base import PortalAdmin, ReadOnly, may_see_money
from sellers.models import SellerAccount
from sellers.row_ids import is_row_id
from simulation.admin import finding, replaying, telling
from simulation.admin.asking import Asked, AskForm, ask
from simulation.admin.finding import FindForm
from simulation.models import SimulationCapture
from simulation.sentences import cause

MOST_SKUS_SHOWN = 4


@admin.register(SimulationCapture)
class SimulationCaptureAdmin(ReadOnly, PortalAdmin):
    """Prices stand on every page here, so they are for people who may see money."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(super().has_view_permission(request, obj)) and may_see_money(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_urls(self) -> list[URLPattern]:
        why = path("why/", self.admin_site.admin_view(self.why_view), name="simulation_why")
        return [why, *super().get_urls()]

    def _page(self, request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
        shared = self.admin_site.each_context(request)
        return TemplateResponse(request, f"admin/simulation/{template}", {**shared, **context})

    def _refuse_strangers(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied

    # --- now ----------------------------------------------------------------------------------

    def why_view(self, request: HttpRequest) -> HttpResponse:
        """A bookmarkable question by GET; a pasted request, which may name people, by POST."""
        self._refuse_strangers(request)
        form, asked = _form(request), None
        if form.is_bound and form.is_valid():
            given = form.cleaned_data
            asked = ask(
                given["account"],
                form.request_body(),
                sales_channel=given["sales_channel"] or None,
                now=timezone.now(),
            )
        context = {"title": _("Why?"), "form": form, "asked": asked}
        return self._page(request, "why.html", context | _told(form, asked))

    # --- at 14:02 -----------------------------------------------------------------------------

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self._refuse_strangers(request)
        zone = _zone(request)
        with timezone.override(zone):
            form = FindForm(request.GET or None)
            asked = form.cleaned_data if form.is_bound and form.is_valid() else {}
        rows = finding.after(finding.matching(asked), request.GET.get("after", ""))
        found = list(rows[: finding.PAGE + 1])
        context = {
            "title": _("Recorded answers"),
            "form": form,
            "zone": zone.key,
            "rows": [_row(capture) for capture in found[: finding.PAGE]],
            "more": _more(request, found),
            "hour": finding.last_hour(timezone.now()),
        }
        return self._page(request, "recorded.html", context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """What one recorded answer rested on, told as if it were now, and given again."""
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        self._refuse_strangers(request)
        capture = self.get_object(request, object_id)
        if capture is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[no-any-return]  # unfold is untyped
        found = replaying.opened(capture)
        told = found.explanation
        context = {
            "title": _moment(capture),
            "capture": capture,
            "causes": [cause(code) for code in capture.causes],
            "told": told,
            "lines": telling.lines(told, capture.account) if told else [],
            "found": found,
            "answer": found.answer,
            "again": replaying.as_request(found.cart) if found.cart else "",
        }
        return self._page(request, "capture.html", context)


def _form(request: HttpRequest) -> AskForm:
    if request.method == "POST":
        return AskForm(request.POST)
    return AskForm(request.GET) if request.GET else AskForm()


def _told(form: AskForm, asked: Asked | None) -> dict[str, Any]:
    if asked is None or asked.explanation is None:
        return {}
    told = asked.explanation
    return {
        "told": told,
        "lines": telling.lines(told, form.cleaned_data["account"]),
        "answer": telling.pretty(told.answer),
    }


def _zone(request: HttpRequest) -> ZoneInfo:
    """The clocks of the account that is asked for, else of the first one."""
    chosen = request.GET.get("account", "")
    accounts = SellerAccount.objects.order_by("slug")
    if is_row_id(chosen):
        accounts = accounts.filter(pk=int(chosen))
    first = accounts.first()
    return first.zone if first else ZoneInfo("UTC")


def _moment(capture: SimulationCapture) -> str:
    return date_format(
        timezone.localtime(capture.at, capture.account.zone),
        pgettext("date format", "j M Y, H:i:s"),
    )


def _row(capture: SimulationCapture) -> dict[str, Any]:
    lines = [
        {"ref": ref, "asked": asked, "served": served, "cause": cause(code) if code else ""}
        for ref, asked, served, code in capture.lines
    ]
    short_first = sorted(lines, key=lambda line: not line["cause"])
    return {
        "capture": capture,
        "when": _moment(capture),
        "lines": short_first[:MOST_SKUS_SHOWN],
        "others": len(lines) - MOST_SKUS_SHOWN,
        "causes": [cause(code) for code in capture.causes],
        "took_ms": round(capture.took_us / 1_000, 1),
    }


def _more(request: HttpRequest, found: list[SimulationCapture]) -> str:
    if len(found) <= finding.PAGE:
        return ""
    query = request.GET.copy()
    query["after"] = finding.cursor(found[finding.PAGE - 1])
    return query.urlencode()
