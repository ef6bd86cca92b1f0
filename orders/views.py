"""The marketplace's calls about orders: parse, do, answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from orders import listening, nudging, shapes, wire
from orders.authorizing import authorize
from orders.cancelling import request_cancellation
from orders.models import OrderEvent
from orders.placements import Placement, placement_of
from orders.placing import place_orders
from orders.protocol import ProtocolView, refused
from orders.reading import read_as
from sellers.errors import NotFound


class PlaceOrders(ProtocolView):
    def post(self, request: HttpRequest, endpoint_key: str) -> HttpResponse:
        document = wire.read(request)
        many = isinstance(document, list)
        answers = place_orders(
            account=self.account, placements=_placements(request, document), now=timezone.now()
        )
        return wire.answer(f"[{','.join(answers)}]" if many else answers[0])


def _placements(request: HttpRequest, document: Any) -> list[Placement]:
    """One order, or an array of them."""
    common = {
        "sales_channel": request.GET.get("sc", "").replace("\0", ""),
        "operation_id": request.headers.get("x-vtex-operation-id", "").replace("\0", ""),
    }
    if not isinstance(document, list):
        valid = shapes.PLACED_ORDER.read(document)
        return [placement_of(valid, document=document, **common)]
    orders = read_as(shapes.PLACED_ORDERS, document)
    return [
        placement_of(valid, document=document[position], path=f"[{position}].", **common)
        for position, valid in enumerate(orders)
    ]


class FulfillOrder(ProtocolView):
    def post(self, request: HttpRequest, endpoint_key: str, order_id: str) -> HttpResponse:
        document = _single(wire.read(request))
        valid = shapes.AUTHORIZATION.read(document)
        receipt = authorize(
            account=self.account,
            seller_order_id=order_id,
            marketplace_order_id=valid["marketplace_order_id"],
            marketplace_order_group=valid.get("marketplace_order_group") or "",
            payment=valid.get("payment_data"),
            now=timezone.now(),
        )
        return wire.answer(wire.dump(receipt.document()))


def _single(document: Any) -> Any:
    """VTEX's guide for the reverse role wraps these bodies in an array."""
    return document[0] if isinstance(document, list) and len(document) == 1 else document


class CancelOrder(ProtocolView):
    def post(self, request: HttpRequest, endpoint_key: str, order_id: str) -> HttpResponse:
        document = _single(wire.read(request))
        valid = shapes.CANCELLATION.read(document)
        receipt = request_cancellation(
            account=self.account,
            path_id=order_id,
            marketplace_order_id=valid.get("marketplace_order_id") or "",
            request_id=valid.get("cancellation_request_id") or "",
            reason=valid.get("reason") or "",
            document=document,
            now=timezone.now(),
        )
        # Nothing at all means: under evaluation.
        return HttpResponse() if receipt is None else wire.answer(wire.dump(receipt.document()))


class Hook(ProtocolView):
    """Its credentials are in the event itself, and in the header that was configured with it."""

    credentials_required = False

    def post(self, request: HttpRequest, endpoint_key: str) -> HttpResponse:
        listening.check_header(self.account, headers=request.headers)
        document = wire.read(request)
        if not _is_ping(document):
            self._store(request, document)
        return wire.answer("{}")

    def _store(self, request: HttpRequest, document: Any) -> None:
        valid = shapes.EVENT.read(document)
        listening.check_origin(self.account, origin=valid.get("origin"), headers=request.headers)
        is_new = listening.store_event(
            account=self.account,
            marketplace_order_id=valid["order_id"],
            state=valid.get("state") or "",
            last_change=valid.get("last_change") or "",
            current_change=valid.get("current_change") or "",
            source=OrderEvent.Source.HOOK,
            document=document,
            now=timezone.now(),
        )
        if is_new:
            transaction.on_commit(nudging.nudge)


def _is_ping(document: Any) -> bool:
    return isinstance(document, Mapping) and wire.folded(document).get("hookconfig") == "ping"


@csrf_exempt
def nothing_here(_request: HttpRequest, endpoint_key: str) -> HttpResponse:
    """Every other path below an endpoint key, in VTEX's error shape like the rest."""
    return refused(NotFound("not-found", "There is nothing here."))
