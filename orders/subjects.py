"""The orders of one person, found by what they can tell of themselves; and all we hold of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from orders.models import Order

# Any text anywhere in what was sent: VTEX puts documents and e-mails in several places. Keys and
# case may vary, so all is compared in lower case. It reads every row: for a request a month.
_HOLDS = """
EXISTS (
    SELECT FROM (VALUES (personal.document), (personal.payment), (personal.cancellation))
             AS sent (body)
     WHERE jsonb_path_exists(
               lower(sent.body::text)::jsonb,
               'strict $.** ? (@ == $wanted[*])',
               jsonb_build_object('wanted', %s::jsonb)
           )
)
"""
_MATCHES = f"""
SELECT personal.order_id FROM orders_personaldata personal
 WHERE personal.erased_at IS NULL AND {_HOLDS}
"""  # noqa: S608 (constants)


def orders_of_email(email: str) -> QuerySet[Order]:
    """Orders of all accounts that hold exactly this address, in whatever case.

    VTEX gives sellers an alias instead of the shopper's own address: orders are found by the one
    that was sent to us.
    """
    return _holding([email.strip().lower()])


def orders_of_document(document: str) -> QuerySet[Order]:
    """Orders of all accounts that hold exactly this CPF or CNPJ, with or without punctuation."""
    bare = re.sub(r"[\s./-]", "", document).lower()
    return _holding([document.strip().lower(), bare, _punctuated(bare)])


def _punctuated(bare: str) -> str:
    if len(bare) == 11:
        return f"{bare[:3]}.{bare[3:6]}.{bare[6:9]}-{bare[9:]}"
    if len(bare) == 14:
        return f"{bare[:2]}.{bare[2:5]}.{bare[5:8]}/{bare[8:12]}-{bare[12:]}"
    return bare


def _holding(texts: list[str]) -> QuerySet[Order]:
    found = RawSQL(_MATCHES, [json.dumps(texts)])  # noqa: S611 (texts are parameters)
    return Order.objects.filter(pk__in=found).select_related("account").order_by("pk")


def orders_named(order_id: str) -> QuerySet[Order]:
    """Orders of all accounts with this id, ours or the marketplace's."""
    ours = Order.objects.filter(seller_order_id=order_id)
    theirs = Order.objects.filter(marketplace_order_id=order_id)
    return (ours | theirs).select_related("account").order_by("pk")


def exported(orders: QuerySet[Order]) -> Iterator[dict[str, Any]]:
    """Everything we hold about the person of each order, as they sent it."""
    for order in orders.select_related("account", "personal").iterator(chunk_size=200):
        personal = getattr(order, "personal", None)
        yield {
            "seller": order.account.name,
            "orderId": order.seller_order_id,
            "marketplaceOrderId": order.marketplace_order_id,
            "status": order.status,
            "placedAt": order.placed_at,
            "shippedTo": {
                "country": order.ship_country,
                "state": order.ship_state,
                "city": order.ship_city,
                "postalCode": order.ship_postal_code,
            },
            "receiver": personal.receiver if personal else "",
            "placed": personal.document if personal else None,
            "payment": personal.payment if personal else None,
            "cancellation": personal.cancellation if personal else None,
            "cancellationReason": order.cancel_reason,
            "changes": [change.document for change in order.changes.order_by("pk")],
            "erasedAt": personal.erased_at if personal else None,
        }
