"""Writes down what came of tries and moves their messages: in the database, talking to nobody."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from sellers.marketplace import judging, looking
from sellers.marketplace.judging import Deferred, Outcome, Status, Trial
from sellers.marketplace.models import DeliveryAttempt, OutboxMessage

logger = logging.getLogger(__name__)

Result = tuple[OutboxMessage, Trial | Deferred]

# The WHERE clause is the lock: a row matches nothing once its lease went to somebody else.
# A worker holds one message of an order at most, so two settlers never wait for each other.
_MOVE = """
    UPDATE sellers_outboxmessage message
    SET status = said.status, due_at = said.due_at, attempts_made = said.attempts_made,
        in_doubt = said.in_doubt, receipt = said.receipt, last_error = said.last_error,
        settled_at = said.settled_at, trying_since = said.trying_since, applied = said.applied,
        look_at = said.look_at, lease = NULL, leased_until = NULL
    FROM unnest(
        %s::bigint[], %s::uuid[], %s::text[], %s::timestamptz[], %s::int[], %s::boolean[],
        %s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::text[], %s::timestamptz[]
    ) AS said (
        id, lease, status, due_at, attempts_made, in_doubt,
        receipt, last_error, settled_at, trying_since, applied, look_at
    )
    WHERE message.id = said.id AND message.lease = said.lease AND message.status = 'pending'
    RETURNING message.id
"""


class Move(NamedTuple):
    """Where one message goes; in the order of the statement above."""

    id: int
    lease: UUID | None
    status: str
    due_at: datetime
    attempts_made: int
    in_doubt: bool
    receipt: str
    last_error: str
    settled_at: datetime | None
    trying_since: datetime | None
    applied: str
    look_at: datetime | None


def settle(message: OutboxMessage, result: Trial | Deferred, *, now: datetime) -> bool:
    """As `settle_all`, for one. False when the lease was lost."""
    return message.pk in settle_all([(message, result)], now=now)


def settle_all(results: Sequence[Result], *, now: datetime) -> set[int]:
    """Write down what came of tries, and move the messages that are still ours: whose, by id.

    Where the lease was lost another worker answers for the message, and only the try itself is
    recorded. All in one transaction: if it fails, the messages stay leased and are in doubt.
    """
    with transaction.atomic():
        DeliveryAttempt.objects.bulk_create(_attempts(results))
        moves = [_move(message, result, now=now) for message, result in results]
        moved = _write(move for move in moves if move.status != Status.UNAUTHORISED)
        for move in moves:
            if move.status == Status.UNAUTHORISED:
                moved |= _refuse_credentials(move)
    for message, result in results:
        _log(message, result)
    return moved


def _attempts(results: Sequence[Result]) -> list[DeliveryAttempt]:
    return [
        DeliveryAttempt(
            message=message,
            at=call.started_at,
            duration_ms=call.duration_ms,
            http_status=call.http_status,
            outcome=call.outcome,
            detail=call.detail,
            response=call.response,
        )
        for message, trial in results
        if isinstance(trial, Trial)
        for call in (trial.reading, trial)
        if call is not None
    ]


def _move(message: OutboxMessage, result: Trial | Deferred, *, now: datetime) -> Move:
    as_it_was = Move(
        message.pk,
        message.lease,
        message.status,
        message.due_at,
        message.attempts_made,
        message.in_doubt,
        message.receipt,
        message.last_error,
        message.settled_at,
        message.trying_since,
        message.applied,
        message.look_at,
    )
    if isinstance(result, Deferred):
        return as_it_was._replace(due_at=result.until)
    return as_it_was._replace(**_changes(message, result, now=now))


def _changes(message: OutboxMessage, trial: Trial, *, now: datetime) -> dict[str, Any]:
    verdict = judging.verdict(message, trial, now=now)
    delivered = verdict.status == Status.DELIVERED
    changes: dict[str, Any] = {
        "status": verdict.status,
        "due_at": now + verdict.wait,
        "attempts_made": message.attempts_made + 1,
        "in_doubt": _still_in_doubt(message, trial),
        "receipt": trial.receipt,
        "last_error": "" if delivered else _error(trial),
        "settled_at": None if verdict.status == Status.PENDING else now,
        "trying_since": None if delivered else message.trying_since or trial.started_at,
    }
    if delivered:
        changes |= looking.first_look(message, seen=trial.outcome == Outcome.FOUND, now=now)
    return changes


def _write(moves: Iterable[Move]) -> set[int]:
    columns = [list(column) for column in zip(*moves, strict=True)]
    if not columns:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(_MOVE, columns)
        return {row[0] for row in cursor.fetchall()}


def _refuse_credentials(move: Move) -> set[int]:
    """Said once per account: if another message says it already, this one waits with the rest."""
    try:
        with transaction.atomic():
            return _write([move])
    except IntegrityError:
        return _write([move._replace(status=Status.PENDING, settled_at=None)])


def _still_in_doubt(message: OutboxMessage, trial: Trial) -> bool:
    """A refusal says nothing about an earlier try: only acceptance or reading the order does."""
    resolved = judging.SETTLED.get(trial.outcome) == Status.DELIVERED or trial.earlier_try_absent
    return trial.outcome in judging.UNKNOWN or (message.in_doubt and not resolved)


def _error(trial: Trial) -> str:
    status = f"HTTP {trial.http_status}" if trial.http_status else ""
    return ": ".join(part for part in (status, trial.detail) if part)[:500]


def _log(message: OutboxMessage, result: Trial | Deferred) -> None:
    if isinstance(result, Trial):
        logger.info(
            "outbox message %s (%s): %s, HTTP %s, %s ms",
            message.pk,
            message.kind,
            result.outcome.value,
            result.http_status,
            result.duration_ms,
        )
