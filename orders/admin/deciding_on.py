"""How a decision is taken on an order's page: by whom, and how it is answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from orders.models import Order
from sellers.admin.refusals import sentence
from sellers.errors import DomainError


def decidable(request: HttpRequest, object_id: Any) -> Order | None:
    """The order, for those who decide about orders."""
    if object_id is None or not request.user.has_perm("orders.change_order"):
        return None
    return Order.objects.filter(pk=object_id).first()


def decided(request: HttpRequest, order: Order, decide: Callable[[], object]) -> HttpResponse:
    """Do it, say how it went, and show the order again in place of the dialog."""
    try:
        decide()
    except DomainError as refusal:
        messages.error(request, sentence(refusal))
    else:
        messages.success(request, _("Done."))
    url = reverse("admin:orders_order_change", args=[order.pk])
    return HttpResponse(headers={"HX-Redirect": url})
