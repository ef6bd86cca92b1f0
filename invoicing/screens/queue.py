"""The work queue: open orders, soonest due first, and the box that finds any id."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from invoicing import finding, queueing
from invoicing.models import PickList
from invoicing.picking.starting import DEFAULT_ORDERS, MOST_ORDERS
from invoicing.scanning import clean
from invoicing.screens.access import packer, packers_only
from invoicing.screens.due import clock
from invoicing.screens.queue_filters import filters_of
from invoicing.screens.queue_rows import rows_of
from orders.models import Order
from sellers.models import ShippingPolicy

PAGE = 50


@require_GET
@packers_only
def queue(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    text = clean(request.GET.get("q", ""))[:100]
    if text:
        return _search(request, text, now=now)
    choice = queueing.choice_from(request.GET)
    policies = list(ShippingPolicy.objects.order_by("name", "pk"))
    orders, more = queueing.page_of(
        queueing.orders_of(choice, now=now), after=request.GET.get("after", ""), size=PAGE
    )
    context = {
        "rows": rows_of(orders, policies=policies, now=now),
        "filters": filters_of(choice, policies=policies, now=now),
        "choice": choice,
        "more": more,
        "most": MOST_ORDERS,
        "some": DEFAULT_ORDERS,
        "walks": PickList.objects.filter(finished_at=None, owner=packer(request)).first(),
    }
    return _page(request, context, now=now)


def _page(request: HttpRequest, context: dict[str, Any], *, now: datetime) -> HttpResponse:
    fragment = request.headers.get("X-Requested-With") == "fetch"
    template = "packing/_work.html" if fragment else "packing/queue.html"
    return render(request, template, context | {"packer": packer(request), "clock": clock(now)})


def _search(request: HttpRequest, text: str, *, now: datetime) -> HttpResponse:
    found = finding.find(text)
    if found.pick_list is not None:
        return redirect("admin:pick_list", found.pick_list.pk)
    if len(found.orders) == 1:
        return redirect("admin:packing_order", found.orders[0].seller_order_id)
    shown = queueing.with_stage(Order.objects.filter(pk__in=[one.pk for one in found.orders]))
    orders = {order.pk: order for order in shown.select_related("account")}
    policies = list(ShippingPolicy.objects.order_by("name", "pk"))
    ranked = [orders[one.pk] for one in found.orders if one.pk in orders]
    context = {
        "rows": rows_of(ranked, policies=policies, now=now),
        "query": text,
        "sku": found.sku,
        "choice": queueing.Choice(),
    }
    return _page(request, context, now=now)
