"""What an order's figures mean, in SQL, said once: reports, files, the kept differences use these.

Expressions are over `o` (orders_order) and the parts below; docs/reports.md says them in words.
A percent sign is written twice.
"""

from __future__ import annotations

from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from orders.states import OPEN, Status
from reporting.declarations import Part


class Cause(StrEnum):
    """Why what the marketplace pays and what is invoiced differ. The codes are stored."""

    NONE = ""
    OPEN = "open"
    RETURNED = "returned"
    ROWS = "rows"
    CANCELLED = "cancelled"
    FREIGHT = "freight"
    DISCOUNT = "discount"
    QUANTITY = "quantity"
    ROUNDING = "rounding"
    PRICE = "price"


CAUSES: dict[str, Promise] = {
    Cause.OPEN: pgettext_lazy("difference", "not invoiced yet"),
    Cause.RETURNED: pgettext_lazy("difference", "returned"),
    Cause.ROWS: pgettext_lazy("difference", "the rows do not add up"),
    Cause.CANCELLED: pgettext_lazy("difference", "invoiced, but not to be paid"),
    Cause.FREIGHT: pgettext_lazy("difference", "freight left out"),
    Cause.DISCOUNT: pgettext_lazy("difference", "discount left out"),
    Cause.QUANTITY: pgettext_lazy("difference", "units without invoice"),
    Cause.ROUNDING: pgettext_lazy("difference", "rounding"),
    Cause.PRICE: pgettext_lazy("difference", "another value"),
}
#: These mend themselves, or are as they should be; the others are for a person.
SELF_EXPLAINED = (Cause.NONE, Cause.OPEN, Cause.RETURNED)
TO_MEND = tuple(cause for cause in Cause if cause not in SELF_EXPLAINED)


def _listed(statuses: tuple[Status, ...]) -> str:
    return ", ".join(f"'{status}'" for status in statuses)


#: Nothing is paid for these.
UNPAID = (Status.RESERVED, Status.EXPIRED, Status.CANCELLED)
IS_UNPAID = f"o.status IN ({_listed(UNPAID)})"
IS_OPEN = f"o.status IN ({_listed(OPEN)})"

# --- parts: what belongs to an order, one row for each ------------------------------------------

LINES = Part(
    "lines",
    """
    count(*) FILTER (WHERE l.quantity > 0) AS lines,
    sum(l.quantity) AS units,
    string_agg(DISTINCT NULLIF(l.seller, ''), ' | ') AS sellers,
    string_agg(DISTINCT NULLIF(l.policy_ref, ''), ' | ') AS slas,
    sum(round((l.items_cents - l.discount_cents) * l.commission / 100)) AS commission,
    sum(round(l.freight_cents * l.freight_commission / 100)) AS freight_commission
    """,
    source="orders_orderline l",
    of="l.order_id",
)
_SALE, _BACK = (
    "i.voided_at IS NULL AND i.kind = 'Output'",
    "i.voided_at IS NULL AND i.kind = 'Input'",
)
#: Voided invoices never were. Those of the sale come with what became of them, in the order in
#: which they were issued.
INVOICES = Part(
    "invoices",
    f"""
    sum(i.value_cents) FILTER (WHERE {_SALE}) AS invoiced,
    sum(i.value_cents) FILTER (WHERE {_BACK}) AS returned,
    string_agg(i.number, ' | ' ORDER BY i.id) FILTER (WHERE {_SALE}) AS numbers,
    string_agg((i.value_cents::numeric / 100)::numeric(20, 2)::text, ' | ' ORDER BY i.id)
        FILTER (WHERE {_SALE}) AS amounts,
    string_agg(COALESCE(NULLIF(i.key, ''), '–'), ' | ' ORDER BY i.id) FILTER (WHERE {_SALE})
        AS keys,
    string_agg(COALESCE(NULLIF(m.receipt, ''), '–'), ' | ' ORDER BY i.id) FILTER (WHERE {_SALE})
        AS receipts,
    string_agg(i.number || CASE WHEN m.applied = 'applied' THEN ' ✓✓'
                                WHEN m.status = 'delivered' THEN ' ✓'
                                ELSE ' …' END, '  ' ORDER BY i.id) FILTER (WHERE {_SALE})
        AS ticked,
    count(*) FILTER (WHERE {_SALE} AND m.status = 'delivered') AS received,
    count(*) FILTER (WHERE {_SALE} AND m.applied = 'applied') AS seen,
    string_agg(i.number, ' | ' ORDER BY i.id) FILTER (WHERE {_BACK}) AS return_numbers
    """,
    source="invoicing_invoice i LEFT JOIN sellers_outboxmessage m ON m.id = i.message_id",
    of="i.order_id",
)
INVOICED_UNITS = Part(
    "invoiced_units",
    "sum(n.quantity) AS units, count(*) AS rows",
    source=f"invoicing_invoice i JOIN invoicing_invoiceline n ON n.invoice_id = i.id AND {_SALE}",
    of="i.order_id",
)
PACKAGES = Part(
    "packages",
    """
    count(*) AS packages,
    string_agg(DISTINCT NULLIF(p.courier, ''), ' | ') AS carriers,
    string_agg(NULLIF(p.tracking_number, ''), ' | ' ORDER BY p.number) AS tracking
    """,
    source="invoicing_package p",
    of="p.order_id",
)
#: Where the units are taken from; what was given back does not count.
WAREHOUSES = Part(
    "warehouses",
    "string_agg(DISTINCT w.name, ' | ') AS names",
    source="""
    orders_order held
    JOIN sellers_hold h ON h.seller_order_id = held.seller_order_id AND h.state <> 'released'
    JOIN sellers_stocklevel v ON v.id = h.level_id
    JOIN sellers_warehouse w ON w.id = v.warehouse_id
    """,
    of="held.id",
)
#: Kept by the database itself (reporting.keeping): a row for each order whose cause is TO_MEND.
KEPT = Part(
    "kept",
    "min(d.cents) AS cents, min(d.cause) AS cause",
    source="reporting_difference d",
    of="d.order_id",
)

