"""Each gesture at the packing table counts once, whatever the network repeats."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from invoicing.models import Gesture
from invoicing.outcomes import Outcome
from orders import moving
from orders.models import Order, TimelineEntry
from sellers.errors import Conflict, DomainError
from sellers.models import User

#: Scans that are worth a word on the order's timeline; anything else is a slip of the hand.
_TOLD = {"wrong-item": "wrong-item-scanned", "too-many": "too-many-scanned"}


def once(
    *,
    order: Order,
    key: str,
    action: str,
    now: datetime,
    actor: User,
    act: Callable[[], Outcome],
) -> Outcome:
    """Do `act` and remember its outcome under `key`; a repeat gets that outcome, nothing happens.

    A refusal is remembered as well, raised again for a repeat; what `act` did before it is undone.
    """
    with transaction.atomic():
        moving.lock(order_id=order.pk)
        done = Gesture.objects.filter(order=order, key=key).first()
        if done is None:
            outcome = _tried(act)
            _remember(outcome, order=order, key=key, action=action, now=now, actor=actor)
        elif done.refused:
            outcome = Conflict(done.refused, done.answer["text"])
        else:
            outcome = Outcome.recalled(done.answer)
    if isinstance(outcome, DomainError):
        raise outcome
    return outcome


def _tried(act: Callable[[], Outcome]) -> Outcome | DomainError:
    try:
        with transaction.atomic():
            return act()
    except DomainError as refusal:
        return refusal


def _remember(
    outcome: Outcome | DomainError,
    *,
    order: Order,
    key: str,
    action: str,
    now: datetime,
    actor: User,
) -> None:
    gesture = Gesture(order=order, key=key, action=action, actor=actor, at=now)
    if isinstance(outcome, DomainError):
        gesture.refused, gesture.answer = outcome.code, {"text": outcome.message}
        _tell_refusal(outcome, order=order, now=now, actor=actor)
    else:
        gesture.answer = outcome.remembered()
        gesture.package_id = outcome.package_id
        gesture.line_id = outcome.units[0][0] if outcome.units else None
        gesture.quantity = sum(quantity for _line, quantity in outcome.units)
    gesture.save(force_insert=True)


def _tell_refusal(refusal: DomainError, *, order: Order, now: datetime, actor: User) -> None:
    if refusal.code not in _TOLD:
        return
    sku = getattr(refusal, "sku", None)
    moving.record(
        order,
        kind=TimelineEntry.Kind.PACKING,
        code=_TOLD[refusal.code],
        now=now,
        actor=actor,
        facts={"why": str(sku)} if sku else {},
    )
