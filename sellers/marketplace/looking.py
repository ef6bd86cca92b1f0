"""The second tick: what the marketplace accepted is looked for in the order itself.

VTEX answers 200 before it acts, and sometimes does not act. What is not to be seen within minutes
turns red, with time left to do something about it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_noop as _

from sellers.marketplace import breaker, client, excerpts, judging, rate, readback
from sellers.marketplace.destinations import Misdirected
from sellers.marketplace.models import DeliveryAttempt, OutboxMessage
from sellers.marketplace.readback import Finding
from sellers.marketplace.tracing import next_span

Applied, Kind = OutboxMessage.Applied, OutboxMessage.Kind

WATCHED = frozenset({Kind.INVOICE, Kind.TRACKING, Kind.CANCEL})
_FIRST_LOOK = timedelta(seconds=10)
_LOOK_AGAIN = timedelta(seconds=60)
MISSING_AFTER = timedelta(minutes=8)
_AT_ONCE = 50

#: Why a look told nothing: try later, or never (the key may not read orders).
_LATER, _NEVER = object(), object()


def first_look(message: OutboxMessage, *, seen: bool, now: datetime) -> dict[str, Any]:
    """What to write on a message that was just delivered; `seen` if the order showed it already."""
    if message.kind not in WATCHED:
        return {"applied": Applied.UNWATCHED, "look_at": None}
    if seen:
        return {"applied": Applied.APPLIED, "look_at": None}
    return {"applied": Applied.WAITING, "look_at": now + _FIRST_LOOK}


def look(*, clock: Callable[[], datetime]) -> int:
    """Look up what is due, one order at a time; how many messages were judged."""
    due = _claim(now=clock())
    for _key, messages in groupby(due, key=lambda message: (message.account_id, message.subject)):
        of_one_order = list(messages)
        document = _read_order(of_one_order[0], now=clock())
        for message in of_one_order:
            _judge(message, document, now=clock())
    return len(due)


def _claim(*, now: datetime) -> list[OutboxMessage]:
    """What is due, put off at once: another worker does not look at the same time."""
    with transaction.atomic():
        due = list(
            OutboxMessage.objects.filter(applied=Applied.WAITING, look_at__lte=now)
            .exclude(account__in=breaker.resting(now=now))
            .select_related("account")
            .select_for_update(skip_locked=True, of=("self",))
            .order_by("look_at")[:_AT_ONCE]
        )
        OutboxMessage.objects.filter(pk__in=[message.pk for message in due]).update(
            look_at=now + _LOOK_AGAIN
        )
    return sorted(due, key=lambda message: (message.account_id, message.subject, message.pk))


def _read_order(message: OutboxMessage, *, now: datetime) -> Any:
    """The order document, or _LATER, or _NEVER. Gives way to what is still to be sent."""
    if rate.take(account_id=message.account_id):
        return _LATER
    try:
        answer = client.send(
            account=message.account,
            method="GET",
            path=readback.order_path(message.subject),
            body=b"",
            traceparent=next_span(message.traceparent),
        )
    except (client.NotSent, client.Unanswered, Misdirected):
        return _LATER
    if answer.status == 429:
        rest = judging.retry_after(answer.retry_after, now=now) or _LOOK_AGAIN
        breaker.failed(account_id=message.account_id, now=now, rest=rest)
    if answer.status == 403:
        return _NEVER
    document = excerpts.parsed(answer.body) if answer.status == 200 and answer.complete else None
    return _LATER if document is None else document


def _judge(message: OutboxMessage, document: Any, *, now: datetime) -> None:
    if document is _LATER:
        return
    changes = _changes(message, document, now=now)
    if changes:
        # Only while it still waits: staff may have decided meanwhile.
        OutboxMessage.objects.filter(pk=message.pk, applied=Applied.WAITING).update(**changes)


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
