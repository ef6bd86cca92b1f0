"""Handing over: packages scanned onto a carrier's manifest, closed and printed."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from invoicing import manifests
from invoicing.jobs import HAND_OVER
from invoicing.models import Carrier, Manifest, ManifestEntry, Print
from invoicing.outcomes import Outcome
from invoicing.printing import recording
from invoicing.printing.manifest_sheet import sheet_of
from invoicing.screens.access import packer, packers_only
from jobs.asking import enqueue
from sellers.errors import DomainError
from sellers.row_ids import is_row_id

#: On the screen; the paper has them all.
SHOWN = 100
_TONES = {"too-many": "many"}


@require_http_methods(["GET", "POST"])
@packers_only
def desk(request: HttpRequest) -> HttpResponse:
    """Which carrier is here? Leads to its manifest."""
    if request.method == "POST":
        chosen = str(request.POST.get("carrier", ""))
        active = Carrier.objects.filter(is_active=True)
        carrier = get_object_or_404(active, pk=int(chosen) if is_row_id(chosen) else 0)
        opened = manifests.open_for(carrier, now=timezone.now(), actor=packer(request))
        return redirect("admin:manifest_page", opened.pk)
    latest = Manifest.objects.filter(status=Manifest.Status.CLOSED).order_by("-id")[:20]
    context = {
        "carriers": _carriers(),
        "closed": _counted(latest),
        "packer": packer(request),
    }
    return render(request, "packing/manifests.html", context)


def _carriers() -> list[tuple[Carrier, int]]:
    """Each with how many packages are on its open manifest."""
    opened = Manifest.objects.filter(status=Manifest.Status.OPEN)
    counts = dict(opened.values_list("carrier").annotate(count=Count("entries")).order_by())
    return [(one, counts.get(one.pk, 0)) for one in Carrier.objects.filter(is_active=True)]


def _counted(found: QuerySet[Manifest]) -> QuerySet[Manifest]:
    return found.select_related("carrier", "closed_by").annotate(count=Count("entries"))


@require_GET
@packers_only
def manifest(request: HttpRequest, manifest_id: int) -> HttpResponse:
    return render(request, "packing/manifest.html", _context(request, _manifest(manifest_id)))


@require_GET
@packers_only
def state(request: HttpRequest, manifest_id: int) -> HttpResponse:
    """The changing part: others may scan onto the same manifest."""
    return JsonResponse(_fragment(request, manifest_id))


@require_POST
@packers_only
def gesture(request: HttpRequest, manifest_id: int) -> HttpResponse:
    """One gesture, from the script or a plain form."""
    found, refused = _manifest(manifest_id), False
    try:
        outcome = _perform(request, found, now=timezone.now())
    except DomainError as error:
        outcome, refused = Outcome(error.message, tone=_TONES.get(error.code, "wrong")), True
    if request.headers.get("X-Requested-With") == "fetch":
        said = {"tone": outcome.tone, "text": outcome.text, "refused": refused}
        return JsonResponse(said | _fragment(request, manifest_id))
    messages.add_message(request, messages.ERROR if refused else messages.SUCCESS, outcome.text)
    return redirect("admin:manifest_page", manifest_id)


def _perform(request: HttpRequest, found: Manifest, *, now: datetime) -> Outcome:
    action, key = request.POST.get("action", ""), request.POST.get("gesture", "")
    actor = packer(request)
    if action == "scan" and 8 <= len(key) <= 40:
        code = request.POST.get("code", "")[:200]
        return manifests.scan(found, code, key=key, now=now, actor=actor)
    if action == "off":
        entry = request.POST.get("entry", "")
        return manifests.take_off(found, int(entry) if is_row_id(entry) else 0)
    if action == "undo":
        last = manifests.last_of(found, actor)
        return manifests.take_off(found, last.pk if last else 0)
    if action == "close":
        return _close(request, found, now=now)
    raise DomainError("bad-gesture", _("The screen sent something unknown: load it again."))


@transaction.atomic
def _close(request: HttpRequest, found: Manifest, *, now: datetime) -> Outcome:
    """With its long work in one transaction: a closed manifest is always handed over."""
    was_open = found.status == Manifest.Status.OPEN
    closed = manifests.close(found, now=now, actor=packer(request))
    if was_open and closed.closed_at == now:
        about = f"{closed.code} · {found.carrier.name}"
        enqueue(HAND_OVER, {"manifest": found.pk}, user=packer(request), now=now, about=about)
    return Outcome(_("%(code)s is closed: print it.") % {"code": closed.code}, tone="done")


def _fragment(request: HttpRequest, manifest_id: int) -> dict[str, Any]:
    context = _context(request, _manifest(manifest_id))
    html = render_to_string("packing/_manifest.html", context, request=request)
    return {"html": html, "count": context["count"], "closed": not context["is_open"]}


def _context(request: HttpRequest, found: Manifest) -> dict[str, Any]:
    entries = found.entries.select_related("package__order", "actor")
    return {
        "manifest": found,
        "is_open": found.status == Manifest.Status.OPEN,
        "count": found.entries.count(),
        "unnumbered": entries.filter(tracking_number="", package__tracking_number="").count(),
        "left": found.entries.filter(handed_over_at=None).count(),
        "entries": [_shown(entry) for entry in entries[:SHOWN]],
        "takes_numbers": bool(found.carrier.number_format or found.carrier.has_check_digit),
        "key": uuid4().hex,
        "packer": packer(request),
    }


def _shown(entry: ManifestEntry) -> ManifestEntry:
    """The number as it will be told: scanned here, or known before."""
    entry.tracking_number = entry.tracking_number or entry.package.tracking_number
    return entry


def _manifest(manifest_id: int) -> Manifest:
    return get_object_or_404(Manifest.objects.select_related("carrier"), pk=manifest_id)


# Its paper


@require_GET
@packers_only
def paper(request: HttpRequest, manifest_id: int) -> HttpResponse:
    """The whole manifest for the browser's printer."""
    found = _manifest(manifest_id)
    context = {"sheet": sheet_of(found), "manifest": found, "packer": packer(request)}
    return render(request, "packing/manifest_paper.html", context)


@require_POST
@packers_only
def printed(request: HttpRequest, manifest_id: int) -> HttpResponse:
    """Records a print; answers with the file, or for the browser's own print with its copy."""
    form = Print.Form.SCREEN if request.POST.get("form") == "html" else Print.Form.PDF
    with transaction.atomic():
        found = get_object_or_404(Manifest.objects.select_for_update(), pk=manifest_id)
        row = recording.record(
            f"manifest/{found.pk}",
            kind=Print.Kind.MANIFEST,
            form=form,
            now=timezone.now(),
            actor=packer(request),
        )
    if form == Print.Form.SCREEN:
        return JsonResponse({"copy": row.copy})
    from invoicing.printing.manifest_pdf import draw_manifest  # loads much: see printing

    content = draw_manifest(sheet_of(_manifest(manifest_id)))
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{found.code}.pdf"'
    patch_cache_control(response, private=True, no_store=True)
    return response
