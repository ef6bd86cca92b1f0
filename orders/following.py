"""Acts on the marketplace's events that were stored: at least once, with the effect of once.

What is committed is settled; what is not, because a worker died or the marketplace was silent, is
due again. Asking the marketplace happens between transactions.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Q, QuerySet

from orders import linking, moving
from orders.linking import Filed, Found, Later
from orders.models import Order, OrderEvent
from orders.noting import note
from orders.retrying import retried
from sellers.marketplace.asking import Clock

logger = logging.getLogger(__name__)

_BATCH = 200
#: Nobody else asks about an event meanwhile; after a worker's death it is due again.
_LEASE = timedelta(minutes=2)
#: After a fault of ours.
_REST = timedelta(minutes=5)


def follow(*, clock: Clock, budget_seconds: float) -> int:
    """Act on every event that is due, each at most once in a run; how many were settled.

    What is known here goes first: it does not wait for what the marketplace must be asked about.
    """
    ends, settled, unknown = time.monotonic() + budget_seconds, 0, list[int]()
    for event_id in _due(clock()):
        if time.monotonic() > ends:
            return settled
        if _safely(_follow_known, event_id, clock):
            settled += 1
        else:
            unknown.append(event_id)
    for event_id in unknown:
        if time.monotonic() < ends:
            settled += _safely(_follow_unknown, event_id, clock)
    return settled


def _waiting(now: datetime) -> QuerySet[OrderEvent]:
    due = Q(due_at__isnull=True) | Q(due_at__lte=now)
    return OrderEvent.objects.filter(due, processed_at__isnull=True)


def _due(now: datetime) -> Iterator[int]:
    """The next page begins where the last one ended: what can't be settled holds up nothing.

    A row that appears behind is the next run's: there, everything is looked at again.
    """
    last = 0
    while True:
        page = _waiting(now).filter(pk__gt=last).order_by("id").values_list("pk", flat=True)
        ids = list(page[:_BATCH])
        yield from ids
        if len(ids) < _BATCH:
            return
        last = ids[-1]


def _safely(step: Callable[[int, Clock], bool], event_id: int, clock: Clock) -> bool:
    """One event that we can't digest does not keep the others waiting."""
    try:
        return step(event_id, clock)
    except Exception:
        logger.exception("Event %s could not be followed; it is put off.", event_id)
        _put_off(event_id, clock() + _REST)
        return False


def _follow_known(event_id: int, clock: Clock) -> bool:
    event = OrderEvent.objects.filter(pk=event_id).first()
    verdict = linking.known_here(event) if event else None
    return verdict is not None and retried(partial(_settle, event_id, verdict, now=clock()))


def _follow_unknown(event_id: int, clock: Clock) -> bool:
    mine = _waiting(clock()).filter(pk=event_id).update(due_at=clock() + _LEASE)
    event = OrderEvent.objects.select_related("account").filter(pk=event_id).first()
    if not mine or event is None:
        return False
    # Placed, or looked at for another event, since the run began?
    verdict = linking.known_here(event) or linking.look_up(event, clock=clock)
    if isinstance(verdict, Later):
        _put_off(event_id, verdict.until)
        return False
    return retried(partial(_settle, event_id, verdict, now=clock()))


def _put_off(event_id: int, until: datetime) -> None:
    OrderEvent.objects.filter(pk=event_id, processed_at=None).update(due_at=until)


@transaction.atomic
def _settle(event_id: int, verdict: Found | Filed, *, now: datetime) -> bool:
    # The order's row before the event's (races: the calls about this order; another event of it;
    # the erasure of its personal data, which locks in the same order).
    order = moving.lock(order_id=verdict.order_id) if isinstance(verdict, Found) else None
    event = (
        OrderEvent.objects.select_for_update(skip_locked=True)
        .filter(pk=event_id, processed_at__isnull=True)
        .first()
    )
    if event is None:
        return False
    if isinstance(verdict, Filed):
        _file(event, verdict, now=now)
    elif order is not None:
        event.outcome = note(event, order=order, now=now)
    _finish(event, order, now=now)
    return True


def _file(event: OrderEvent, verdict: Filed, *, now: datetime) -> None:
    event.outcome = verdict.outcome
    if verdict.needs_a_look and not _is_before_staff(event):
        event.flagged_at = now
        logger.warning("Event %s: %s.", event.pk, verdict.outcome.value)


def _is_before_staff(event: OrderEvent) -> bool:
    """One order that can't be found is one thing to look at, however many events it has."""
    return OrderEvent.objects.filter(
        account=event.account_id,
        marketplace_order_id=event.marketplace_order_id,
        flagged_at__isnull=False,
    ).exists()


def _finish(event: OrderEvent, order: Order | None, *, now: datetime) -> None:
    event.order, event.processed_at, event.due_at = order, now, None
    event.save(update_fields=["outcome", "order", "processed_at", "due_at", "flagged_at"])
