"""What we owe the marketplace: written with its cause, sent afterwards, decided on by staff."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson
from django.db import connection, transaction

from sellers.marketplace.claiming import claim_due
from sellers.marketplace.deciding import amend, dismiss, readdress, resend, resume, withdraw
from sellers.marketplace.destinations import check_path
from sellers.marketplace.documents import forget_documents
from sellers.marketplace.models import OutboxMessage
from sellers.marketplace.nudging import nudge
from sellers.marketplace.tracing import traceparent
from sellers.models.accounts import SellerAccount

__all__ = [
    "amend",
    "claim_due",
    "dismiss",
    "enqueue",
    "forget_documents",
    "readdress",
    "resend",
    "resume",
    "withdraw",
]

#: Invoices go first, and so does what must leave before anything else can happen to an order.
_FIRST = frozenset(
    {
        OutboxMessage.Kind.INVOICE,
        OutboxMessage.Kind.CANCEL,
        OutboxMessage.Kind.CANCEL_RETURNED,
        OutboxMessage.Kind.START_HANDLING,
        OutboxMessage.Kind.CHANGE_AGREEMENT,
        OutboxMessage.Kind.CHANGE_REFUSAL,
    }
)


def enqueue(
    *,
    account: SellerAccount,
    subject: str,
    kind: OutboxMessage.Kind,
    key: str,
    method: str,
    path: str,
    payload: dict[str, Any] | None,
    now: datetime,
    base_url: str = "",
    send_after: datetime | None = None,
) -> OutboxMessage:
    """Promise one call to the marketplace, in the transaction of its cause.

    `subject` is the marketplace order id: messages with the same one leave in the order they were
    promised. `key` makes the promise once per account: asked again, the first message comes back
    unchanged. It waits until `send_after`, when given. `path` is below `base_url`, else below the
    account's marketplace address. The body is serialised here, once: every attempt sends these very
    bytes.

    Raises RuntimeError outside a transaction, where cause and message could part, and ValueError
    for a path that is not quoted.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("enqueue() must run in the transaction of what causes the message.")
    check_path(path)
    _keep_ids_in_commit_order(account_id=account.pk, subject=subject)
    message, is_new = OutboxMessage.objects.get_or_create(
        account=account,
        key=key,
        defaults={
            "subject": subject,
            "kind": kind,
            "method": method,
            "base_url": base_url,
            "path": path,
            "body": "" if payload is None else orjson.dumps(payload).decode(),
            "priority": _priority(kind),
            "traceparent": traceparent(),
            "due_at": send_after or now,
            "created_at": now,
        },
    )
    if is_new:
        _hurry_what_stands_before(message)
        transaction.on_commit(nudge)
    return message


def _keep_ids_in_commit_order(*, account_id: int, subject: str) -> None:
    """Two transactions that write for one subject go one after the other.

    Otherwise the later id could be visible, and sent, before the earlier one is committed.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, %s))",
            [f"outbox:{subject}", account_id],
        )


def _priority(kind: OutboxMessage.Kind) -> OutboxMessage.Priority:
    return OutboxMessage.Priority.FIRST if kind in _FIRST else OutboxMessage.Priority.LATER


def _hurry_what_stands_before(message: OutboxMessage) -> None:
    """An invoice behind its order's tracking is not held up by everybody else's tracking."""
    if message.priority == OutboxMessage.Priority.FIRST:
        OutboxMessage.objects.filter(
            account=message.account_id,
            subject=message.subject,
            status=OutboxMessage.Status.PENDING,
            priority=OutboxMessage.Priority.LATER,
        ).update(priority=OutboxMessage.Priority.FIRST)
