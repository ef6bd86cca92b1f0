"""What the marketplace tells about orders, through its hook or feed: kept first, acted on later."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from orders.models import Order, OrderEvent
from sellers.credentials import same_secret
from sellers.errors import Unauthenticated
from sellers.models import SellerAccount

_BATCH = 200


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
    source: str,
    document: Mapping[str, Any],
    now: datetime,
) -> bool:
    """Keep a notice, once per order, state and change; whether it was new."""
    _event, is_new = OrderEvent.objects.get_or_create(
        account=account,
        marketplace_order_id=marketplace_order_id,
        state=state,
        last_change=last_change,
        defaults={"source": source, "document": document, "received_at": now},
    )
    return is_new


def process_waiting(*, now: datetime) -> int:
    """Act on stored events, oldest first; returns how many were settled."""
    waiting = OrderEvent.objects.filter(processed_at__isnull=True).order_by("id")
    ids = list(waiting.values_list("pk", flat=True)[:_BATCH])
    return sum(_process(event_id, now=now) for event_id in ids)


@transaction.atomic
def _process(event_id: int, *, now: datetime) -> bool:
    """One event; another worker that has it keeps it."""
    event = (
        OrderEvent.objects.select_for_update(skip_locked=True)
        .filter(pk=event_id, processed_at__isnull=True)
        .first()
    )
    if event is None:
        return False
    event.outcome = _act(event)
    event.processed_at = now
    event.save(update_fields=["outcome", "processed_at"])
    return True


def _act(event: OrderEvent) -> str:
    """Note the status at the marketplace. Ours follows from calls and people, never from here."""
    order = Order.objects.filter(
        account_id=event.account_id, marketplace_order_id=event.marketplace_order_id
    ).first()
    if order is None:
        return "unknown-order"
    newer = OrderEvent.objects.filter(
        account_id=event.account_id,
        marketplace_order_id=event.marketplace_order_id,
        last_change__gt=event.last_change,
        processed_at__isnull=False,
    )
    if newer.exists():
        return "out-of-date"
    Order.objects.filter(pk=order.pk).update(marketplace_status=event.state)
    return "noted"
