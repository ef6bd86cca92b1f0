"""What we owe the marketplace about an order's invoices: the bodies and who carries them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from invoicing import billing
from invoicing.models import Invoice
from orders.models import Order, OrderLine
from sellers.marketplace import dialects, outbox
from sellers.models import OutboxMessage


def owe(
    order: Order,
    kind: OutboxMessage.Kind,
    *,
    key: str,
    payload: dict[str, Any] | None,
    now: datetime,
    invoice_number: str = "",
) -> OutboxMessage:
    """One message about `order`, in its account's dialect and the transaction of its cause."""
    call = dialects.call(
        kind,
        account=order.account,
        marketplace_order_id=order.marketplace_order_id,
        services_endpoint=order.marketplace_services_endpoint,
        invoice_number=invoice_number,
    )
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
    )


def owe_invoice(
    invoice: Invoice, units: Sequence[tuple[OrderLine, int]], *, now: datetime, document: str = ""
) -> None:
    """The invoice itself, sale or return; `document` is its XML."""
    body = wire_invoice(invoice, units)
    invoice.message = owe(
        invoice.order,
        OutboxMessage.Kind.INVOICE,
        key=f"invoice/{invoice.pk}",
        payload=body | ({"embeddedInvoice": document} if document else {}),
        now=now,
    )
    invoice.save(update_fields=["message"])


def wire_invoice(invoice: Invoice, units: Sequence[tuple[OrderLine, int]]) -> dict[str, Any]:
    """The body VTEX wants: cents as integers, tracking empty until it is real."""
    issued = timezone.localtime(invoice.issued_at, invoice.account.zone)
    body: dict[str, Any] = {
        "type": invoice.kind,
        "invoiceNumber": invoice.number,
        "invoiceValue": invoice.value_cents,
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
