"""Sends a claimed message and settles what came of it.

`deliver` talks HTTP and touches no database; `settle` writes and talks to nobody.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_noop as _

from sellers.marketplace import breaker, client, excerpts, judging, looking, rate, readback
from sellers.marketplace.destinations import Misdirected
from sellers.marketplace.judging import Outcome, Status, Trial
from sellers.marketplace.models import DeliveryAttempt, OutboxMessage
from sellers.marketplace.readback import Finding
from sellers.marketplace.tracing import next_span

logger = logging.getLogger(__name__)
Clock = Callable[[], datetime]

#: How long a worker waits for its turn before it gives the message back.
_LONGEST_TURN_SECONDS = 2.0
_TROUBLE = frozenset({Outcome.FAILED, Outcome.UNANSWERED, Outcome.UNREACHABLE})
#: Nothing else of this account would fare better: its circuit opens at once, at least so long.
_WHOLE_ACCOUNT = {
    Outcome.THROTTLED: timedelta(seconds=1),
    Outcome.MISDIRECTED: timedelta(seconds=60),
}


@dataclass(frozen=True, slots=True)
class Deferred:
    """Not tried: the account's circuit is open, or its rate is used up, until `until`."""

    until: datetime


def deliver(message: OutboxMessage, *, clock: Clock) -> Trial | Deferred:
    """Try `message` once, in its account's turn. An earlier try whose outcome is unknown is looked
    up in the order document first; if it had arrived, nothing is sent again."""
    until = breaker.admit(account_id=message.account_id, now=clock())
    if until:
        return Deferred(until)
    result = _look_up_and_send(message, clock) if _must_look_up(message) else _send(message, clock)
    if isinstance(result, Trial) and not judging.concerns_one_order(message, result):
        _report(message.account_id, result, now=clock())
    return result


def settle(message: OutboxMessage, result: Trial | Deferred, *, now: datetime) -> bool:
    """Write down what came of a try, and move the message if it is still ours.

    False when the lease was lost: then another worker answers for the message, and only the try
    itself is recorded.
    """
    if isinstance(result, Deferred):
        return bool(_ours(message).update(due_at=result.until, lease=None, leased_until=None))
    with transaction.atomic():
        _record(message, result)
        moved = _move(message, result, now=now)
    logger.info(
        "outbox message %s (%s): %s, HTTP %s, %s ms",
        message.pk,
        message.kind,
        result.outcome.value,
        result.http_status,
        result.duration_ms,
    )
    return moved


def _wait_for_turn(account_id: int, clock: Clock) -> Deferred | None:
    """None once a call may go out."""
    deadline = time.monotonic() + _LONGEST_TURN_SECONDS
    while wait := rate.take(account_id=account_id):
        if time.monotonic() + wait > deadline:
            return Deferred(clock() + timedelta(seconds=wait))
        time.sleep(wait)
    return None


def _must_look_up(message: OutboxMessage) -> bool:
    return message.in_doubt and message.kind in readback.SETTLED_BY_READING


def _look_up_and_send(message: OutboxMessage, clock: Clock) -> Trial | Deferred:
    looked_up = _look_up(message, clock)
    if isinstance(looked_up, (Trial, Deferred)):
        return looked_up
    sent = _send(message, clock)
    if looked_up is Finding.ABSENT and isinstance(sent, Trial):
        return replace(sent, earlier_try_absent=True)
    return sent


def _look_up(message: OutboxMessage, clock: Clock) -> Trial | Deferred | Finding | None:
    """What reading the order settles; ABSENT, or None when it can't tell, asks for sending."""
    wait = _wait_for_turn(message.account_id, clock)
    if wait:
        return wait
    started_at, began = clock(), time.monotonic()
    answer = _call(message, "GET", readback.order_path(message.subject), b"")
    trial = _trial(message, answer, started_at, began)
    if isinstance(answer, client.Answer) and trial.outcome == Outcome.DELIVERED:
        return _found(message, answer, trial)
    if trial.http_status in (403, 404):
        # Not ours to read, or not there: the same bytes again are the next best way to find out.
        return None
    return trial


def _found(message: OutboxMessage, answer: client.Answer, read: Trial) -> Trial | Finding:
    document = excerpts.parsed(answer.body) if answer.complete else None
    if document is None:
        return replace(read, outcome=Outcome.UNANSWERED, detail=_("The order could not be read."))
    finding = readback.find(message, document)
    if finding is Finding.ARRIVED:
        return replace(read, outcome=Outcome.FOUND)
    if finding is Finding.DIFFERENT:
        detail = _("The marketplace has this invoice number with another value.")
        # The number is another's, so what we sent under it did not arrive.
        return replace(read, outcome=Outcome.REJECTED, detail=detail, earlier_try_absent=True)
    return finding


