"""Picking begins: with what was chosen on the queue, or with what is due soonest."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from invoicing import queueing
from invoicing.picking import starting
from invoicing.picking.starting import Started
from invoicing.queueing import Choice
from invoicing.screens.access import packer, packers_only
from invoicing.screens.fields import whole
from orders.models import Order
from sellers.errors import DomainError
from sellers.models import Warehouse
from sellers.row_ids import is_row_id


@require_POST
@packers_only
def start(request: HttpRequest) -> HttpResponse:
    """Straight to the new list; by way of a question when the orders lie in several warehouses."""
    now = timezone.now()
    choice = queueing.choice_from(QueryDict(request.POST.get("choice", "")))
    try:
        warehouse_id = whole(request, "warehouse") or choice.warehouse
        if warehouse_id is None:
            places = starting.warehouses_with(_candidates(request, choice, now=now))
            if len(places) > 1:
                return _ask(request, places)
            warehouse_id = places[0][0].pk if places else 0
        warehouse = get_object_or_404(Warehouse, pk=warehouse_id) if warehouse_id else None
        if warehouse is None:
            raise DomainError("nothing-to-pick", _("Nothing to pick."))
        orders = _orders(request, choice, warehouse, now=now)
        started = starting.start(orders=orders, warehouse=warehouse, now=now, actor=packer(request))
    except DomainError as error:
        messages.error(request, error.message)
        return redirect(f"{reverse('admin:packing_queue')}?{choice.query}")
    _tell(request, started)
    return redirect("admin:pick_list", started.pick_list.pk)


def _chosen(request: HttpRequest) -> list[int]:
    texts = request.POST.getlist("order")[:500]
    return [int(text) for text in texts if is_row_id(text)]


def _candidates(request: HttpRequest, choice: Choice, *, now: datetime) -> list[Order]:
    """Orders that may end up on the list, wherever they lie."""
    if chosen := _chosen(request):
        return list(Order.objects.filter(pk__in=chosen))
    orders = queueing.orders_of(choice, now=now)
    return queueing.page_of(orders, after="", size=starting.MOST_ORDERS)[0]


def _orders(
    request: HttpRequest, choice: Choice, warehouse: Warehouse, *, now: datetime
) -> list[Order]:
    if chosen := _chosen(request):
        return list(Order.objects.filter(pk__in=chosen))
    return starting.most_urgent(
        queueing.orders_of(choice, now=now),
        warehouse=warehouse,
        count=whole(request, "count") or starting.DEFAULT_ORDERS,
    )


def _ask(request: HttpRequest, places: Collection[tuple[Warehouse, int]]) -> HttpResponse:
    context = {
        "places": places,
        "orders": _chosen(request),
        "count": request.POST.get("count", ""),
        "choice": request.POST.get("choice", ""),
        "packer": packer(request),
    }
    return render(request, "picking/where.html", context)


def _tell(request: HttpRequest, started: Started) -> None:
    for each in started.left_out[:5]:
        facts = {"order": each.order.marketplace_order_id, "why": each.why}
        messages.warning(request, _("Left out: %(order)s. %(why)s") % facts)
    if len(started.left_out) > 5:
        more = {"count": len(started.left_out) - 5}
        messages.warning(request, _("… and %(count)d more orders.") % more)
