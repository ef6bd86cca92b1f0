"""A year of orders as INSERT … SELECT: what was placed, packed, invoiced, sent and written down.

Everything about order number n is drawn by hashing n, so that every preparation makes the same
books. Rows have numbers of their own making (order n, its lines 4n + index, its packages and
invoices 2n + number), so that each table is written without asking the others. They add up as the
use cases would leave them, but for a few whose last invoice is off: by a cent, by the freight, or
by more.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db import models

from benchmarks.bulk import Step, step
from invoicing.models import Invoice, InvoiceLine, Package, PackageItem, Return, ReturnItem
from orders.models import Order, OrderLine, PersonalData, TimelineEntry
from sellers.models import DeliveryAttempt, Hold, OutboxMessage, SellerAccount

CHUNK = 20_000
SKUS, WAREHOUSES = 2_000, 2
SPAN = "interval '365 days'"


def drawn(seed: int, below: int) -> str:
    """A number from 0 that looks drawn; `n` is the order's."""
    return f"((hashint8extended(n, {seed}) & 9223372036854775807) %% {below})"


#: The orders of a chunk: when each step came, and how far it is by the end of the year.
ORDERS = f"""
CREATE TEMP TABLE drawn_orders ON COMMIT DROP AS
WITH placed AS (
    SELECT n, %(until)s::timestamptz - {SPAN} * (%(all)s - n)::float8 / %(all)s AS placed_at
      FROM generate_series(%(first)s::bigint, %(last)s::bigint) n
), authorized AS (
    SELECT *, placed_at + interval '1 minute' * (5 + {drawn(1, 55)}) AS authorized_at FROM placed
), handling AS (
    SELECT *, authorized_at + interval '1 minute' * (60 + {drawn(2, 420)}) AS handling_at
      FROM authorized
), invoiced AS (
    SELECT *, handling_at + interval '1 minute' * (5 + {drawn(3, 25)}) AS invoiced_at FROM handling
), shipped AS (
    SELECT *, invoiced_at + interval '1 minute' * (60 + {drawn(4, 1140)}) AS shipped_at
      FROM invoiced
), delivered AS (
    SELECT *, shipped_at + interval '1 hour' * (24 + {drawn(5, 96)}) AS delivered_at FROM shipped
)
SELECT *,
       CASE WHEN {drawn(6, 50)} = 1 AND authorized_at < %(until)s THEN 'expired'
            WHEN authorized_at > %(until)s THEN 'reserved'
            WHEN {drawn(6, 50)} = 2 AND handling_at < %(until)s THEN 'cancelled'
            WHEN handling_at > %(until)s OR {drawn(7, 5000)} = 0 THEN 'authorized'
            WHEN invoiced_at > %(until)s THEN 'handling'
            WHEN shipped_at > %(until)s THEN 'invoiced'
            WHEN delivered_at > %(until)s THEN 'shipped'
            WHEN {drawn(6, 50)} = 3 AND delivered_at < %(until)s - interval '9 days' THEN 'returned'
            ELSE 'delivered' END AS status
  FROM delivered
"""  # noqa: S608  (numbers of ours)
#: One line for most, two for some, three for few; every other one goes into a second package.
LINES = f"""
CREATE TEMP TABLE drawn_lines ON COMMIT DROP AS
WITH lines AS (
    SELECT n, index, status, 1 + index %% 2 AS package,
           1 + (hashint8extended(n, 20 + index) & 9223372036854775807) %% {SKUS} AS sku_id,
           CASE WHEN {drawn(9, 10)} = 0 THEN 2 ELSE 1 END AS quantity
      FROM drawn_orders
     CROSS JOIN LATERAL generate_series(
           0, CASE WHEN {drawn(8, 10)} = 0 THEN 2 WHEN {drawn(8, 10)} < 4 THEN 1 ELSE 0 END) index
), priced AS (
    SELECT lines.*, s.price_cents, s.ref, s.name, s.price_cents * quantity AS items_cents,
           CASE WHEN {drawn(10, 7)} = 0 THEN s.price_cents * quantity / 10 ELSE 0 END
           AS discount_cents,
           CASE WHEN {drawn(11, 50)} = 0 THEN 500 ELSE 0 END AS services_cents,
           990 + {drawn(12, 2000)} AS freight_cents
      FROM lines JOIN sellers_sku s ON s.id = lines.sku_id
)
SELECT *, items_cents - discount_cents + services_cents + freight_cents AS total_cents
  FROM priced
"""  # noqa: S608  (numbers of ours)
SUMS = f"""
CREATE TEMP TABLE drawn_sums ON COMMIT DROP AS
SELECT o.*, l.items, l.discounts, l.services, l.freight, l.total, l.packages, l.units,
       'R-' || lpad(upper(to_hex(n)), 12, '0') AS ours,
       (1300000000000 + n) || '-01' AS theirs,
       l.total + CASE WHEN {drawn(13, 3001)} = 0 THEN 100 ELSE 0 END AS pays,
       CASE WHEN {drawn(14, 997)} = 0 THEN -1
            WHEN {drawn(14, 1999)} = 1 THEN -l.freight
            WHEN {drawn(14, 4999)} = 2 THEN -1234 ELSE 0 END AS off,
       status IN ('invoiced', 'shipped', 'delivered', 'returned') AS is_sold,
       status IN ('shipped', 'delivered', 'returned') AS is_sent,
       status IN ('delivered', 'returned') AS has_arrived,
       1 + {drawn(15, WAREHOUSES)} AS warehouse_id,
       'carrier-' || (1 + {drawn(16, 3)}) AS policy_ref,
       (ARRAY['Correios', 'Jadlog', 'Loggi'])[1 + {drawn(16, 3)}] AS courier
  FROM drawn_orders o
  JOIN (SELECT n, sum(items_cents)::bigint AS items, sum(discount_cents)::bigint AS discounts,
               sum(services_cents)::bigint AS services, sum(freight_cents)::bigint AS freight,
               sum(total_cents)::bigint AS total, max(package) AS packages,
               sum(quantity) AS units
          FROM drawn_lines GROUP BY n) l USING (n);
CREATE INDEX ON drawn_sums (n);
ANALYZE drawn_sums
"""  # noqa: S608  (numbers of ours)
#: Packages of the sold orders with what their invoices are worth: the last takes what is left.
PARCELS = """
CREATE TEMP TABLE drawn_parcels ON COMMIT DROP AS
SELECT n, package, greatest(1, sum(total_cents)::bigint
       + CASE WHEN package = o.packages THEN o.pays - o.total + o.off ELSE 0 END) AS cents
  FROM drawn_lines JOIN drawn_sums o USING (n)
 WHERE o.is_sold
 GROUP BY n, package, o.packages, o.pays, o.total, o.off;
ANALYZE drawn_parcels
"""
DRAWING = (ORDERS, LINES, SUMS, PARCELS)