# --- figures: cents, and what explains them -----------------------------------------------------

#: What the order's rows are worth together.
ROWS = "(o.items_cents - o.discounts_cents + o.services_cents + o.freight_cents)"
#: What the marketplace is to pay for the order as it stands.
DUE = f"(CASE WHEN {IS_UNPAID} THEN 0 ELSE o.payment_value_cents END)"
INVOICED = "COALESCE(invoices.invoiced, 0)::bigint"
RETURNED = "COALESCE(invoices.returned, 0)::bigint"
DIFFERENCE = f"({DUE} - {INVOICED} + {RETURNED})"
#: What no return explains.
_SHORT = f"({DUE} - {INVOICED})"
#: What the marketplace pays beyond its own rows; not zero when it did not add up as placed.
OFF = f"(o.payment_value_cents - {ROWS})"
_UNITS, _SOLD = "COALESCE(lines.units, 0)", "COALESCE(invoiced_units.units, 0)"

#: In this order; the first that holds is the cause. Needs `invoices`, `lines`, `invoiced_units`.
CAUSE = f"""
    CASE
    WHEN {IS_UNPAID} AND {DIFFERENCE} = 0 THEN '{Cause.NONE}'
    WHEN {IS_UNPAID} THEN '{Cause.CANCELLED}'
    WHEN {OFF} <> 0 THEN '{Cause.ROWS}'
    WHEN {_SHORT} = 0 AND {RETURNED} = 0 THEN '{Cause.NONE}'
    WHEN {_SHORT} = 0 THEN '{Cause.RETURNED}'
    WHEN {IS_OPEN} AND {_SOLD} < {_UNITS} THEN '{Cause.OPEN}'
    WHEN {_SHORT} = o.freight_cents THEN '{Cause.FREIGHT}'
    WHEN {_SHORT} = -o.discounts_cents THEN '{Cause.DISCOUNT}'
    WHEN {_SOLD} <> {_UNITS} THEN '{Cause.QUANTITY}'
    WHEN abs({_SHORT}) <= invoiced_units.rows THEN '{Cause.ROUNDING}'
    ELSE '{Cause.PRICE}'
    END
"""
#: The amount that a person is to look at; zero when the cause is self-explained.
UNEXPLAINED = f"""
    CASE
    WHEN {IS_UNPAID} THEN {DIFFERENCE}
    WHEN {OFF} <> 0 THEN {OFF}
    ELSE {_SHORT}
    END
"""
#: For who has the kept difference beside the row: what is not kept explains itself.
SHOWN_CAUSE = f"""
    CASE WHEN kept.cause IS NOT NULL THEN kept.cause
         WHEN {DIFFERENCE} = 0 THEN '{Cause.NONE}'
         WHEN {_SHORT} = 0 THEN '{Cause.RETURNED}'
         ELSE '{Cause.OPEN}'
    END
"""
