"""What the marketplace tells about orders, through its hook or feed: kept first, acted on later."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from orders import wire
from orders.models import OrderEvent
from orders.moments import canonical
from sellers import prepared
from sellers.credentials import same_secret
from sellers.errors import Unauthenticated
from sellers.models import SellerAccount


def check_origin(
    account: SellerAccount, *, origin: Mapping[str, Any] | None, headers: Mapping[str, str]
) -> None:
    """The event must come from the account's own configuration. Raises Unauthenticated.

    Our app key made the configuration, so VTEX names it; the custom header is the shared secret.
    """
    given = origin or {}
    right = same_secret(str(given.get("account") or ""), account.marketplace_account)
    if account.app_key:
        right &= same_secret(str(given.get("key") or ""), account.app_key)
    if not right:
        raise Unauthenticated("unauthorised", "The event does not come from this seller's hook.")
    check_header(account, headers=headers)


def check_header(account: SellerAccount, *, headers: Mapping[str, str]) -> None:
    """The header configured with the hook, when one is. Raises Unauthenticated."""
    if account.hook_header_name and not same_secret(
        headers.get(account.hook_header_name, ""), account.hook_header_value
    ):
        raise Unauthenticated("unauthorised", "The hook's own header is missing or wrong.")


def store_event(
    *,
    account: SellerAccount,
    marketplace_order_id: str,
    state: str,
    last_change: str,
    current_change: str = "",
    source: OrderEvent.Source,
    document: Mapping[str, Any],
    now: datetime,
) -> bool:
    """Keep a notice, once per order, state and change, however it came; whether it was new.

    Moments are brought into one form, as hook and feed write the same one differently; what can't
    be read as a moment is kept as it is. What is too long for its column is whole in the document.
    """
    row = {
        "account_id": account.pk,
        "marketplace_order_id": marketplace_order_id,
        "state": state[:LONGEST_STATE],
        "last_change": (canonical(last_change) or last_change)[:LONGEST_MOMENT],
        "current_change": canonical(current_change),
        "source": source,
        "document": orjson.Fragment(wire.dump(document)),
        "received_at": now,
    }
    return bool(prepared.insert({OrderEvent: [row]}, ending=_ONCE))


LONGEST_STATE, LONGEST_MOMENT = 60, 40
_ONCE = (
    " ON CONFLICT (account_id, marketplace_order_id, state, last_change) DO NOTHING RETURNING id"
)


def store_unreadable(
    *, account: SellerAccount, source: OrderEvent.Source, document: Mapping[str, Any], now: datetime
) -> None:
    """Keep what is no event, once, for staff to look at."""
    digest = hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
    OrderEvent.objects.get_or_create(
        account=account,
        marketplace_order_id="",
        state="",
        last_change=digest[:40],
        defaults={
            "source": source,
            "document": document,
            "received_at": now,
            "processed_at": now,
            "flagged_at": now,
            "outcome": OrderEvent.Outcome.UNREADABLE,
        },
    )


def seen(event: OrderEvent) -> None:
    """Somebody has looked at it."""
    OrderEvent.objects.filter(pk=event.pk).update(flagged_at=None)
