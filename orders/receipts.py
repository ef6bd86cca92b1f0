"""What VTEX is told when an order was authorised or cancelled."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from orders.models import Order


class Receipt(NamedTuple):
    """The four fields of the answer; the same call again gets the same."""

    date: str
    marketplace_order_id: str
    seller_order_id: str
    receipt: str

    def document(self) -> dict[str, str]:
        return {
            "date": self.date,
            "marketplaceOrderId": self.marketplace_order_id,
            "orderId": self.seller_order_id,
            "receipt": self.receipt,
        }


def receipt_of(order: Order, receipt: str, *, at: datetime) -> Receipt:
    date = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return Receipt(date, order.marketplace_order_id, order.seller_order_id, receipt)
