"""The marketplace's calls about changes of an order. POST and PATCH alike: both are documented."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from orders import shapes, wire
from orders.agreeing import ACKNOWLEDGMENT, CONFIRMATION, hear_agreement
from orders.change_answers import agreement_of, answer_of, preview_of
from orders.modifications import Modification, modification_of
from orders.modifying import Step, preview_change, receive_change, withdraw_change
from orders.protocol import ProtocolView


def _modification(request: HttpRequest) -> Modification:
    document = wire.read(request)
    valid = shapes.CHANGE_ORDER.read(document)
    return modification_of(valid, document=document)


class Changes(ProtocolView):
    def post(self, request: HttpRequest, endpoint_key: str, order_id: str) -> HttpResponse:
        change = receive_change(
            account=self.account,
            path_id=order_id,
            modification=_modification(request),
            now=timezone.now(),
        )
        return wire.answer(wire.dump(answer_of(change)), status=202)

    patch = post


class Preview(ProtocolView):
    def post(self, request: HttpRequest, endpoint_key: str, order_id: str) -> HttpResponse:
        modification, now = _modification(request), timezone.now()
        plan = preview_change(
            account=self.account, path_id=order_id, modification=modification, now=now
        )
        document: Mapping[str, Any] = modification.document
        return wire.answer(wire.dump(preview_of(plan, document=document, now=now)))

    patch = post


class Agreement(ProtocolView):
    def post(
        self, request: HttpRequest, endpoint_key: str, order_id: str, change_id: str
    ) -> HttpResponse:
        valid = shapes.AGREEMENT.read(wire.read_if_any(request))
        agreement = valid.get("agreement_type") or ""
        change = hear_agreement(
            account=self.account,
            path_id=order_id,
            request_id=change_id,
            agreement=agreement,
            now=timezone.now(),
        )
        # An answer that names an agreement is one: as long as we have not agreed, none does.
        asked = CONFIRMATION if agreement.casefold() == "confirmation" else ACKNOWLEDGMENT
        agreed = change.status == Step.APPLIED or (
            asked == ACKNOWLEDGMENT and change.status != Step.RECEIVED
        )
        body = agreement_of(change, asked if agreed else None)
        return wire.answer(wire.dump(body), status=200 if agreed else 202)

    patch = post


class Cancel(ProtocolView):
    def post(
        self, request: HttpRequest, endpoint_key: str, order_id: str, change_id: str
    ) -> HttpResponse:
        document = wire.read_if_any(request)
        valid = shapes.CHANGE_CANCELLATION.read(document)
        change = withdraw_change(
            account=self.account,
            path_id=order_id,
            request_id=change_id,
            reason=valid.get("reason") or "",
            now=timezone.now(),
        )
        return wire.answer(wire.dump(agreement_of(change, None)))

    patch = post
