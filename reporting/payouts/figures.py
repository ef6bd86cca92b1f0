"""What an order is to bring and what keeps the marketplace from paying it, in SQL, said once.

Expressions are over `o` (orders_order) and the parts of `reporting.figures`; docs/reports.md says
them in words.
"""

from __future__ import annotations

from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from orders.states import OPEN, Status
from reporting.figures import DUE, RETURNED


class Blocker(StrEnum):
    """What is first in the way of the payout, in the order in which it is told and mended.

    `PAID`: a settlement file speaks of the order, so nothing is in the way any more.
    """

    PAID = "paid"
    RETURN = "return"
    INVOICE = "invoice"
    UNSENT = "unsent"
    TRACKING = "tracking"
    DELIVERY = "delivery"
    NONE = "none"


BLOCKERS: dict[str, Promise] = {
    Blocker.PAID: pgettext_lazy("payout", "paid already"),
    Blocker.RETURN: pgettext_lazy("payout", "open return"),
    Blocker.INVOICE: pgettext_lazy("payout", "no invoice"),
    Blocker.UNSENT: pgettext_lazy("payout", "invoice not at the marketplace"),
    Blocker.TRACKING: pgettext_lazy("payout", "no tracking"),
    Blocker.DELIVERY: pgettext_lazy("payout", "not delivered"),
    Blocker.NONE: pgettext_lazy("payout", "nothing in the way"),
}
REMEDIES: dict[str, Promise | str] = {
    Blocker.PAID: "",
    Blocker.RETURN: pgettext_lazy("payout", "Issue the return invoice."),
    Blocker.INVOICE: pgettext_lazy("payout", "Pack and invoice it."),
    Blocker.UNSENT: pgettext_lazy("payout", "See why the message did not get through."),
    Blocker.TRACKING: pgettext_lazy("payout", "Enter the tracking number."),
    Blocker.DELIVERY: pgettext_lazy("payout", "Ask the carrier; enter the delivery."),
    Blocker.NONE: pgettext_lazy("payout", "Wait for the marketplace's payment."),
}


def _listed(*codes: str) -> str:
    return ", ".join(f"'{code}'" for code in codes)


_GONE = _listed(Status.INVOICED, Status.SHIPPED)
_OPEN_RETURN = """EXISTS (SELECT FROM invoicing_return t
    WHERE t.order_id = o.id AND t.invoice_id IS NULL AND t.undone_at IS NULL)"""
HAS_ROWS = "EXISTS (SELECT FROM reporting_settlementrow s WHERE s.order_id = o.id)"
#: What holds, each alone. A return that waits for its invoice makes the expected amount uncertain.
CONDITIONS: dict[str, str] = {
    Blocker.PAID: HAS_ROWS,
    Blocker.RETURN: _OPEN_RETURN,
    Blocker.INVOICE: f"o.status IN ({_listed(*OPEN)})",
    Blocker.UNSENT: """EXISTS (SELECT FROM invoicing_invoice i
        LEFT JOIN sellers_outboxmessage m ON m.id = i.message_id
        WHERE i.order_id = o.id AND i.kind = 'Output' AND i.voided_at IS NULL
        AND m.status IS DISTINCT FROM 'delivered')""",
    Blocker.TRACKING: f"""o.status IN ({_GONE}) AND EXISTS (SELECT FROM invoicing_package p
        WHERE p.order_id = o.id AND p.status = 'closed' AND p.tracking_number = ''
        AND p.delivered_at IS NULL)""",
    Blocker.DELIVERY: f"o.status IN ({_GONE})",
}
#: The first that holds.
BLOCKER = (
    "CASE "
    + " ".join(f"WHEN {sql} THEN '{code}'" for code, sql in CONDITIONS.items())
    + f" ELSE '{Blocker.NONE}' END"
)


def first_is(code: str) -> str:
    """The same as a condition, so that the database finds the rows by what it says."""
    before: list[str] = []
    for each, sql in CONDITIONS.items():
        if each == code:
            return " AND ".join([f"({sql})", *before])
        before.append(f"NOT ({sql})")
    return " AND ".join(before)


#: Not what keeps money back.
FREE = (Blocker.PAID, Blocker.NONE)
#: Something is to be paid for these; of returned ones, only while a return waits for its invoice.
#: And whatever a settlement file speaks of.
IS_LIVE = (
    f"(o.status IN ({_listed(*OPEN, Status.INVOICED, Status.SHIPPED, Status.DELIVERED)})"
    f" OR o.status = '{Status.RETURNED}' AND {_OPEN_RETURN} OR {HAS_ROWS})"
)

#: What the marketplace pays for, after return invoices.
KEPT = f"({DUE} - {RETURNED})"
#: Of goods and freight, as placed; they fall with what comes back. Zero when none were named.
COMMISSIONS = f"""
    COALESCE(round((COALESCE(lines.commission, 0) + COALESCE(lines.freight_commission, 0))
                   * {KEPT} / NULLIF(o.payment_value_cents, 0)), 0)::bigint
"""
EXPECTED = f"({KEPT} - {COMMISSIONS})"
AT_RISK = f"(CASE WHEN ({BLOCKER}) IN ({_listed(*FREE)}) THEN 0 ELSE {EXPECTED} END)"
