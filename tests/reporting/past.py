"""Orders with a past, told by its moments: everything a dashboard counts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from invoicing.models import Package, Return
from orders.models import Order, TimelineEntry
from orders.moving import record
from orders.states import Status
from sellers.models import SellerAccount
from tests.builders import Line, an_order
from tests.reporting.stuck import a_message

#: Who made the last move to cancelled.
CODES = {
    "us": "cancelled-by-seller",
    "shopper": "cancel-accepted",
    "marketplace": "cancelled-by-marketplace",
}


def a_past_order(
    *,
    placed: datetime,
    paid: datetime | None = None,
    due: datetime | None = None,
    invoiced: datetime | None = None,
    shipped: datetime | None = None,
    delivered: datetime | None = None,
    cancelled: datetime | None = None,
    by: str = "marketplace",
    reason: str = "",
    tracked: bool = True,
    returned: bool = False,
    cents: int = 1000,
    account: SellerAccount | None = None,
    **facts: Any,
) -> Order:
    """Its status follows from how far it came. Handed over without tracking: `tracked=False`."""
    moments = {
        "placed_at": placed,
        "authorized_at": paid,
        "due_at": due,
        "invoiced_at": invoiced,
        "shipped_at": shipped,
        "delivered_at": delivered,
        "cancelled_at": cancelled,
    }
    status = _status(paid, invoiced, shipped, delivered, cancelled)
    order = an_order(
        Line(price=cents),
        status=status,
        cancel_reason=reason,
        **({"account": account} if account else {}),
        **moments,
        **facts,
    )
    if cancelled:
        kind = TimelineEntry.Kind.STATUS
        record(order, kind=kind, code=CODES[by], now=cancelled, to_status=Status.CANCELLED)
    if shipped:
        _hand_over(order, shipped, tracked=tracked)
    if returned and shipped:
        Return.objects.create(order=order, number=1, key="k", received_at=shipped)
    return order


def _status(
    paid: datetime | None,
    invoiced: datetime | None,
    shipped: datetime | None,
    delivered: datetime | None,
    cancelled: datetime | None,
) -> Status:
    for moment, status in (
        (cancelled, Status.CANCELLED),
        (delivered, Status.DELIVERED),
        (shipped, Status.SHIPPED),
        (invoiced, Status.INVOICED),
        (paid, Status.AUTHORIZED),
    ):
        if moment:
            return status
    return Status.RESERVED


def _hand_over(order: Order, at: datetime, *, tracked: bool) -> None:
    Package.objects.create(
        order=order,
        number=1,
        status="closed",
        opened_at=at,
        closed_at=at,
        dispatched_at=at,
        tracking_number="AA123" if tracked else "",
    )
    if tracked:
        a_message(order, now=at, kind="tracking", status="delivered", applied="applied")
