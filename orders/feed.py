"""Feed v3: the same events as the hook's, kept at the marketplace until we take them."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from orders import listening, nudging, shapes, watching
from orders.models import OrderEvent
from sellers.errors import DomainError, NotFound
from sellers.marketplace import subscribing
from sellers.marketplace.asking import Clock, Refused, Unanswered, ask
from sellers.models import SellerAccount

logger = logging.getLogger(__name__)

_READ = "/api/orders/feed?maxlot=10"
_COMMIT = "/api/orders/feed"


def read_feed(account: SellerAccount, *, clock: Clock, budget_seconds: float) -> int:
    """Take what waits in the account's feed, lot by lot; how many events were new.

    Each lot is stored first and taken off the feed afterwards: a run that dies between the two
    meets the lot again, and knows it. A feed that is gone is made anew.
    """
    ends, stored = time.monotonic() + budget_seconds, 0
    try:
        while time.monotonic() < ends and (lot := _lot(account, clock)):
            stored += _store(account, lot, now=clock())
            _take_off(account, lot, clock)
    except NotFound:
        watching.is_gone(account, subscribing.FEED, clock=clock)
    except Refused as refusal:
        watching.refused(account, subscribing.FEED, refusal, now=clock())
    except Unanswered as silence:
        logger.info("The feed of account %s is silent: %s", account.pk, silence)
    if stored:
        nudging.nudge()
    return stored


def _lot(account: SellerAccount, clock: Clock) -> list[Any]:
    rows = ask(account=account, method="GET", path=_READ, clock=clock)
    if isinstance(rows, list):
        return rows
    logger.warning("The feed of account %s answers what is no list of events.", account.pk)
    return []


@transaction.atomic
def _store(account: SellerAccount, lot: list[Any], *, now: datetime) -> int:
    return sum(_store_row(account, _storable(row), now=now) for row in lot)


def _store_row(account: SellerAccount, row: Any, *, now: datetime) -> bool:
    feed = OrderEvent.Source.FEED
    kept = (
        {k: v for k, v in row.items() if k != "handle"} if isinstance(row, dict) else {"row": row}
    )
    try:
        valid: Mapping[str, Any] = shapes.EVENT.read(row)
    except DomainError:
        listening.store_unreadable(account=account, source=feed, document=kept, now=now)
        return True
    return listening.store_event(
        account=account,
        marketplace_order_id=valid["order_id"],
        state=valid.get("state") or "",
        last_change=valid.get("last_change") or "",
        current_change=valid.get("current_change") or "",
        source=feed,
        document=kept,
        now=now,
    )


def _storable(value: Any) -> Any:
    """Without the one character that PostgreSQL can't keep."""
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, dict):
        return {key.replace("\0", ""): _storable(each) for key, each in value.items()}
    return [_storable(each) for each in value] if isinstance(value, list) else value


def _take_off(account: SellerAccount, lot: list[Any], clock: Clock) -> None:
    """Relevant to us or not: what stays would come again, and after days be lost."""
    handles = [row["handle"] for row in lot if isinstance(row, dict) and row.get("handle")]
    if handles:
        payload = {"handles": handles}
        ask(account=account, method="POST", path=_COMMIT, clock=clock, payload=payload)
