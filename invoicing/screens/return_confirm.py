"""Is this what came back? The question before goods are received. Asking it changes nothing."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from invoicing import returning
from invoicing.models import ReturnItem
from invoicing.screens.access import packer, packers_only
from invoicing.screens.return_form import arrived_of, kept
from orders.models import Order
from sellers.errors import DomainError


@require_GET
@packers_only
def return_confirm(request: HttpRequest, seller_order_id: str, key: str) -> HttpResponse:
    """The same fields once more, hidden, under a summary. What was received by now, or can't be,
    leads back to the order."""
    order = get_object_or_404(
        Order.objects.select_related("account"), seller_order_id=seller_order_id
    )
    said = kept(request, order, key)
    if said is None:
        return redirect("admin:return_order", order.seller_order_id)
    if order.returns.filter(key=key).exists():
        messages.info(request, _("These goods are received already."))
        return redirect("admin:return_order", order.seller_order_id)
    try:
        arrived = arrived_of(order, said)
        returning.check(order=order, arrived=arrived)
    except DomainError as refusal:
        messages.error(request, refusal.message)
        return redirect("admin:return_order", order.seller_order_id)
    context = {
        "order": order,
        "arrived": [(each, ReturnItem.Condition(each.condition).label) for each in arrived],
        "said": said.items(),
        "gesture": key,
        "packer": packer(request),
    }
    return render(request, "returns/confirm.html", context)
