"""The order is over at the marketplace: work on it stops here too, as far as that is possible."""

from __future__ import annotations

from datetime import datetime

from orders import flagging
from orders.cancelling import cancel
from orders.deciding import why_not_cancel
from orders.models import Order, OrderEvent
from orders.states import Status

Outcome = OrderEvent.Outcome

_OVER = (Status.CANCELLED, Status.RETURNED)
_PACKING = (Status.HANDLING, Status.CANCEL_REQUESTED)


def stop(order: Order, *, state: str, now: datetime) -> Outcome:
    """Cancel a locked order and give its stock back, unless it is over or something is invoiced.

    A manager is told when goods may lie packed, and when only a return can undo an invoice.
    """
    if order.status in _OVER:
        return Outcome.NOTED
    facts = {"state": state}
    if why_not_cancel(order) is not None:
        flagging.raise_to_staff(order, code="over-there-but-invoiced", now=now, facts=facts)
        return Outcome.RAISED
    was_packing = order.status in _PACKING
    cancel(order, code="over-there", now=now, actor=None)
    if was_packing:
        flagging.raise_to_staff(order, code="stopped-while-packing", now=now, facts=facts)
    return Outcome.STOPPED
