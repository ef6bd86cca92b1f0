"""An invoice the marketplace refused, said again with what was wrong put right.

What is in it and what it is worth do not change: those are the package's. Number, access key,
document and address are the paper's, and can be. The message keeps its place, so that the tracking
behind it still waits for it, and goes to the new number then.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson
from django.db import transaction
from django.utils.translation import gettext as _

from invoicing import notices, numbering, papers
from invoicing.closing import tell
from invoicing.models import Invoice
from orders import moving
from orders.models import OrderLine
from sellers.errors import Conflict, DomainError
from sellers.marketplace import deciding, outbox
from sellers.marketplace.documents import EMBEDDED
from sellers.models import OutboxMessage, User


@transaction.atomic
def correct(
    *,
    invoice: Invoice,
    now: datetime,
    actor: User | None,
    number: str,
    key: str = "",
    url: str = "",
    document: bytes = b"",
) -> Invoice:
    """Send `invoice` again under this number, key, address and document, at once.

    Without number and key the account's series gives one. The document that went along before goes
    along again while number and key stay. Raises DomainError for what the paper says (as closing a
    package does) and Conflict as `why_not_correct` says; then nothing changed.
    """
    # The order's row first (races: a package reopened, a return credited, the other correction).
    moving.lock(order_id=invoice.order_id)
    invoice = Invoice.objects.select_related("account", "order__account", "message").get(
        pk=invoice.pk
    )
    refusal = why_not_correct(invoice)
    if refusal is not None:
        raise refusal
    units = _units(invoice)
    paper = papers.settle(number=number, key=key, url=url, document=document, now=invoice.issued_at)
    papers.require_match(
        paper,
        units,
        order=invoice.order,
        value_cents=invoice.value_cents,
        now=now,
        actor=actor,
        kind=Invoice.Kind(invoice.kind),
    )
    before = (invoice.number, invoice.key)
    invoice.number, invoice.key = numbering.settle(
        account=invoice.account, number=paper.number, key=paper.key, keeps=invoice.number
    )
    invoice.url, invoice.issued_at = paper.url, paper.issued_at
    invoice.save(update_fields=["number", "key", "url", "issued_at"])
    same_paper = before == (invoice.number, invoice.key)
    _say_again(invoice, units, paper.text, same_paper=same_paper, actor=actor, now=now)
    tell(invoice, "invoice-corrected", now=now, actor=actor)
    return invoice


def why_not_correct(invoice: Invoice) -> DomainError | None:
    """What forbids a correction; None when nothing does. Serves button and use case."""
    if invoice.voided_at or invoice.message is None:
        return Conflict("not-to-be-corrected", _("This invoice is not sent to anybody."))
    return deciding.why_not_amend(invoice.message)


def _units(invoice: Invoice) -> list[tuple[OrderLine, int]]:
    rows = invoice.lines.select_related("line__sku").order_by("line__index")
    return [(row.line, row.quantity) for row in rows]


def _say_again(
    invoice: Invoice,
    units: list[tuple[OrderLine, int]],
    document: str,
    *,
    same_paper: bool,
    actor: User | None,
    now: datetime,
) -> None:
    message = invoice.message
    if message is None:
        return
    document = document or (_document_of(message) if same_paper else "")
    payload = notices.wire_invoice(invoice, units) | ({EMBEDDED: document} if document else {})
    outbox.amend(message, payload=payload, path=message.path, reason="", actor=actor, now=now)
    for waiting in notices.waiting_about(invoice):
        kind = OutboxMessage.Kind(waiting.kind)
        call = notices.call_about(invoice.order, kind, invoice_number=invoice.number)
        outbox.readdress(waiting, path=call.path)


def _document_of(message: OutboxMessage) -> str:
    said: dict[str, Any] = orjson.loads(message.body)
    return str(said.get(EMBEDDED, ""))
