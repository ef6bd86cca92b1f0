"""What people decide about messages: send again, correct, dismiss, withdraw."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson
from django.db import transaction

from sellers.errors import Conflict
from sellers.marketplace.destinations import check_path
from sellers.marketplace.documents import without_document
from sellers.marketplace.models import OutboxMessage, StaffDecision
from sellers.marketplace.nudging import nudge
from sellers.marketplace.readback import SETTLED_BY_READING
from sellers.models.accounts import SellerAccount
from sellers.models.people import User

Status = OutboxMessage.Status
Applied = OutboxMessage.Applied
Verdict = StaffDecision.Verdict


def is_missing(message: OutboxMessage) -> bool:
    """Accepted by the marketplace, but not to be seen in the order."""
    return message.status == Status.DELIVERED and message.applied == Applied.MISSING


def can_resend(message: OutboxMessage) -> bool:
    """Whether there is something to send: it is unfinished, or was accepted without effect."""
    return message.status in OutboxMessage.BLOCKING or is_missing(message)


def can_dismiss(message: OutboxMessage) -> bool:
    return can_resend(message)


@transaction.atomic
def resend(message: OutboxMessage, *, actor: User | None, now: datetime) -> OutboxMessage:
    """Send the same bytes again, at once, with a fresh day of patience.

    Raises Conflict (`not-to-be-sent`) when it is settled, (`being-sent`) when a try is under way.
    """
    return _decide(message, Verdict.RESEND, actor=actor, reason="", now=now, changes=_fresh(now))


def _fresh(now: datetime) -> dict[str, Any]:
    return {
        "status": Status.PENDING,
        "due_at": now,
        "trying_since": None,
        "settled_at": None,
        "applied": Applied.UNWATCHED,
    }


@transaction.atomic
def dismiss(
    message: OutboxMessage, *, reason: str, actor: User | None, now: datetime
) -> OutboxMessage:
    """Declare `message` no longer needed; later messages of its order are free to go. One that was
    accepted but is not to be seen stays delivered: it is only taken off the list.

    Raises Conflict like `resend`, and (`reason-missing`) without a reason.
    """
    if not reason.strip():
        raise Conflict("reason-missing", "Say why the message is no longer needed.")
    if is_missing(_held(message)):
        changes: dict[str, Any] = {"applied": Applied.UNWATCHED}
        return _decide(
            message, Verdict.DISMISS, actor=actor, reason=reason, now=now, changes=changes
        )
    return _supersede(message, Verdict.DISMISS, reason=reason, actor=actor, now=now)


@transaction.atomic
def withdraw(
    message: OutboxMessage, *, reason: str, actor: User | None, now: datetime
) -> OutboxMessage:
    """Take back a message that certainly has not reached the marketplace.

    Raises Conflict (`may-have-arrived`) when a try's outcome is unknown, or like `resend`.
    """
    held = _held(message)
    if is_missing(held) or held.in_doubt or _left_by_a_dead_worker(held, now):
        raise Conflict("may-have-arrived", "The marketplace may already have received this.")
    return _supersede(message, Verdict.WITHDRAW, reason=reason, actor=actor, now=now)


def why_not_amend(message: OutboxMessage) -> Conflict | None:
    """What forbids other bytes in this message's place; None when nothing does."""
    if message.status not in (Status.REJECTED, Status.EXHAUSTED):
        return Conflict(
            "not-to-be-corrected", "Only what was refused or given up can be corrected."
        )
    if message.in_doubt and message.kind in SETTLED_BY_READING:
        return Conflict("may-have-arrived", "The marketplace may already have received this.")
    return None


@transaction.atomic
def amend(
    message: OutboxMessage,
    *,
    payload: dict[str, Any],
    path: str,
    reason: str,
    actor: User | None,
    now: datetime,
) -> OutboxMessage:
    """Send `payload` to `path` instead, in the message's own place: what waits behind it goes on
    waiting. What had been sent is kept with the decision, but for a document in it.

    Raises Conflict as `why_not_amend` says.
    """
    held = _held(message)
    refusal = why_not_amend(held)
    if refusal is not None:
        raise refusal
    check_path(path)
    body = orjson.dumps(payload).decode()
    OutboxMessage.objects.filter(pk=held.pk).update(body=body, path=path)
    before = without_document(held.body)
    return _decide(
        message,
        Verdict.AMEND,
        actor=actor,
        reason=reason,
        said_before=before,
        now=now,
        changes=_fresh(now),
    )


def readdress(message: OutboxMessage, *, path: str) -> None:
    """Another path for a message that certainly was never tried: what it is about has a new name.

    Raises ValueError for one that was.
    """
    check_path(path)
    untried = OutboxMessage.objects.filter(
        pk=message.pk, status=Status.PENDING, attempts_made=0, lease=None
    )
    if untried.update(path=path) != 1:
        raise ValueError("A message that was tried keeps its address.")


def resume(*, account: SellerAccount, actor: User | None, now: datetime) -> int:
    """Send again what the account's refused credentials stopped: call it when they changed.

    The number of messages taken up again; the account's waiting ones follow by themselves.
    """
    stopped = OutboxMessage.objects.filter(account=account, status=Status.UNAUTHORISED)
    return len([resend(message, actor=actor, now=now) for message in stopped])


def _supersede(
    message: OutboxMessage, verdict: Verdict, *, reason: str, actor: User | None, now: datetime
) -> OutboxMessage:
    return _decide(
        message,
        verdict,
        actor=actor,
        reason=reason,
        now=now,
        changes={"status": Status.SUPERSEDED, "settled_at": now},
    )


def _decide(
    message: OutboxMessage,
    verdict: Verdict,
    *,
    actor: User | None,
    reason: str,
    now: datetime,
    changes: dict[str, Any],
    said_before: str = "",
) -> OutboxMessage:
    held = _held(message)
    if not can_resend(held):
        raise Conflict("not-to-be-sent", "This message is settled: there is nothing left to send.")
    if held.leased_until and held.leased_until > now:
        raise Conflict("being-sent", "This message is being sent right now: look again shortly.")
    # A lease that ran out means a worker died in the middle: the message may have arrived.
    in_doubt = held.in_doubt or is_missing(held) or _left_by_a_dead_worker(held, now)
    OutboxMessage.objects.filter(pk=held.pk).update(
        **changes, in_doubt=in_doubt, lease=None, leased_until=None
    )
    StaffDecision.objects.create(
        message=held,
        verdict=verdict,
        reason=reason.strip()[:300],
        said_before=said_before,
        actor=actor,
        at=now,
    )
    if changes.get("status") == Status.PENDING:
        transaction.on_commit(nudge)
    message.refresh_from_db()
    return message


def _left_by_a_dead_worker(held: OutboxMessage, now: datetime) -> bool:
    return held.leased_until is not None and held.leased_until <= now


def _held(message: OutboxMessage) -> OutboxMessage:
    """The row, held until the transaction ends: a worker claims it before us or after us."""
    return OutboxMessage.objects.select_for_update().get(pk=message.pk)
