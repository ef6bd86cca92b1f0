"""Orders packed and invoiced by the real use cases, and written behind their back."""

from __future__ import annotations

from typing import Any

from django.db import connection

from invoicing import packing
from invoicing.models import Invoice, InvoiceLine, Package
from orders.models import Order
from orders.states import Status
from reporting import asking, keeping, reading
from reporting.figures import TO_MEND
from reporting.mapping import MAPPING
from tests.builders import NOW


def packed(order: Order, *packages: dict[int, int]) -> list[Package]:
    """One closed package for each of `packages`: line index -> units."""
    when: dict[str, Any] = {"now": NOW, "actor": None}
    lines = {line.index: line for line in order.lines.all()}
    closed = []
    for units in packages:
        package = packing.open_package(order=order, **when)
        for index, quantity in units.items():
            packing.put(package=package, line=lines[index], quantity=quantity, **when)
        packing.close(package=package, **when)
        closed.append(package)
    order.refresh_from_db()
    return closed


def an_invoice(order: Order, cents: int, *, units: int | None = None, **facts: Any) -> Invoice:
    """An invoice no use case would write: `cents` for `units` of the first line (all of it)."""
    line = order.lines.first()
    assert line is not None
    number = Invoice.objects.count() + 1
    invoice = Invoice.objects.create(
        **{
            "account": order.account,
            "order": order,
            "number": f"X{number}",
            "value_cents": cents,
            "issued_at": NOW,
        }
        | facts
    )
    quantity = line.quantity if units is None else units
    InvoiceLine.objects.create(invoice=invoice, line=line, quantity=quantity, value_cents=cents)
    return invoice


def finish(order: Order, status: Status = Status.INVOICED) -> Order:
    """Moved on without asking anybody."""
    Order.objects.filter(pk=order.pk).update(status=status)
    order.refresh_from_db()
    return order


def figures_of(order: Order) -> dict[str, Any]:
    """The order's row of the report, by column."""
    asked = asking.Asking(MAPPING, {}, NOW)
    page = reading.page_of(asked, MAPPING.columns, size=10_000)
    return dict(next(row for row in page.rows if row["key"] == order.pk))


def derived() -> set[tuple[int, int, str]]:
    """The differences to mend as they are worked out from scratch."""
    with connection.cursor() as cursor:
        cursor.execute(keeping.differences_of("SELECT id AS key FROM orders_order"))
        return {(pk, cents, cause) for pk, cents, cause in cursor.fetchall() if cause in TO_MEND}
