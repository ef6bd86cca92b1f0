"""What we owe the marketplace about an order's invoices: the bodies and who carries them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from invoicing import billing
from invoicing.models import Invoice, Package
from orders import moving
from orders.models import Order, OrderLine, TimelineEntry
from sellers.errors import Conflict
from sellers.marketplace import deciding, dialects, outbox
from sellers.marketplace.documents import EMBEDDED
from sellers.models import OutboxMessage, User


def owe(
    order: Order,
    kind: OutboxMessage.Kind,
    *,
    key: str,
    payload: dict[str, Any] | None,
    now: datetime,
    invoice_number: str = "",
    send_after: datetime | None = None,
) -> OutboxMessage:
    """One message about `order`, in its account's dialect and the transaction of its cause."""
    call = call_about(order, kind, invoice_number=invoice_number)
    return outbox.enqueue(
        account=order.account,
        subject=order.marketplace_order_id,
        kind=kind,
        key=key,
        method=call.method,
        path=call.path,
        base_url=call.base_url,
        payload=payload,
        now=now,
        send_after=send_after,
    )


def call_about(
    order: Order, kind: OutboxMessage.Kind, *, invoice_number: str = ""
) -> dialects.Call:
    return dialects.call(
        kind,
        account=order.account,
        marketplace_order_id=order.marketplace_order_id,
        services_endpoint=order.marketplace_services_endpoint,
        invoice_number=invoice_number,
    )


def owe_invoice(
    invoice: Invoice,
    units: Sequence[tuple[OrderLine, int]],
    *,
    now: datetime,
    document: str = "",
    send_after: datetime | None = None,
) -> None:
    """The invoice itself, sale or return; `document` is its XML."""
    body = wire_invoice(invoice, units)
    invoice.message = owe(
        invoice.order,
        OutboxMessage.Kind.INVOICE,
        key=f"invoice/{invoice.pk}",
        payload=body | ({EMBEDDED: document} if document else {}),
        now=now,
        send_after=send_after,
    )
    invoice.save(update_fields=["message"])


def wire_invoice(invoice: Invoice, units: Sequence[tuple[OrderLine, int]]) -> dict[str, Any]:
    """The body VTEX wants: cents as integers (the value as text where the account asks for it),
    tracking empty until it is real."""
    as_text = invoice.account.invoice_values_as_text
    issued = timezone.localtime(invoice.issued_at, invoice.account.zone)
    body: dict[str, Any] = {
        "type": invoice.kind,
        "invoiceNumber": invoice.number,
        "invoiceValue": str(invoice.value_cents) if as_text else invoice.value_cents,
        "issuanceDate": issued.isoformat(timespec="seconds"),
        "items": [
            {
                "id": row.ref,
                "price": row.price,
                "quantity": row.quantity,
                "description": row.description,
            }
            for row in billing.wire_items(units)
        ],
        "courier": "",
        "trackingNumber": "",
        "trackingUrl": "",
    }
    known = {"invoiceKey": invoice.key, "invoiceUrl": invoice.url}
    return body | {name: value for name, value in known.items() if value}


# Tracking


def invoice_of(package: Package) -> Invoice:
    invoice = package.invoices.filter(voided_at=None).first()
    if package.status != Package.Status.CLOSED or invoice is None:
        raise Conflict("package-open", _("Close the package first."))
    return invoice


def owe_about(
    invoice: Invoice,
    kind: OutboxMessage.Kind,
    body: dict[str, Any],
    *,
    now: datetime,
    actor: User | None,
) -> None:
    """Each correction is a message of its own, but for one the marketplace refused: that one is
    put right in its place. The order's row is locked, so the count holds."""
    sent = _about(invoice, kind)
    refused = next((each for each in sent if deciding.why_not_amend(each) is None), None)
    if refused is not None:
        reason = _("Entered again.")
        outbox.amend(refused, payload=body, path=refused.path, reason=reason, actor=actor, now=now)
        return
    owe(
        invoice.order,
        kind,
        key=f"{_stem(invoice, kind)}{len(sent) + 1}",
        payload=body,
        now=now,
        invoice_number=invoice.number,
    )


def waiting_about(invoice: Invoice) -> list[OutboxMessage]:
    """What waits behind the invoice and names it: its tracking."""
    kinds = (OutboxMessage.Kind.TRACKING, OutboxMessage.Kind.TRACKING_EVENTS)
    sent = [message for kind in kinds for message in _about(invoice, kind)]
    return [message for message in sent if message.status == OutboxMessage.Status.PENDING]


def _about(invoice: Invoice, kind: OutboxMessage.Kind) -> list[OutboxMessage]:
    found = OutboxMessage.objects.filter(
        account=invoice.account, subject=invoice.order.marketplace_order_id, kind=kind
    )
    return list(found.filter(key__startswith=_stem(invoice, kind)).order_by("id"))


def _stem(invoice: Invoice, kind: OutboxMessage.Kind) -> str:
    return f"{kind}/{invoice.pk}/"


def tell_tracking(
    order: Order, code: str, facts: dict[str, Any], *, now: datetime, actor: User | None
) -> None:
    kind = TimelineEntry.Kind.TRACKING
    moving.record(order, kind=kind, code=code, now=now, actor=actor, facts=facts)
