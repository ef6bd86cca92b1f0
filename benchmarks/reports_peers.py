"""The order mapping's usual page as others would answer it: by hand-written SQL (the floor), and by
model objects, one row after the other, as it is written first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.paginator import Paginator
from django.db import connection
from django.db.models import QuerySet

from invoicing.models import Invoice
from orders.models import Order
from reporting.models import Difference

#: What both answer, beside times and texts: order, what is paid, invoiced and returned, tracking.
Answer = tuple[int, int, int, int, str]

_SUM = (
    "(SELECT COALESCE(sum(i.value_cents), 0) FROM invoicing_invoice i "
    "WHERE i.order_id = o.id AND i.voided_at IS NULL AND i.kind = '{kind}')"
)
_FLOOR = f"""
SELECT o.id, o.payment_value_cents, {_SUM.format(kind="Output")}, {_SUM.format(kind="Input")},
       (SELECT COALESCE(string_agg(NULLIF(p.tracking_number, ''), ' | ' ORDER BY p.number), '')
          FROM invoicing_package p WHERE p.order_id = o.id),
       (SELECT string_agg(DISTINCT p.courier, ' | ')
          FROM invoicing_package p WHERE p.order_id = o.id),
       (SELECT string_agg(i.number || ' ' || m.status || ' ' || m.applied, '  ' ORDER BY i.id)
          FROM invoicing_invoice i JOIN sellers_outboxmessage m ON m.id = i.message_id
         WHERE i.order_id = o.id AND i.voided_at IS NULL AND i.kind = 'Output'),
       o.marketplace_order_id, o.seller_order_id, o.marketplace_order_group, o.status,
       o.marketplace_status, a.name, o.placed_at, o.shipped_at, d.cents, d.cause
  FROM orders_order o
  JOIN sellers_selleraccount a ON a.id = o.account_id
  LEFT JOIN reporting_difference d ON d.order_id = o.id
"""  # noqa: S608  (our own text)


def by_sql(rest: str, params: Sequence[Any]) -> list[Answer]:
    """`rest` says which orders, in which order, and how many."""
    with connection.cursor() as cursor:
        cursor.execute(_FLOOR + rest, params)
        return [row[:5] for row in cursor.fetchall()]


def by_models(orders: QuerySet[Order], *, page: int, size: int) -> list[Answer]:
    """A page of Django's paginator, every value looked up where it is shown."""
    return [_shown(order) for order in Paginator(orders, size).page(page)]


def _shown(order: Order) -> Answer:
    values = {"Output": 0, "Input": 0}
    ticks = []
    for invoice in Invoice.objects.filter(order=order, voided_at=None):
        values[invoice.kind] += invoice.value_cents
        if invoice.message is not None:
            ticks.append(f"{invoice.number} {invoice.message.status} {invoice.message.applied}")
    packages = list(order.packages.all())
    difference = Difference.objects.filter(order=order).first()
    _beside = (
        order.account.name,
        " | ".join(sorted({package.courier for package in packages})),
        difference.cause if difference else "",
    )
    numbers = [package.tracking_number for package in packages if package.tracking_number]
    paid = order.payment_value_cents
    return order.pk, paid, values["Output"], values["Input"], " | ".join(numbers)
