"""The packing slip: what is in the box and where it goes, never what it cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from barcode import Code128
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_GET

from invoicing import contents
from invoicing.models import Package
from invoicing.screens.access import packer, packers_only
from orders.models import Order, PersonalData

SIZES = ("a4", "10x15")


@dataclass(frozen=True)
class Receiver:
    """What a label needs of the shopper, nothing more."""

    name: str
    lines: tuple[str, ...]


@require_GET
@packers_only
def slip(request: HttpRequest, seller_order_id: str, number: int) -> HttpResponse:
    package = get_object_or_404(
        Package.objects.select_related("order__account", "closed_by"),
        order__seller_order_id=seller_order_id,
        number=number,
    )
    size = request.GET.get("size", "a4")
    context = {
        "package": package,
        "order": package.order,
        "items": package.items.select_related("line__sku").order_by("line__index"),
        "invoice": package.invoices.filter(voided_at=None).first(),
        "count": _count(package.order),
        "receiver": receiver_of(package.order),
        "barcode": code128(package.order.marketplace_order_id),
        "size": size if size in SIZES else "a4",
        "sizes": SIZES,
        "packer": packer(request),
    }
    return render(request, "packing/slip.html", context)


def _count(order: Order) -> int | None:
    """How many boxes the order has, None while units are still outside them."""
    if any(contents.remaining(order).values()):
        return None
    return order.packages.exclude(items=None).distinct().count()


def receiver_of(order: Order) -> Receiver | None:
    """None once the personal data was erased."""
    personal = PersonalData.objects.filter(order=order, erased_at=None).first()
    if personal is None:
        return None
    address = _address(personal.document)
    said = {key: str(address.get(key) or "").strip() for key in _ADDRESS}
    lines = (
        ", ".join(filter(None, (said["street"], said["number"], said["complement"]))),
        said["neighborhood"],
        " · ".join(filter(None, (said["postalCode"], said["city"], said["state"]))),
        said["country"],
        said["reference"],
    )
    name = personal.receiver or said["receiverName"]
    return Receiver(name=name, lines=tuple(filter(None, lines)))


_ADDRESS = (
    "receiverName",
    "street",
    "number",
    "complement",
    "neighborhood",
    "postalCode",
    "city",
    "state",
    "country",
    "reference",
)


def _address(document: Any) -> dict[str, Any]:
    """The address as VTEX sent it; its keys come in any case."""
    shipping = _field(document, "shippingData")
    address = _field(shipping, "address")
    known = {key.lower(): key for key in _ADDRESS}
    if not isinstance(address, dict):
        return {}
    return {known[key.lower()]: value for key, value in address.items() if key.lower() in known}


def _field(document: Any, name: str) -> Any:
    if not isinstance(document, dict):
        return None
    return next((value for key, value in document.items() if key.lower() == name.lower()), None)


def code128(text: str) -> SafeString:
    """Code 128 as one SVG path: no inline style, so the strict policy lets it through."""
    modules = Code128(text).build()[0]
    bars, at = [], 0
    for run in modules.replace("01", "0 1").replace("10", "1 0").split():
        if run[0] == "1":
            bars.append(f"M{at} 0h{len(run)}v1h-{len(run)}z")
        at += len(run)
    # Only digits and path letters are in it.
    return mark_safe(  # noqa: S308
        f'<svg class="barcode" viewBox="0 0 {at} 1" preserveAspectRatio="none" '
        f'aria-hidden="true"><path d="{"".join(bars)}"/></svg>'
    )
