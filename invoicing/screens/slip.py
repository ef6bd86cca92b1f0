"""The packing slip: what is in the box and where it goes, never what it cost."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from invoicing.models import Package, PaperSettings
from invoicing.printing.codes import code128
from invoicing.printing.facts import facts_of
from invoicing.screens.access import packer, packers_only, printed_from_screens

SIZES = tuple(PaperSettings.SlipSize.values)


@require_GET
@packers_only
@printed_from_screens
def slip(request: HttpRequest, seller_order_id: str, number: int) -> HttpResponse:
    package = get_object_or_404(Package, order__seller_order_id=seller_order_id, number=number)
    facts = facts_of([package.pk])[0]
    size = request.GET.get("size", facts.paper.slip_size)
    context = {
        "facts": facts,
        "package": facts.package,
        "order": facts.order,
        "barcode": code128(facts.order.marketplace_order_id),
        "size": size if size in SIZES else facts.paper.slip_size,
        "sizes": SIZES,
        "packer": packer(request),
    }
    return render(request, "packing/slip.html", context)
