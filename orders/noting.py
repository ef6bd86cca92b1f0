"""One event and its order: what is noted, what moves, what staff are told."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db.models import Q

from orders import flagging, moving, statuses
from orders.models import Order, OrderEvent, TimelineEntry
from orders.moments import canonical
from orders.states import CLOSED
from orders.statuses import Effect
from orders.stopping import stop

logger = logging.getLogger(__name__)
Outcome = OrderEvent.Outcome


def note(event: OrderEvent, *, order: Order, now: datetime) -> Outcome:
    """Give an event its effect on a locked order; done twice, it is the effect of once."""
    if not event.state:
        logger.warning("Event %s of order %s has no status.", event.pk, order.seller_order_id)
        return Outcome.NO_STATUS
    if _is_overtaken(event, order):
        return Outcome.OUT_OF_DATE
    _note_status(order, event.state, now=now)
    if not statuses.is_known(event.state):
        logger.warning("Event %s has a status nobody documented: %r.", event.pk, event.state)
        return Outcome.UNKNOWN_STATUS
    effect = statuses.effect_of(event.state)
    if effect == Effect.STOP:
        return stop(order, state=event.state, now=now)
    if effect == Effect.RAISE and order.status not in CLOSED:
        flagging.raise_to_staff(order, code=event.state, now=now)
        return Outcome.RAISED
    return Outcome.NOTED


def _is_overtaken(event: OrderEvent, order: Order) -> bool:
    """Whether something newer was heard of the order, by the marketplace's clock."""
    heard = OrderEvent.objects.filter(
        Q(order=order) | Q(marketplace_order_id=event.marketplace_order_id),
        account=event.account_id,
        processed_at__isnull=False,
    ).exclude(state="")
    ours = _when(event.last_change, event.current_change)
    return any(
        _when(last, current) > ours
        for last, current in heard.values_list("last_change", "current_change")
    )


def _when(last_change: str, current_change: str) -> tuple[str, str]:
    """An event tells when its own change was, or at least when the one before was.

    Without either it is older than all that do.
    """
    last = canonical(last_change)
    return canonical(current_change) or last, last


def _note_status(order: Order, state: str, *, now: datetime) -> None:
    if order.marketplace_status == state:
        return
    Order.objects.filter(pk=order.pk).update(marketplace_status=state)
    order.marketplace_status = state
    facts = {"state": state}
    inbound = TimelineEntry.Kind.INBOUND
    moving.record(order, kind=inbound, code="marketplace-status", now=now, facts=facts)
