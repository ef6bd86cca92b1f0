"""The work queue: open orders, soonest due first, and the box that finds any id."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Min, Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from invoicing.models import Invoice, Package, PackageItem
from invoicing.scanning import clean
from invoicing.screens.access import packer, packers_only
from invoicing.screens.board import warehouses_of
from invoicing.screens.due import Due, clock, due
from orders.models import Order, OrderLine
from orders.states import OPEN, Status
from sellers.admin.base import local
from sellers.models import ShippingPolicy

PAGE = 50
FOUND = 20
_VIEWS: dict[str, tuple[Status, ...]] = {
    "open": OPEN,
    "ready": (Status.AUTHORIZED,),
    "begun": (Status.HANDLING,),
    "stopped": (Status.CANCEL_REQUESTED,),
    "packed": (Status.INVOICED,),
}


@dataclass(frozen=True)
class Row:
    order: Order
    due: Due
    warehouses: str
    lines: int
    units: int
    packed: int
    policy: str
    moment: str

    @property
    def can_be_packed(self) -> bool:
        return self.order.status in (Status.AUTHORIZED, Status.HANDLING)


@packers_only
def queue(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    text = clean(request.GET.get("q", ""))[:100]
    if text:
        return _search(request, text, now=now)
    view = request.GET.get("view", "open")
    chosen = Order.objects.filter(status__in=_VIEWS.get(view, OPEN))
    orders = list(_after(chosen, request.GET.get("after", ""))[: PAGE + 1])
    more = _cursor(orders[PAGE - 1]) if len(orders) > PAGE else ""
    context = {"rows": rows_of(orders[:PAGE], now=now), "view": view, "more": more, "query": ""}
    return _page(request, context)


def _page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    fragment = request.headers.get("X-Requested-With") == "fetch"
    template = "packing/_queue.html" if fragment else "packing/queue.html"
    shown = {"packer": packer(request), "clock": clock(timezone.now())}
    return render(request, template, context | shown)


def _search(request: HttpRequest, text: str, *, now: datetime) -> HttpResponse:
    orders = find(text)
    if len(orders) == 1:
        return redirect("admin:packing_order", orders[0].seller_order_id)
    context = {"rows": rows_of(orders, now=now), "view": "", "more": "", "query": text}
    return _page(request, context)


def find(text: str) -> list[Order]:
    """Orders by the beginning of an id of theirs, or by an invoice, access key or tracking number
    exactly; the exact ones alone when there are any."""
    exact = Q(marketplace_order_id=text) | Q(seller_order_id=text.upper())
    found = list(_shown(Order.objects.filter(exact)).order_by("-id")[:FOUND])
    if found:
        return found
    papers = Invoice.objects.filter(Q(number=text) | Q(key=text)).values_list("order")[:FOUND]
    boxes = Package.objects.filter(tracking_number=text).values_list("order")[:FOUND]
    known = {pk for (pk,) in (*papers, *boxes)}
    if known:
        return list(_shown(Order.objects.filter(pk__in=known)).order_by("-id"))
    begins = (
        Q(marketplace_order_id__startswith=text)
        | Q(seller_order_id__startswith=text.upper())
        | Q(marketplace_order_group__startswith=text)
    )
    return list(_shown(Order.objects.filter(begins)).order_by("-id")[:FOUND])


def _shown(orders: QuerySet[Order]) -> QuerySet[Order]:
    return orders.select_related("account")


def _after(orders: QuerySet[Order], cursor: str) -> QuerySet[Order]:
    """The rows behind `due,id`, by key: the page a thousand screens down costs like the first."""
    moment, _comma, last = cursor.rpartition(",")
    if last.isdecimal():
        due_at = parse_datetime(moment) if moment else None
        later = Q(due_at=due_at, pk__gt=int(last))
        if due_at is not None:
            later |= Q(due_at__gt=due_at) | Q(due_at=None)
        orders = orders.filter(later)
    return _shown(orders).order_by(F("due_at").asc(nulls_last=True), "pk")


def _cursor(order: Order) -> str:
    return f"{order.due_at.isoformat() if order.due_at else ''},{order.pk}"


def rows_of(orders: list[Order], *, now: datetime) -> list[Row]:
    """The orders with what the queue says of them: four queries, however many there are."""
    places = warehouses_of(orders)
    names = policy_names(orders)
    ordered = _ordered(orders)
    packed = dict(
        PackageItem.objects.filter(package__order__in=orders)
        .values_list("package__order")
        .annotate(units=Sum("quantity"))
        .order_by()
    )
    return [
        _row(
            order,
            ordered.get(order.pk),
            packed=packed.get(order.pk, 0),
            places=places.get(order.pk, ()),
            names=names,
            now=now,
        )
        for order in orders
    ]


def policy_names(orders: Iterable[Order]) -> dict[tuple[int, str], str]:
    """What the sellers call their delivery options, by account and SLA id: one query."""
    policies = ShippingPolicy.objects.filter(account__in={order.account_id for order in orders})
    return {(account, ref): name for account, ref, name in policies.values_list(*_NAMED)}


_NAMED = ("account", "ref", "name")


def _ordered(orders: Iterable[Order]) -> dict[int, dict[str, Any]]:
    sums = (
        OrderLine.objects.filter(order__in=list(orders))
        .values("order")
        .annotate(lines=Count("pk"), units=Sum("quantity"), policy=Min("policy_ref"))
        .order_by()
    )
    return {row["order"]: dict(row) for row in sums}


def _row(
    order: Order,
    sums: dict[str, Any] | None,
    *,
    packed: int,
    places: Iterable[Any],
    names: dict[tuple[int, str], str],
    now: datetime,
) -> Row:
    sums = sums or {"lines": 0, "units": 0, "policy": ""}
    return Row(
        order=order,
        due=due(order.due_at, now=now),
        warehouses=", ".join(str(place) for place in places),
        lines=sums["lines"],
        units=sums["units"],
        packed=packed,
        policy=names.get((order.account_id, sums["policy"]), sums["policy"]),
        moment=local(order.due_at, order.account.zone) if order.due_at else "",
    )
