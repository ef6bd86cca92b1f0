"""Compares open orders with the marketplace: whatever hook and feed left out is noticed here.

What differs becomes an event like any other, and takes its effect the same way.
"""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db.models import F, Q, QuerySet

from orders import listening, nudging
from orders.models import Order, OrderEvent
from orders.moments import canonical, written
from orders.states import WATCHED
from sellers.errors import NotFound
from sellers.marketplace import breaker
from sellers.marketplace.asking import Clock, Refused, Unanswered, read_order
from sellers.models import SellerAccount

logger = logging.getLogger(__name__)

#: “Compared” so long ago that it is due now.
_AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)
_BATCH = 50


def compare_all(account: SellerAccount) -> int:
    """Have every open order of the account compared as soon as can be; how many there are."""
    open_orders = Order.objects.filter(account=account, status__in=WATCHED)
    return open_orders.update(marketplace_checked_at=_AT_ONCE)


def sweep(*, clock: Clock, budget_seconds: float) -> int:
    """Compare what is due, the longest ago first, at the accounts' own pace; how many differed.

    An order counts as compared once its answer is in, so a killed run loses nothing.
    """
    ends, differed, silent = time.monotonic() + budget_seconds, 0, set[int]()
    while time.monotonic() < ends:
        orders = list(_due(clock()).exclude(account__in=silent)[:_BATCH])
        if not orders:
            break
        for order in orders:
            if time.monotonic() < ends and order.account_id not in silent:
                differed += _compare(order, silent, clock)
    if differed:
        nudging.nudge()
    return differed


def _due(now: datetime) -> QuerySet[Order]:
    """Orders nothing was asked about for a while; one just placed has its events still to come."""
    before = now - timedelta(hours=settings.ORDER_COMPARE_HOURS)
    long_ago = Q(marketplace_checked_at__lt=before)
    never = Q(marketplace_checked_at__isnull=True, placed_at__lt=before)
    return (
        Order.objects.filter(long_ago | never, status__in=WATCHED, account__is_active=True)
        .exclude(account__app_key="")
        .exclude(account__in=breaker.resting(now=now))
        .select_related("account")
        .order_by(F("marketplace_checked_at").asc(nulls_first=True))
    )


def _compare(order: Order, silent: set[int], clock: Clock) -> bool:
    """Whether the marketplace said something new. An account without answers joins `silent`."""
    asked_at = clock()
    try:
        document = read_order(
            account=order.account, marketplace_order_id=order.marketplace_order_id, clock=clock
        )
    except NotFound:
        document = None
    except (Refused, Unanswered) as reason:
        silent.add(order.account_id)
        logger.warning("Orders of account %s can't be compared: %s", order.account_id, reason)
        return False
    is_new = _tell(order, document, asked_at) if isinstance(document, dict) else False
    Order.objects.filter(pk=order.pk).update(marketplace_checked_at=asked_at)
    return is_new


def _tell(order: Order, document: dict[str, object], asked_at: datetime) -> bool:
    """The status as an event, when it is another than we noted: only that, nothing of a person."""
    state = str(document.get("status") or "")[:60].replace("\0", "")
    if state in ("", order.marketplace_status):
        return False
    changed = canonical(str(document.get("lastChange") or "")) or written(asked_at)
    return listening.store_event(
        account=order.account,
        marketplace_order_id=order.marketplace_order_id,
        state=state,
        last_change=changed,
        current_change=changed,
        source=OrderEvent.Source.SWEEP,
        document={"OrderId": order.marketplace_order_id, "State": state, "LastChange": changed},
        now=asked_at,
    )
