"""Which call says what about an order, in the dialect the account speaks with its marketplace.

The order system takes POST, PATCH and PUT below its own path; an order's services endpoint takes
POST alone. The words, and what they mean, are the same.
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote

from sellers.marketplace.models import OutboxMessage
from sellers.models.accounts import SellerAccount

Kind = OutboxMessage.Kind

_ORDER_SYSTEM = "/api/oms"
_TAILS: dict[str, str] = {
    Kind.START_HANDLING: "/start-handling",
    Kind.INVOICE: "/invoice",
    Kind.TRACKING: "/invoice/{number}",
    Kind.TRACKING_EVENTS: "/invoice/{number}/tracking",
    Kind.CANCEL: "/cancel",
    Kind.CANCEL_RETURNED: "/cancel",
}
#: Services endpoints know no such call.
_ORDER_SYSTEM_ONLY = frozenset({Kind.START_HANDLING})
#: Everything else is a POST in both.
_ORDER_SYSTEM_METHODS: dict[str, str] = {Kind.TRACKING: "PATCH", Kind.TRACKING_EVENTS: "PUT"}


class Call(NamedTuple):
    """`path` is below `base_url`, which is empty for the account's own marketplace address."""

    method: str
    path: str
    base_url: str = ""


def call(
    kind: OutboxMessage.Kind,
    *,
    account: SellerAccount,
    marketplace_order_id: str,
    services_endpoint: str,
    invoice_number: str = "",
) -> Call:
    """The call that says `kind` of an order; the marketplace knows it by `marketplace_order_id`.

    An order that came without a services endpoint is answered at the order system, and so is what
    services endpoints don't take.
    """
    tail = _TAILS[kind].format(number=quote(invoice_number, safe=""))
    path = f"/pvt/orders/{quote(marketplace_order_id, safe='')}{tail}"
    at_services = account.dialect == SellerAccount.Dialect.SERVICES and services_endpoint
    if at_services and kind not in _ORDER_SYSTEM_ONLY:
        return Call("POST", path, services_endpoint)
    return Call(_ORDER_SYSTEM_METHODS.get(kind, "POST"), f"{_ORDER_SYSTEM}{path}")
