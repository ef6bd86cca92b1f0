"""A pick list is printed: recorded, and as PDF when that is asked for."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_POST

from invoicing.models import PaperSettings, PickList, Print
from invoicing.picking.sheet import sheet_of
from invoicing.printing import recording
from invoicing.screens.access import packer, packers_only


@require_POST
@packers_only
def printed(request: HttpRequest, pk: int) -> HttpResponse:
    """Answers with the file, or for the browser's own print with its copy."""
    now = timezone.now()
    form = Print.Form.SCREEN if request.POST.get("form") == "html" else Print.Form.PDF
    with transaction.atomic():
        held = PickList.objects.select_for_update(of=("self",))
        found = get_object_or_404(held.select_related("warehouse__account", "owner"), pk=pk)
        row = recording.record(
            f"pick-list/{found.pk}",
            kind=Print.Kind.PICK_LIST,
            form=form,
            now=now,
            actor=packer(request),
        )
    if form == Print.Form.SCREEN:
        return JsonResponse({"copy": row.copy})
    account = found.warehouse.account
    paper = PaperSettings.objects.filter(account=account).first() or PaperSettings()
    from invoicing.printing.pick_list_pdf import draw_pick_list  # loads much: see printing

    content = draw_pick_list(sheet_of(found), margin=paper.page_margin_mm, now=now)
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{found}.pdf"'
    patch_cache_control(response, private=True, no_store=True)
    return response
