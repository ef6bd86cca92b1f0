"""One order at the returns desk: what came back, where it goes, and the next step."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from invoicing import crediting, returning
from invoicing.models import Return, ReturnItem
from invoicing.returning import Arrived
from invoicing.screens.access import packer, packers_only
from invoicing.screens.fate import Fate, fate_of
from invoicing.screens.return_form import arrived_of, keep, warehouses
from orders import deciding
from orders.models import Order, OrderLine
from sellers.errors import DomainError
from sellers.models import Hold, User
from sellers.money import format_cents
from sellers.row_ids import is_row_id

#: Decides about orders and their money; the warehouse only receives.
DECIDES = "orders.change_order"


@dataclass(frozen=True)
class LineRow:
    """`home` is the warehouse most of its units were shipped from; None: not known."""

    line: OrderLine
    left: int
    home: int | None

    @property
    def codes(self) -> str:
        """What can be scanned for it, and how many units each stands for, as JSON."""
        sku = self.line.sku
        cases = {case.barcode: case.units for case in sku.case_barcodes.all()}
        single = dict.fromkeys(filter(None, (sku.ean, self.line.ref, sku.ref, sku.ref_code)), 1)
        return json.dumps(cases | single)


@dataclass(frozen=True)
class Card:
    """A return on the page; `value` only for those who may see money."""

    taken_in: Return
    items: list[ReturnItem]
    fate: Fate | None
    value: str
    refusal: DomainError | None
    undoable: bool

    @property
    def creditable(self) -> bool:
        return self.refusal is None


@require_http_methods(["GET", "POST"])
@packers_only
def return_order(request: HttpRequest, seller_order_id: str) -> HttpResponse:
    order = get_object_or_404(
        Order.objects.select_related("account"), seller_order_id=seller_order_id
    )
    if request.method == "GET":
        return _page(request, order)
    try:
        arrived = arrived_of(order, request.POST)
        if request.POST.get("action") == "check":
            returning.check(order=order, arrived=arrived)
            return redirect("admin:return_confirm", order.seller_order_id, keep(request, order))
        messages.success(request, _perform(request, order, arrived))
    except DomainError as refusal:
        messages.error(request, refusal.message)
    return redirect("admin:return_order", order.seller_order_id)


def _perform(request: HttpRequest, order: Order, arrived: list[Arrived]) -> str:
    act = ACTIONS.get(request.POST.get("action", ""))
    if act is None:
        raise DomainError("bad-gesture", _("The screen sent something unknown: load it again."))
    return act(request, order, arrived, timezone.now(), packer(request))


Act = Callable[[HttpRequest, Order, list[Arrived], datetime, User], str]


def _receive(
    request: HttpRequest, order: Order, arrived: list[Arrived], now: datetime, actor: User
) -> str:
    key = request.POST.get("gesture", "")[:40] or uuid4().hex
    returning.receive(order=order, arrived=arrived, key=key, now=now, actor=actor)
    return _("The goods are received.")


def _undo(
    request: HttpRequest, order: Order, _arrived: list[Arrived], now: datetime, actor: User
) -> str:
    returning.undo(taken_in=_return(request, order), now=now, actor=actor)
    return _("The return is taken back.")


def _credit(
    request: HttpRequest, order: Order, _arrived: list[Arrived], now: datetime, actor: User
) -> str:
    _require_decider(actor)
    number = request.POST.get("number", "")
    taken_in = _return(request, order)
    invoice = crediting.credit(taken_in=taken_in, number=number, now=now, actor=actor)
    return _("Return invoice %(number)s is on its way to the marketplace.") % {
        "number": invoice.number
    }


def _cancel(
    request: HttpRequest, order: Order, _arrived: list[Arrived], now: datetime, actor: User
) -> str:
    _require_decider(actor)
    reason = request.POST.get("reason", "")
    deciding.cancel_by_seller(order=order, reason=reason, now=now, actor=actor)
    return _("The order is cancelled, and the marketplace is told.")


ACTIONS: dict[str, Act] = {
    "receive": _receive,
    "undo": _undo,
    "credit": _credit,
    "cancel": _cancel,
}


def _require_decider(actor: User) -> None:
    if not actor.has_perm(DECIDES):
        raise PermissionDenied


# Reading the form


def _return(request: HttpRequest, order: Order) -> Return:
    text = request.POST.get("return", "")
    known = int(text) if is_row_id(text) else 0
    return get_object_or_404(Return, order=order, pk=known)


# Pages


def _page(request: HttpRequest, order: Order) -> HttpResponse:
    reader = packer(request)
    left = returning.returnable(order)
    homes = _homes(order)
    lines = order.lines.select_related("sku").prefetch_related("sku__case_barcodes")
    context = {
        "order": order,
        "rows": [
            LineRow(line, left.get(line.pk, 0), homes.get(line.index))
            for line in lines.order_by("index")
        ],
        "anything_left": bool(left),
        "cards": _cards(order, reader),
        "step": crediting.next_step(order).value,
        "decides": reader.has_perm(DECIDES),
        "warehouses": warehouses(order),
        "conditions": ReturnItem.Condition.choices,
        "gesture": uuid4().hex,
        "packer": reader,
    }
    return render(request, "returns/order.html", context)


def _homes(order: Order) -> dict[int, int]:
    """Warehouse by line index, where the line was shipped from: what comes back likely goes there.

    Of a line from several warehouses, the one that shipped the most.
    """
    shipped = Hold.objects.filter(
        seller_order_id=order.seller_order_id, state=Hold.State.SHIPPED
    ).order_by("quantity")
    return dict(shipped.values_list("line_index", "level__warehouse"))


def _cards(order: Order, reader: User) -> list[Card]:
    returns = order.returns.filter(undone_at=None).select_related("invoice__message", "received_by")
    with_items = returns.prefetch_related("items__line", "items__warehouse").order_by("-number")
    return [_card(taken_in, order, reader) for taken_in in with_items]


def _card(taken_in: Return, order: Order, reader: User) -> Card:
    taken_in.order = order
    invoice = taken_in.invoice
    refusal = crediting.why_not_credit(taken_in)
    return Card(
        taken_in=taken_in,
        items=list(taken_in.items.all()),
        fate=fate_of(invoice.message) if invoice and invoice.message else None,
        value=_value(taken_in) if reader.has_perm("orders.view_money") else "",
        refusal=refusal,
        undoable=returning.why_not_undo(taken_in) is None,
    )


def _value(taken_in: Return) -> str:
    """What the return invoice gave back, or would give back now."""
    currency = taken_in.order.account.currency
    if taken_in.invoice is not None:
        return format_cents(taken_in.invoice.value_cents, currency)
    try:
        return format_cents(crediting.bill_of(taken_in).value, currency)
    except DomainError:
        return ""
