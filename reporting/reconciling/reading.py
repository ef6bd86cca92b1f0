"""Our side of orders, as it is compared: some hundreds at a time, in a few queries."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from django.db.models import QuerySet

from invoicing.models import Invoice
from orders.models import Order, OrderLine
from reporting.models import Reconciliation
from reporting.reconciling.documents import Paper, Side
from sellers.models import SellerAccount


def bounds(account: SellerAccount, since: date, until: date) -> tuple[datetime, datetime]:
    """The midnights around days of the account, both included."""
    after = until + timedelta(days=1)
    begin, end = (datetime.combine(day, time(), account.zone) for day in (since, after))
    return begin, end


def orders_of(reconciliation: Reconciliation) -> QuerySet[Order]:
    """The orders placed in its period, in the order of their ids."""
    account = reconciliation.account
    begin, end = bounds(account, reconciliation.since, reconciliation.until)
    found = Order.objects.filter(account=account, placed_at__gte=begin, placed_at__lt=end)
    return found.order_by("pk")


def sides_of(orders: Sequence[Order]) -> dict[int, Side]:
    """By order id: two queries, however many there are."""
    units, lines = _units(orders)
    papers = _papers(orders)
    return {
        order.pk: Side(
            status=order.status,
            total=order.payment_value_cents,
            items=order.items_cents + order.services_cents,
            discounts=-order.discounts_cents,
            freight=order.freight_cents,
            units=units[order.pk],
            lines=lines[order.pk],
            papers=papers[order.pk],
        )
        for order in orders
    }


def _units(orders: Sequence[Order]) -> tuple[dict[int, Counter[str]], Counter[int]]:
    units: dict[int, Counter[str]] = defaultdict(Counter)
    lines: Counter[int] = Counter()
    rows = OrderLine.objects.filter(order__in=orders).values_list("order", "ref", "quantity")
    for order, ref, quantity in rows:
        units[order][ref] += quantity
        lines[order] += 1
    return units, lines


def _papers(orders: Sequence[Order]) -> dict[int, dict[str, Paper]]:
    """Live invoices that were to be told the marketplace."""
    found: dict[int, dict[str, Paper]] = defaultdict(dict)
    live = Invoice.objects.filter(order__in=orders, voided_at=None, message__isnull=False)
    for invoice in live.select_related("package"):
        package = invoice.package
        found[invoice.order_id][invoice.number] = Paper(
            number=invoice.number,
            kind=invoice.kind,
            cents=invoice.value_cents,
            tracking=package.tracking_number if package else "",
            message_id=invoice.message_id,
            package_id=invoice.package_id,
        )
    return found
