"""A pick list on paper: shelf by shelf with barcodes, and a box to tick for each slot."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from invoicing.models import PickList
from invoicing.picking.sheet import sheet_of
from invoicing.printing.codes import code128
from invoicing.screens.access import packer, packers_only


@require_GET
@packers_only
def paper(request: HttpRequest, pk: int) -> HttpResponse:
    lists = PickList.objects.select_related("warehouse__account", "owner")
    pick_list = get_object_or_404(lists, pk=pk)
    sheet = sheet_of(pick_list)
    context = {
        "sheet": sheet,
        "pick_list": pick_list,
        "zone": pick_list.warehouse.account.zone,
        "barcode": code128(sheet.code),
        "rows": [(row, code128(row.barcode)) for row in sheet.rows],
        "now": timezone.now(),
        "packer": packer(request),
    }
    return render(request, "picking/paper.html", context)
