"""The invented past, told to the marketplace stand-in: both sides remember the same orders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from demo.history import MARK
from demo.stand_in import Json, StandIn
from invoicing.models import Invoice, InvoiceLine
from orders.models import Order
from sellers.models import SellerAccount

#: Orders in one call: it takes five megabytes, and answers within a minute.
AT_ONCE = 100


def recall(account: SellerAccount, stand_in: StandIn) -> None:
    """Gives it what was invented, in the order in which it was placed. Raises StandInRefused."""
    told = list(_told(account))
    for start in range(0, len(told), AT_ONCE):
        stand_in.recall(told[start : start + AT_ONCE])


def _told(account: SellerAccount) -> Iterator[Json]:
    past = Order.objects.filter(account=account, operation_id=MARK)
    invoices = _invoices(account)
    for order in past.prefetch_related("lines").order_by("pk"):
        yield {
            "marketplaceOrderId": order.marketplace_order_id,
            "sellerOrderId": order.seller_order_id,
            "placedAt": order.placed_at.isoformat(),
            "items": [
                {
                    "id": line.ref,
                    "quantity": line.quantity,
                    "price": line.price_cents,
                    "freight": line.freight_cents,
                }
                for line in order.lines.all()
            ],
            "invoices": invoices[order.pk],
            "cancelReason": order.cancel_reason,
        }


def _invoices(account: SellerAccount) -> dict[int, list[Json]]:
    """By order: the bodies that would have been sent."""
    rows: dict[int, list[Json]] = defaultdict(list)
    for line in InvoiceLine.objects.filter(invoice__account=account).select_related("line"):
        price = line.line.price_cents
        rows[line.invoice_id].append(
            {"id": line.line.ref, "quantity": line.quantity, "price": price}
        )
    found: dict[int, list[Json]] = defaultdict(list)
    past = Invoice.objects.filter(account=account, order__operation_id=MARK)
    for invoice in past.select_related("package").order_by("pk"):
        found[invoice.order_id].append(_invoice(invoice, rows[invoice.pk]))
    return found


def _invoice(invoice: Invoice, items: list[Json]) -> dict[str, Any]:
    package = invoice.package
    tracked = package and package.tracking_number
    return {
        "type": invoice.kind,
        "invoiceNumber": invoice.number,
        "invoiceValue": invoice.value_cents,
        "issuanceDate": invoice.issued_at.isoformat(),
        "items": items,
        "courier": package.courier if package and tracked else None,
        "trackingNumber": package.tracking_number if package and tracked else None,
    }