def steps_of(account: SellerAccount, first: int, last: int) -> Iterator[Step]:
    """What writes the orders from `first` to `last`, once DRAWING has been run for them."""
    orders = last - first + 1
    for model, share, columns, source in (
        (Order, 1.0, _ORDER, "FROM drawn_sums"),
        (PersonalData, 1.0, _PERSONAL, "FROM drawn_sums"),
        (OrderLine, 1.5, _LINE, "FROM drawn_lines JOIN drawn_sums USING (n)"),
        (Hold, 1.5, _HOLD, _HOLD_SOURCE),
        (Package, 1.3, _PACKAGE, "FROM drawn_parcels JOIN drawn_sums USING (n)"),
        (PackageItem, 1.4, _ITEM, "FROM drawn_lines JOIN drawn_sums USING (n) WHERE is_sold"),
        (OutboxMessage, 1.3, _MESSAGE, "FROM drawn_parcels JOIN drawn_sums USING (n)"),
        (DeliveryAttempt, 1.3, _ATTEMPT, "FROM drawn_parcels JOIN drawn_sums USING (n)"),
        (Invoice, 1.3, _INVOICE, "FROM drawn_parcels JOIN drawn_sums USING (n)"),
        (InvoiceLine, 1.4, _INVOICE_LINE, _INVOICE_LINE_SOURCE),
        (Return, 0.02, _RETURN, "FROM drawn_sums WHERE status = 'returned'"),
        (ReturnItem, 0.03, _RETURN_ITEM, _RETURNED_LINES),
        (Invoice, 0.02, _CREDIT, "FROM drawn_sums WHERE status = 'returned'"),
        (InvoiceLine, 0.03, _CREDIT_LINE, _CREDIT_LINE_SOURCE),
        (TimelineEntry, 5.0, _STORY, _STORY_SOURCE),
    ):
        yield _step(account, model, round(share * orders), columns, source)
    yield Step(
        "returns",
        0,
        "UPDATE invoicing_return r SET invoice_id = i.id FROM invoicing_invoice i, "
        "drawn_sums d WHERE d.status = 'returned' AND r.id = d.n AND i.id = %(credits)s + d.n",
        {"credits": CREDITS},
    )


