"""The second tick: what the marketplace accepted is looked for in the order itself.

VTEX answers 200 before it acts, and sometimes does not act. What is not to be seen within minutes
turns red, with time left to do something about it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import lru_cache, partial
from itertools import groupby
from typing import Any, NamedTuple

from django.db import transaction
from django.utils.translation import gettext_noop as _

from sellers.errors import NotFound
from sellers.marketplace import asking, breaker, readback
from sellers.marketplace.models import DeliveryAttempt, OutboxMessage
from sellers.marketplace.readback import Finding

Applied, Kind = OutboxMessage.Applied, OutboxMessage.Kind
Outcome = DeliveryAttempt.Outcome
Clock = Callable[[], datetime]

WATCHED = frozenset({Kind.INVOICE, Kind.TRACKING, Kind.CANCEL})
_FIRST_LOOK = timedelta(seconds=10)
_LOOK_AGAIN = timedelta(seconds=60)
MISSING_AFTER = timedelta(minutes=8)
#: From then on a look takes its turn among what is to be sent; until then it gives way.
_HURRY_AFTER = timedelta(minutes=4)
_LOT = 50
#: Orders read at the same time: one marketplace's silence does not keep the others waiting.
CREW = 8

#: Why a look told nothing: try later, or never (the key may not read orders).
_LATER, _NEVER = object(), object()


def first_look(message: OutboxMessage, *, seen: bool, now: datetime) -> dict[str, Any]:
    """What to write on a message that was just delivered; `seen` if the order showed it already."""
    if message.kind not in WATCHED:
        return {"applied": Applied.UNWATCHED, "look_at": None}
    if seen:
        return {"applied": Applied.APPLIED, "look_at": None}
    return {"applied": Applied.WAITING, "look_at": now + _FIRST_LOOK}


def look(*, clock: Clock, budget_seconds: float = 10.0) -> int:
    """Look up what is due, an order at a time, until nothing is or the budget is spent; how many
    messages were looked for."""
    ends, looked_for = time.monotonic() + budget_seconds, 0
    while due := _claim(now=clock()):
        orders = [list(of_one) for _key, of_one in groupby(due, key=_order_of)]
        readings = _crew(os.getpid()).map(partial(_read_order, clock=clock), orders)
        for messages, reading in zip(orders, readings, strict=True):
            _write_down(messages, reading, now=clock())
        looked_for += len(due)
        if time.monotonic() > ends:
            break
    return looked_for


def _order_of(message: OutboxMessage) -> tuple[int, str]:
    return message.account_id, message.subject


@lru_cache(maxsize=1)
def _crew(process: int) -> ThreadPoolExecutor:
    """Never shared across a fork."""
    return ThreadPoolExecutor(max_workers=CREW, thread_name_prefix=f"looking-{process}")


def _claim(*, now: datetime) -> list[OutboxMessage]:
    """What is due, put off at once: another worker does not look at the same time.

    Nothing of an account that is left in peace, or whose credentials were refused.
    """
    refused = OutboxMessage.objects.filter(status=OutboxMessage.Status.UNAUTHORISED)
    with transaction.atomic():
        due = list(
            OutboxMessage.objects.filter(applied=Applied.WAITING, look_at__lte=now)
            .exclude(account__in=breaker.resting(now=now))
            .exclude(account__in=refused.values("account"))
            .select_related("account")
            .select_for_update(skip_locked=True, of=("self",))
            .order_by("look_at")[:_LOT]
        )
        OutboxMessage.objects.filter(pk__in=[message.pk for message in due]).update(
            look_at=now + _LOOK_AGAIN
        )
    return sorted(due, key=lambda message: (*_order_of(message), message.pk))


class _Reading(NamedTuple):
    """`document` is the order, or _LATER, or _NEVER."""

    document: Any
    at: datetime
    duration_ms: int


def _read_order(messages: list[OutboxMessage], *, clock: Clock) -> _Reading:
    """In a thread of the crew: no database."""
    at, began = clock(), time.monotonic()
    document = _document(messages, clock)
    return _Reading(document, at, round((time.monotonic() - began) * 1000))


def _document(messages: list[OutboxMessage], clock: Clock) -> Any:
    message = messages[0]
    waited = clock() - min(each.settled_at or clock() for each in messages)
    try:
        document = asking.read_order(
            account=message.account,
            marketplace_order_id=message.subject,
            clock=clock,
            trace=message.traceparent,
            patient=waited > _HURRY_AFTER,
        )
    except asking.Refused as refusal:
        return _NEVER if refusal.answer_status == 403 else _LATER
    except (asking.Unanswered, NotFound):
        return _LATER
    return _LATER if document is None else document


def _write_down(messages: list[OutboxMessage], reading: _Reading, *, now: datetime) -> None:
    if reading.document is _LATER:
        return
    with transaction.atomic():
        calls = [_judge(message, reading, now=now) for message in messages]
        DeliveryAttempt.objects.bulk_create(call for call in calls if call is not None)


def _judge(message: OutboxMessage, reading: _Reading, *, now: datetime) -> DeliveryAttempt | None:
    """Move the message as far as the order shows it; the call, for its story."""
    changes = _changes(message, reading.document, now=now)
    if changes:
        # Only while it still waits: staff may have decided meanwhile.
        OutboxMessage.objects.filter(pk=message.pk, applied=Applied.WAITING).update(**changes)
    if reading.document is _NEVER:
        return None
    seen = changes.get("applied") == Applied.APPLIED
    return DeliveryAttempt(
        message=message,
        at=reading.at,
        duration_ms=reading.duration_ms,
        http_status=200,
        outcome=Outcome.SEEN if seen else Outcome.NOT_SEEN,
        response=readback.shown(reading.document),
    )


def _changes(message: OutboxMessage, document: Any, *, now: datetime) -> dict[str, Any]:
    if document is _NEVER or _corrected_since(message):
        return {"applied": Applied.UNWATCHED, "look_at": None}
    finding = readback.find(message, document)
    if finding is Finding.ARRIVED:
        return {"applied": Applied.APPLIED, "look_at": None}
    if message.kind == Kind.CANCEL and _accepted_once(message):
        return _SAY_AGAIN | {"due_at": now}
    if now - (message.settled_at or now) < MISSING_AFTER:
        return {}
    return {"applied": Applied.MISSING, "look_at": None, "last_error": _WHAT_IS_WRONG[finding]}


#: While an order is being handled, the marketplace wants its cancellation asked for twice.
_SAY_AGAIN: dict[str, Any] = {
    "status": OutboxMessage.Status.PENDING,
    "settled_at": None,
    "applied": Applied.UNWATCHED,
    "look_at": None,
}
_WHAT_IS_WRONG = {
    Finding.ABSENT: _("Accepted, but the order does not show it."),
    Finding.DIFFERENT: _("Accepted, but the order shows another value."),
}


def _accepted_once(message: OutboxMessage) -> bool:
    return message.attempts.filter(outcome=DeliveryAttempt.Outcome.DELIVERED).count() == 1


def _corrected_since(message: OutboxMessage) -> bool:
    """A later call on the same path, such as a corrected tracking number, took its place."""
    return (
        message.kind == Kind.TRACKING
        and OutboxMessage.objects.filter(
            account=message.account_id,
            subject=message.subject,
            path=message.path,
            kind=Kind.TRACKING,
            pk__gt=message.pk,
            status=OutboxMessage.Status.DELIVERED,
        ).exists()
    )
