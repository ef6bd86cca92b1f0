"""Sends a claimed message, in its account's turn. Talks HTTP and touches no database."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from django.utils.translation import gettext_noop as _

from sellers.marketplace import breaker, client, excerpts, judging, readback, turns
from sellers.marketplace.claiming import LONGEST_DELIVERY
from sellers.marketplace.destinations import Misdirected
from sellers.marketplace.judging import Deferred, Outcome, Trial
from sellers.marketplace.models import OutboxMessage
from sellers.marketplace.readback import Finding
from sellers.marketplace.tracing import next_span

Clock = Callable[[], datetime]

_TROUBLE = frozenset({Outcome.FAILED, Outcome.UNANSWERED, Outcome.UNREACHABLE})
#: Nothing else of this account would fare better: its circuit opens at once, at least so long.
_WHOLE_ACCOUNT = {
    Outcome.THROTTLED: timedelta(seconds=1),
    Outcome.MISDIRECTED: timedelta(seconds=60),
}


def deliver(message: OutboxMessage, *, clock: Clock) -> Trial | Deferred:
    """Try `message` once, in its account's turn. An earlier try whose outcome is unknown is looked
    up in the order document first; if it had arrived, nothing is sent again."""
    if _lease_is_short(message, now=clock()):
        return Deferred(clock())
    turn = turns.wait_for(account_id=message.account_id, clock=clock)
    if turn.until:
        return Deferred(turn.until)
    result = _look_up_and_send(message, clock) if _must_look_up(message) else _send(message, clock)
    if isinstance(result, Trial) and not judging.concerns_one_order(message, result):
        _report(message.account_id, result, ailing=turn.ailing, now=clock())
    return result


def _lease_is_short(message: OutboxMessage, *, now: datetime) -> bool:
    """It waited so long for a thread that somebody else could take it up before we are done."""
    return message.leased_until is not None and message.leased_until < now + LONGEST_DELIVERY


def _must_look_up(message: OutboxMessage) -> bool:
    return message.in_doubt and message.kind in readback.SETTLED_BY_READING


def _look_up_and_send(message: OutboxMessage, clock: Clock) -> Trial | Deferred:
    looked_up = _look_up(message, clock)
    if looked_up is not None and looked_up.outcome != Outcome.NOT_SEEN:
        return looked_up
    turn = turns.wait_for_another(account_id=message.account_id, clock=clock)
    if turn.until:
        return Deferred(turn.until)
    sent = _send(message, clock)
    return replace(sent, earlier_try_absent=looked_up is not None, reading=looked_up)


def _look_up(message: OutboxMessage, clock: Clock) -> Trial | None:
    """What reading the order settles; NOT_SEEN, or None when it can't tell, asks for sending."""
    started_at, began = clock(), time.monotonic()
    answer = _call(message, "GET", readback.order_path(message.subject), b"")
    trial = _trial(message, answer, started_at, began)
    if isinstance(answer, client.Answer) and trial.outcome == Outcome.DELIVERED:
        return _found(message, answer, trial)
    if trial.http_status in (403, 404):
        # Not ours to read, or not there: the same bytes again are the next best way to find out.
        return None
    return trial


def _found(message: OutboxMessage, answer: client.Answer, read: Trial) -> Trial:
    document = excerpts.parsed(answer.body) if answer.complete else None
    if document is None:
        return replace(read, outcome=Outcome.UNANSWERED, detail=_("The order could not be read."))
    finding = readback.find(message, document)
    read = replace(read, response=readback.shown(document))
    if finding is Finding.ARRIVED:
        return replace(read, outcome=Outcome.FOUND)
    if finding is Finding.DIFFERENT:
        detail = _("The marketplace has this invoice number with another value.")
        # The number is another's, so what we sent under it did not arrive.
        return replace(read, outcome=Outcome.REJECTED, detail=detail, earlier_try_absent=True)
    return replace(read, outcome=Outcome.NOT_SEEN)


def _send(message: OutboxMessage, clock: Clock) -> Trial:
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


def _report(account_id: int, trial: Trial, *, ailing: bool, now: datetime) -> None:
    """Tell the account's circuit how the marketplace is doing, unless that is no news."""
    if trial.outcome in _WHOLE_ACCOUNT:
        rest = max(judging.rest_asked_for(trial), _WHOLE_ACCOUNT[trial.outcome])
        breaker.failed(account_id=account_id, now=now, rest=rest)
    elif trial.outcome in _TROUBLE:
        breaker.failed(account_id=account_id, now=now, rest=trial.retry_after or None)
    elif ailing:
        breaker.succeeded(account_id=account_id, now=now)
