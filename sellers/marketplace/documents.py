"""Invoices' own documents inside messages: they name the shopper, so they are not kept for ever."""

from __future__ import annotations

import orjson

from sellers.marketplace.models import OutboxMessage

EMBEDDED = "embeddedInvoice"


def without_document(body: str) -> str:
    """The body as staff may read it, and as it is kept once the shopper's data is erased."""
    if EMBEDDED not in body:
        return body
    fields = orjson.loads(body)
    return orjson.dumps(
        {name: value for name, value in fields.items() if name != EMBEDDED}
    ).decode()


def forget_documents(*, account_id: int, subject: str) -> int:
    """Take the documents out of an order's settled messages; how many were emptied.

    Unsettled ones keep theirs: they are still to be sent as they are.
    """
    settled = (OutboxMessage.Status.DELIVERED, OutboxMessage.Status.SUPERSEDED)
    messages = OutboxMessage.objects.filter(
        account=account_id, subject=subject, status__in=settled, body__contains=EMBEDDED
    )
    for message in messages:
        message.body = without_document(message.body)
        message.save(update_fields=["body"])
    return len(messages)
