"""The returns desk: what came back lately and what is still to be done about it, and the box that
finds an order by any id or by an item."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from invoicing.finding import MOST, find_orders
from invoicing.models import Invoice, Return
from invoicing.scanning import clean
from invoicing.screens.access import packer, packers_only
from invoicing.screens.fate import Fate, fate_of
from orders.models import Order, OrderLine
from orders.states import Status

LATEST = 50


@dataclass(frozen=True)
class Row:
    """One return of the list; `todo` is what a person has to do about it, if anything."""

    taken_in: Return
    units: int
    fate: Fate | None
    todo: str


@require_GET
@packers_only
def desk(request: HttpRequest) -> HttpResponse:
    text = clean(request.GET.get("q", ""))[:100]
    found = returnable_orders(text) if text else []
    if len(found) == 1:
        return redirect("admin:return_order", found[0].seller_order_id)
    context = {
        "query": text,
        "orders": found,
        "rows": [] if text else [_row(taken_in) for taken_in in _latest()],
        "packer": packer(request),
    }
    return render(request, "returns/desk.html", context)


def returnable_orders(text: str) -> list[Order]:
    """Orders with an invoice that `text` finds: by an id of theirs, an invoice, or an item."""
    by_id = [order for order in find_orders(text) if _was_invoiced(order)]
    if by_id:
        return by_id
    item = Q(ref=text) | Q(sku__ean=text) | Q(sku__ref_code=text)
    item |= Q(sku__case_barcodes__barcode=text)
    lines = OrderLine.objects.filter(item, order=OuterRef("pk"), invoiced__isnull=False)
    with_item = Order.objects.filter(Exists(lines)).exclude(status=Status.CANCELLED)
    return list(with_item.select_related("account").order_by("-id")[:MOST])


def _was_invoiced(order: Order) -> bool:
    return order.invoices.filter(kind=Invoice.Kind.OUTPUT, voided_at=None).exists()


def _latest() -> list[Return]:
    """What still asks for an invoice first, the latest arrivals before the earlier."""
    shown = Return.objects.filter(undone_at=None).select_related("order__account")
    with_paper = shown.select_related("invoice__message").prefetch_related("items")
    to_invoice = with_paper.filter(invoice=None).order_by("-id")[:LATEST]
    done = with_paper.exclude(invoice=None).order_by("-id")[:LATEST]
    return [*to_invoice, *done][:LATEST]


def _row(taken_in: Return) -> Row:
    invoice = taken_in.invoice
    fate = fate_of(invoice.message) if invoice and invoice.message else None
    todo = _("The return invoice is to be issued") if invoice is None else ""
    units = sum(item.quantity for item in taken_in.items.all())
    return Row(taken_in, units=units, fate=fate, todo=todo)
