"""The account a rehearsal is played with: a copy of the seller's, with stock of its own.

Nothing of the seller's is touched: the copy has its own endpoint, credentials, SKUs, shelves and
invoice numbers, and its marketplace is the stand-in. Between rehearsals it is inactive.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from orders import deciding
from orders.models import Order
from orders.states import OPEN, Status
from sellers.errors import DomainError
from sellers.marketplace import breaker
from sellers.models import OutboxMessage, SellerAccount, Sku
from sellers.seller_file.exporting import export_seller
from sellers.seller_file.importing import import_seller

PREFIX = "rehearsal-"
#: In place of the name of the VTEX account.
MARKETPLACE = "rehearsal"
MOST_SKUS = 20
UNITS = 1000
#: What makes the copy another account. Every other setting is the seller's.
_ITS_OWN = {
    *("id", "slug", "name", "seller_id", "marketplace_account", "marketplace_url"),
    *("app_key", "app_token", "inbound_app_key", "inbound_app_token", "endpoint_key"),
    *("old_endpoint_key", "old_endpoint_key_until", "hook_header_name", "hook_header_value"),
    *("has_hook", "reads_feed", "tariff_revision", "is_active", "created_at"),
}


def understudy_of(seller: SellerAccount, *, stand_in_url: str, now: datetime) -> SellerAccount:
    """The seller's copy, made or brought up to date, with fresh credentials and full shelves.

    Raises DomainError when the seller has nothing to sell, SellerFileError when the stored seller
    does not make a sound seller file.
    """
    refs = _refs(seller)
    if not refs:
        raise DomainError("nothing-to-sell", "The account has no active SKU with a price.")
    copy = import_seller(_document(seller, refs, stand_in_url), now=now).account
    settings = {f.attname: getattr(seller, f.attname) for f in _settings()} | {"is_active": True}
    SellerAccount.objects.filter(pk=copy.pk).update(**settings)
    copy.refresh_from_db()
    _forget_earlier(copy, now=now)
    return copy


def retire(copy: SellerAccount) -> None:
    """Nobody can place orders with it until the next rehearsal."""
    SellerAccount.objects.filter(pk=copy.pk).update(is_active=False)


def take_turn(seller: SellerAccount) -> bool:
    """False when a rehearsal of this seller is under way; the turn ends with the connection."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [f"rehearsal/{seller.slug}"]
        )
        taken: bool = cursor.fetchone()[0]
    return taken


def end_turn(seller: SellerAccount) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [f"rehearsal/{seller.slug}"]
        )


def _settings() -> Iterator[Any]:
    return (f for f in SellerAccount._meta.concrete_fields if f.attname not in _ITS_OWN)


def _refs(seller: SellerAccount) -> list[str]:
    """A few SKUs: those on the shelves first."""
    sellable = Sku.objects.filter(account=seller, is_active=True, price_cents__gt=0)
    stocked = sellable.filter(levels__on_hand__gt=0).distinct()
    refs = list(stocked.order_by("ref").values_list("ref", flat=True)[:MOST_SKUS])
    return refs or list(sellable.order_by("ref").values_list("ref", flat=True)[:MOST_SKUS])


def _document(seller: SellerAccount, refs: list[str], stand_in_url: str) -> dict[str, Any]:
    document = export_seller(seller, refs=refs)
    document["account"] |= {
        "slug": PREFIX + seller.slug,
        "name": f"{seller.name} (rehearsal)"[:200],
        "seller_id": seller.slug,
        "marketplace_account": MARKETPLACE,
        "marketplace_url": stand_in_url,
        "app_key": f"vtexappkey-rehearsal-{secrets.token_hex(3)}",
        "app_token": secrets.token_urlsafe(32),
        "inbound_app_key": f"vtexappkey-rehearsal-{secrets.token_hex(3)}",
        "inbound_app_token": secrets.token_urlsafe(32),
        "hook_header_name": "X-Rehearsal",
        "hook_header_value": secrets.token_urlsafe(24),
    }
    document["stock"] = [
        {"sku": ref, "warehouse": warehouse["code"], "on_hand": UNITS, "safety": 0}
        for ref in refs
        for warehouse in document["warehouses"]
    ]
    return document


@transaction.atomic
def _forget_earlier(copy: SellerAccount, *, now: datetime) -> None:
    """What a broken-off rehearsal left: orders, messages, what was learnt of its stand-in.

    In one transaction: no worker sees the messages that cancelling writes before they are void.
    """
    left = Order.objects.filter(account=copy, status__in=(Status.RESERVED, *OPEN))
    for order in left:
        try:
            deciding.cancel_by_seller(
                order=order, reason="An earlier rehearsal was broken off.", now=now, actor=None
            )
        except DomainError:
            continue  # partly invoiced: it stays, as it would with a real marketplace
    OutboxMessage.objects.filter(account=copy, status__in=OutboxMessage.BLOCKING).update(
        status=OutboxMessage.Status.SUPERSEDED, settled_at=now
    )
    OutboxMessage.objects.filter(account=copy, applied=OutboxMessage.Applied.WAITING).update(
        applied=OutboxMessage.Applied.UNWATCHED, look_at=None
    )
    breaker.forget(account_id=copy.pk)