def _step(
    account: SellerAccount,
    model: type[models.Model],
    rows: int,
    columns: dict[str, str],
    source: str,
) -> Step:
    name = str(model._meta.verbose_name_plural)
    return step(name, rows, account, model, columns, source, credits=CREDITS)


#: Credit invoices are numbered from here, away from those of the sales.
CREDITS = 10**9
_WHEN_OVER = "CASE WHEN status = '{status}' THEN {moment} END"
_REACHED = "CASE WHEN is_sold OR status = 'handling' THEN handling_at END"
_AUTHORIZED = "CASE WHEN status NOT IN ('reserved', 'expired') THEN authorized_at END"
_CANCELLED = _WHEN_OVER.format(status="cancelled", moment="handling_at")
_INVOICED = "CASE WHEN is_sold THEN invoiced_at END"
_SHIPPED = "CASE WHEN is_sent THEN shipped_at END"
_DELIVERED = "CASE WHEN has_arrived THEN delivered_at END"

_ORDER = {
    "id": "n",
    "account_id": "%(account)s",
    "seller_order_id": "ours",
    "marketplace_order_id": "theirs",
    "marketplace_order_group": "(1300000000000 + n)::text",
    "status": "status",
    "marketplace_status": "CASE WHEN status IN ('cancelled', 'expired') THEN 'canceled' "
    "WHEN is_sold THEN 'invoiced' WHEN status = 'reserved' THEN 'payment-pending' "
    "ELSE 'ready-for-handling' END",
    "placed_at": "placed_at",
    "hold_expires_at": "placed_at + interval '7 days'",
    "authorized_at": _AUTHORIZED,
    "due_at": f"{_AUTHORIZED} + interval '1 day'",
    "handling_at": _REACHED,
    "invoiced_at": _INVOICED,
    "shipped_at": _SHIPPED,
    "delivered_at": _DELIVERED,
    "cancelled_at": _CANCELLED,
    "items_cents": "items",
    "discounts_cents": "discounts",
    "services_cents": "services",
    "freight_cents": "freight",
    "payment_value_cents": "pays",
    "ship_country": "'BRA'",
    "ship_postal_code": f"lpad((1000000 + {drawn(17, 90000000)})::text, 8, '0')",
    "ship_state": f"(ARRAY['SP', 'RJ', 'MG', 'PE', 'RS'])[1 + {drawn(18, 5)}]",
    "ship_city": f"(ARRAY['São Paulo', 'Rio de Janeiro', 'Belo Horizonte', 'Recife', "
    f"'Porto Alegre'])[1 + {drawn(18, 5)}]",
    "fingerprint": "md5(n::text) || md5(n::text)",
}
_PERSONAL = {
    "order_id": "n",
    "document": "'{}'::jsonb",
    "receiver": "'Receiver ' || n",
}
_LINE = {
    "id": "n * 4 + index",
    "order_id": "n",
    "index": "index",
    "sku_id": "sku_id",
    "ref": "ref",
    "name": "name",
    "seller": "'bigdata'",
    "quantity": "quantity",
    "price_cents": "price_cents",
    "items_cents": "items_cents",
    "discount_cents": "discount_cents",
    "services_cents": "services_cents",
    "freight_cents": "freight_cents",
    "policy_ref": "policy_ref",
    "channel": "'delivery'",
    "shipping_estimate": "'3bd'",
    "commission": "16",
    "freight_commission": "16",
}
_HOLD = {
    "id": "n * 4 + index",
    "level_id": "v.id",
    "seller_order_id": "ours",
    "line_index": "index",
    "quantity": "quantity",
    "state": "CASE WHEN is_sold THEN 'shipped' "
    "WHEN d.status IN ('cancelled', 'expired') THEN 'released' ELSE 'held' END",
    "expires_at": "CASE WHEN d.status = 'reserved' THEN placed_at + interval '7 days' END",
    "created_at": "placed_at",
}
_HOLD_SOURCE = """
FROM drawn_lines JOIN drawn_sums d USING (n)
JOIN sellers_stocklevel v
  ON v.sku_id = drawn_lines.sku_id AND v.warehouse_id = d.warehouse_id
"""
_PACKAGE = {
    "id": "n * 2 + package",
    "order_id": "n",
    "number": "package",
    "status": "'closed'",
    "opened_at": "handling_at",
    "closed_at": "invoiced_at",
    "courier": "CASE WHEN is_sent THEN courier ELSE '' END",
    "tracking_number": "CASE WHEN is_sent THEN 'BR' || lpad((n * 2 + package)::text, 11, '0') "
    "ELSE '' END",
    "dispatched_at": _SHIPPED,
    "delivered_at": _DELIVERED,
}
_ITEM = {
    "package_id": "n * 2 + package",
    "line_id": "n * 4 + index",
    "quantity": "quantity",
}
_MESSAGE = {
    "id": "n * 2 + package",
    "account_id": "%(account)s",
    "subject": "theirs",
    "kind": "'invoice'",
    "key": "'invoice/' || (n * 2 + package)",
    "method": "'POST'",
    "path": "'/api/oms/pvt/orders/' || theirs || '/invoice'",
    "body": '\'{"type": "Output", "invoiceValue": \' || cents || \'}\'',
    "status": "'delivered'",
    "attempts_made": "1",
    "due_at": "invoiced_at",
    "receipt": "upper(substr(md5((n * 2 + package)::text), 1, 16))",
    "created_at": "invoiced_at",
    "settled_at": "invoiced_at + interval '1 second'",
    "applied": "CASE WHEN n %% 1500 = 0 THEN 'missing' ELSE 'applied' END",
}
_ATTEMPT = {
    "message_id": "n * 2 + package",
    "at": "invoiced_at + interval '1 second'",
    "duration_ms": f"80 + {drawn(19, 300)}",
    "http_status": "200",
    "outcome": "'delivered'",
}
_INVOICE = {
    "id": "n * 2 + package",
    "account_id": "%(account)s",
    "order_id": "n",
    "package_id": "n * 2 + package",
    "kind": "'Output'",
    "number": "(n * 2 + package)::text",
    "value_cents": "cents",
    "issued_at": "invoiced_at",
    "message_id": "n * 2 + package",
}
_INVOICE_LINE = {
    "invoice_id": "n * 2 + package",
    "line_id": "n * 4 + index",
    "quantity": "quantity",
    "value_cents": "total_cents + CASE WHEN first THEN p.cents - sum ELSE 0 END",
}
_INVOICE_LINE_SOURCE = """
FROM (SELECT *, sum(total_cents) OVER parcel AS sum, row_number() OVER parcel = 1 AS first
        FROM drawn_lines WINDOW parcel AS (PARTITION BY n, package)) l
JOIN drawn_parcels p USING (n, package)
"""
_RETURN = {
    "id": "n",
    "order_id": "n",
    "number": "1",
    "key": "'returned'",
    "received_at": "delivered_at + interval '8 days'",
}
_RETURN_ITEM = {
    "arrival_id": "n",
    "line_id": "n * 4 + index",
    "quantity": "quantity",
    "scrap_reason": "'opened'",
}
_RETURNED_LINES = "FROM drawn_lines WHERE status = 'returned'"
_CREDIT = {
    "id": "%(credits)s + n",
    "account_id": "%(account)s",
    "order_id": "n",
    "kind": "'Input'",
    "number": "'C' || n",
    "value_cents": "(SELECT sum(p.cents) FROM drawn_parcels p WHERE p.n = drawn_sums.n)",
    "issued_at": "delivered_at + interval '8 days'",
}
_CREDIT_LINE = {
    "invoice_id": "%(credits)s + n",
    "line_id": "sold.line_id",
    "quantity": "sold.quantity",
    "value_cents": "sold.value_cents",
}
_CREDIT_LINE_SOURCE = """
FROM drawn_sums JOIN drawn_parcels USING (n)
JOIN invoicing_invoiceline sold ON sold.invoice_id = n * 2 + package
WHERE status = 'returned'
"""
#: Five entries for most orders.
_STORY = {
    "order_id": "n",
    "at": "at",
    "kind": "kind",
    "code": "code",
    "from_status": "''",
    "to_status": "to_status",
    "facts": "'{}'::jsonb",
}
_STORY_SOURCE = f"""
FROM drawn_sums CROSS JOIN LATERAL (VALUES
    (1, placed_at, 'inbound', 'placed', 'reserved'),
    (2, {_AUTHORIZED}, 'status', 'authorized', 'authorized'),
    (3, CASE WHEN n %% 3 = 0 THEN {_REACHED} END, 'status', 'handling-started', 'handling'),
    (4, {_INVOICED}, 'status', 'invoiced', 'invoiced'),
    (5, {_SHIPPED}, 'status', 'shipped', 'shipped'),
    (6, {_DELIVERED}, 'status', 'delivered', 'delivered'),
    (7, {_CANCELLED}, 'status', 'cancelled-by-marketplace', 'cancelled'),
    (8, CASE WHEN status = 'returned' THEN delivered_at + interval '8 days' END,
        'status', 'returned', 'returned')
) AS told (step, at, kind, code, to_status)
WHERE at IS NOT NULL
ORDER BY n, step
"""