def _send(message: OutboxMessage, clock: Clock) -> Trial | Deferred:
    wait = _wait_for_turn(message.account_id, clock)
    if wait:
        return wait
    started_at, began = clock(), time.monotonic()
    body = message.body.encode()
    answer = _call(message, message.method, message.path, body, base_url=message.base_url)
    return _trial(message, answer, started_at, began)


def _call(
    message: OutboxMessage, method: str, path: str, body: bytes, *, base_url: str = ""
) -> client.Answer | client.NotSent | client.Unanswered | Misdirected:
    try:
        return client.send(
            account=message.account,
            method=method,
            path=path,
            body=body,
            traceparent=next_span(message.traceparent),
            base_url=base_url,
        )
    except (client.NotSent, client.Unanswered, Misdirected) as failure:
        return failure


def _trial(
    message: OutboxMessage,
    answer: client.Answer | client.NotSent | client.Unanswered | Misdirected,
    started_at: datetime,
    began: float,
) -> Trial:
    duration_ms = round((time.monotonic() - began) * 1000)
    if not isinstance(answer, client.Answer):
        outcome = {
            client.NotSent: Outcome.UNREACHABLE,
            client.Unanswered: Outcome.UNANSWERED,
            Misdirected: Outcome.MISDIRECTED,
        }[type(answer)]
        return Trial(started_at, duration_ms, outcome, detail=str(answer))
    outcome = judging.outcome_of(kind=message.kind, http_status=answer.status)
    failed = outcome != Outcome.DELIVERED
    return Trial(
        started_at,
        duration_ms,
        outcome,
        detail=excerpts.words(answer.body, keep=message.subject) if failed else "",
        http_status=answer.status,
        response=excerpts.excerpt(answer.body, keep=message.subject),
        receipt=excerpts.receipt(answer.body),
        retry_after=judging.retry_after(answer.retry_after, now=started_at),
    )


def _report(account_id: int, trial: Trial, *, now: datetime) -> None:
    """Tell the account's circuit how the marketplace is doing."""
    if trial.outcome in _WHOLE_ACCOUNT:
        rest = max(judging.rest_asked_for(trial), _WHOLE_ACCOUNT[trial.outcome])
        breaker.failed(account_id=account_id, now=now, rest=rest)
    elif trial.outcome in _TROUBLE:
        breaker.failed(account_id=account_id, now=now, rest=trial.retry_after or None)
    else:
        breaker.succeeded(account_id=account_id, now=now)


def _record(message: OutboxMessage, trial: Trial) -> None:
    DeliveryAttempt.objects.create(
        message=message,
        at=trial.started_at,
        duration_ms=trial.duration_ms,
        http_status=trial.http_status,
        outcome=trial.outcome,
        detail=trial.detail,
        response=trial.response,
    )


def _move(message: OutboxMessage, trial: Trial, *, now: datetime) -> bool:
    verdict = judging.verdict(message, trial, now=now)
    delivered = verdict.status == Status.DELIVERED
    changes: dict[str, Any] = {
        "status": verdict.status,
        "due_at": now + verdict.wait,
        "lease": None,
        "leased_until": None,
        "attempts_made": message.attempts_made + 1,
        "in_doubt": _still_in_doubt(message, trial),
        "receipt": trial.receipt,
        "last_error": "" if delivered else _error(trial),
        "settled_at": None if verdict.status == Status.PENDING else now,
        "trying_since": None if delivered else message.trying_since or trial.started_at,
    }
    if delivered:
        changes |= looking.first_look(message, seen=trial.outcome == Outcome.FOUND, now=now)
    if verdict.status != Status.UNAUTHORISED:
        return _ours(message).update(**changes) == 1
    try:
        with transaction.atomic():
            return _ours(message).update(**changes) == 1
    except IntegrityError:
        # Another message of this account has already said that the credentials are refused.
        waiting = {"status": Status.PENDING, "settled_at": None}
        return _ours(message).update(**changes | waiting) == 1


def _still_in_doubt(message: OutboxMessage, trial: Trial) -> bool:
    """A refusal says nothing about an earlier try: only acceptance or reading the order does."""
    resolved = judging.SETTLED.get(trial.outcome) == Status.DELIVERED or trial.earlier_try_absent
    return trial.outcome in judging.UNKNOWN or (message.in_doubt and not resolved)


def _error(trial: Trial) -> str:
    status = f"HTTP {trial.http_status}" if trial.http_status else ""
    return ": ".join(part for part in (status, trial.detail) if part)[:500]


def _ours(message: OutboxMessage) -> QuerySet[OutboxMessage]:
    """The WHERE clause is the lock: matches nothing once the lease went to somebody else."""
    return OutboxMessage.objects.filter(pk=message.pk, lease=message.lease, status=Status.PENDING)
