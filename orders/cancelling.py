"""The marketplace asks to cancel: before handling it is done at once, afterwards people decide."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction

from orders import booking, finding, flagging, modifying, moving
from orders.models import Order, PersonalData
from orders.receipts import Receipt, receipt_of
from orders.retrying import retried
from orders.states import Status
from sellers import stock
from sellers.errors import Conflict, DomainError
from sellers.models import SellerAccount, User

#: The marketplace decides by itself when the seller has not after so long.
DECISION_TIME = timedelta(days=30)
_AT_ONCE = (Status.RESERVED, Status.EXPIRED, Status.AUTHORIZED)
_INVOICED = (Status.INVOICED, Status.SHIPPED, Status.DELIVERED, Status.RETURNED)


def request_cancellation(
    *,
    account: SellerAccount,
    path_id: str,
    marketplace_order_id: str,
    request_id: str,
    reason: str,
    document: Mapping[str, Any],
    now: datetime,
) -> Receipt | None:
    """Cancel at once, or put the request before staff: then None, "under evaluation".

    Asked again, the same answer, or by then the decision. Raises NotFound, and Conflict when the
    order is invoiced already or staff have refused this very request.
    """
    order = finding.by_either(
        account=account, path_id=path_id, marketplace_order_id=marketplace_order_id
    )
    decided = retried(partial(_decide, order.pk, request_id, reason, document, now=now))
    if isinstance(decided, DomainError):
        raise decided
    return decided


@transaction.atomic
def _decide(
    order_id: int, request_id: str, reason: str, document: Mapping[str, Any], *, now: datetime
) -> Receipt | DomainError | None:
    # The order's row first (races: two notices at once; a package closing; the payment).
    order = moving.lock(order_id=order_id)
    if order.status == Status.CANCELLED:
        return _receipt(order, now=now)
    if order.status in _INVOICED:
        flagging.raise_to_staff(order, code="cancel-after-invoice", now=now)
        return Conflict("invoiced", f"Order {order.marketplace_order_id} is invoiced already.")
    if order.status == Status.HANDLING and _was_refused(order, request_id):
        return Conflict("refused", f"Order {order.marketplace_order_id} goes on to its invoice.")
    _keep(order, request_id, reason, document)
    if order.status in _AT_ONCE:
        cancel(order, code="cancelled-by-marketplace", now=now, actor=None)
        return _receipt(order, now=now)
    if order.status == Status.HANDLING:
        _ask_staff(order, now=now)
    return None


def _was_refused(order: Order, request_id: str) -> bool:
    """Staff said no to this request; another one is asked anew."""
    return order.timeline.filter(code="cancel-refused", facts__request=request_id).exists()


def _keep(order: Order, request_id: str, reason: str, document: Mapping[str, Any]) -> None:
    order.cancel_request_id, order.cancel_reason = request_id, reason[:300]
    order.save(update_fields=["cancel_request_id", "cancel_reason"])
    PersonalData.objects.filter(order=order).update(cancellation=document)


def _ask_staff(order: Order, *, now: datetime) -> None:
    order.cancel_asked_at, order.cancel_decide_by = now, now + DECISION_TIME
    order.save(update_fields=["cancel_asked_at", "cancel_decide_by"])
    moving.move(
        order,
        Status.CANCEL_REQUESTED,
        now=now,
        code="cancel-asked",
        facts={"reason": order.cancel_reason},
    )


def cancel(order: Order, *, code: str, now: datetime, actor: User | None) -> None:
    """Cancel a locked order: what it holds is given back, its capacity is free again."""
    stock.release(seller_order_id=order.seller_order_id, now=now, cause="cancelled", actor=actor)
    if order.status != Status.EXPIRED:
        booking.free(order)
    modifying.drop(order, now=now)
    order.cancel_receipt = str(uuid.uuid4())
    order.save(update_fields=["cancel_receipt"])
    facts = {"reason": order.cancel_reason, "receipt": order.cancel_receipt}
    moving.move(order, Status.CANCELLED, now=now, code=code, actor=actor, facts=facts)


def _receipt(order: Order, *, now: datetime) -> Receipt:
    return receipt_of(order, order.cancel_receipt, at=order.cancelled_at or now)
