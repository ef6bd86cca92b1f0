"""What people decide about messages: send again, dismiss, withdraw."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from sellers.errors import Conflict
from sellers.marketplace.models import OutboxMessage, StaffDecision
from sellers.marketplace.nudging import nudge
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
    return _decide(
        message,
        Verdict.RESEND,
        actor=actor,
        reason="",
        now=now,
        changes={
            "status": Status.PENDING,
            "due_at": now,
            "trying_since": None,
            "settled_at": None,
            "applied": Applied.UNWATCHED,
        },
    )


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
        message=held, verdict=verdict, reason=reason.strip()[:300], actor=actor, at=now
    )
    if verdict == Verdict.RESEND:
        transaction.on_commit(nudge)
    message.refresh_from_db()
    return message


def _left_by_a_dead_worker(held: OutboxMessage, now: datetime) -> bool:
    return held.leased_until is not None and held.leased_until <= now


def _held(message: OutboxMessage) -> OutboxMessage:
    """The row, held until the transaction ends: a worker claims it before us or after us."""
    return OutboxMessage.objects.select_for_update().get(pk=message.pk)
