"""Whatever id somebody holds in hand finds its order: ours, theirs, an invoice's, a parcel's."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from unfold.dataclasses import SearchResult

from orders.models import Order
from sellers.admin.base import beginning_with
from sellers.models import Sku

#: Enough to choose from; who means fewer types more.
MOST = 500


def matching(orders: QuerySet[Order], term: str) -> QuerySet[Order]:
    """Orders that have an id beginning with `term`.

    Each kind of id is asked for alone, by its own index; one condition over all of them would
    read every order. A SKU must be given whole.
    """
    first, *others = (part.order_by().values_list("pk", flat=True) for part in _ways(term))
    return orders.filter(pk__in=list(first.union(*others)[:MOST]))


def _ways(term: str) -> Iterator[QuerySet[Order]]:
    everything = Order.objects.all()
    for field in (
        "seller_order_id",
        "marketplace_order_id",
        "marketplace_order_group",
        "invoices__number",
        "invoices__key",
        "packages__tracking_number",
    ):
        yield everything.filter(beginning_with(term, (field,)))
    skus = Sku.objects.filter(Q(ref=term) | Q(ean=term)).values("pk")
    yield everything.filter(lines__sku__in=skus)


def palette(request: HttpRequest, term: str) -> list[SearchResult]:
    """The command palette (Ctrl-K) opens orders by any id."""
    if not request.user.has_perm("orders.view_order"):
        return []
    return [
        SearchResult(
            title=order.marketplace_order_id,
            description=f"{_('Order')} · {order.get_status_display()}",
            link=reverse("admin:orders_order_change", args=[order.pk]),
            icon="receipt_long",
        )
        for order in matching(Order.objects.all(), term.strip())[:10]
    ]
