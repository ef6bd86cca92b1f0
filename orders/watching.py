"""Notices that the marketplace dropped our hook or feed (it does after days of silence), and that
it refuses us; makes them anew, compares what may have been missed, and tells a manager."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction

from orders import sweeping
from orders.models import OrderEvent
from orders.moments import written
from sellers.errors import DomainError
from sellers.marketplace import subscribing
from sellers.marketplace.asking import Clock, Refused, Unanswered
from sellers.models import SellerAccount

logger = logging.getLogger(__name__)
Outcome = OrderEvent.Outcome


def watch_hook(account: SellerAccount, *, clock: Clock) -> None:
    """Make the hook anew when it is gone; register it again when our address has changed."""
    try:
        config = subscribing.configuration(subscribing.HOOK, account=account, clock=clock)
    except Refused as refusal:
        refused(account, subscribing.HOOK, refusal, now=clock())
    except Unanswered as silence:
        logger.info("The hook of account %s can't be looked at: %s", account.pk, silence)
    else:
        if config is None:
            is_gone(account, subscribing.HOOK, clock=clock)
        else:
            _keep_up_to_date(account, config, clock)


def _keep_up_to_date(account: SellerAccount, config: dict[str, object], clock: Clock) -> None:
    """The endpoint key may have been replaced; the former address answers for a while yet."""
    try:
        if _url_of(config) != subscribing.hook_url(account):
            subscribing.create_hook(account=account, clock=clock)
    except DomainError as refusal:
        logger.warning("The hook of account %s keeps its old address: %s", account.pk, refusal)


def _url_of(config: dict[str, object]) -> object:
    hook = config.get("hook")
    return hook.get("url") if isinstance(hook, dict) else None


def is_gone(account: SellerAccount, way: str, *, clock: Clock) -> None:
    """The marketplace has no hook (or feed) of ours any more."""
    what = f"{way}-dropped"
    if not _is_open(account, what, Outcome.NOT_MADE):
        # Before as well as after: orders are compared even if we die between. Not again with every
        # vain attempt, as that would have all of them read every minute.
        sweeping.compare_all(account)
    make = subscribing.create_hook if way == subscribing.HOOK else subscribing.create_feed
    try:
        make(account=account, clock=clock)
    except Unanswered as silence:
        logger.warning("The %s of account %s can't be made anew yet: %s", way, account.pk, silence)
        return
    except DomainError as refusal:
        facts = {"code": refusal.code, "message": refusal.message}
        _tell(account, what, Outcome.NOT_MADE, facts, now=clock())
        return
    with transaction.atomic():
        compared = sweeping.compare_all(account)
        facts = {"orders_to_compare": str(compared)}
        _tell(account, what, Outcome.MADE_ANEW, facts, now=clock())


def refused(account: SellerAccount, way: str, refusal: Refused, *, now: datetime) -> None:
    """Our key may not read the hook or feed: said once, until somebody has seen it."""
    _tell(account, f"{way}-refused", Outcome.REFUSED, {"message": refusal.message}, now=now)


def _tell(
    account: SellerAccount, what: str, outcome: Outcome, facts: dict[str, str], *, now: datetime
) -> None:
    logger.error("Account %s, %s: %s.", account.pk, what, outcome.value)
    if outcome != Outcome.MADE_ANEW and _is_open(account, what, outcome):
        return
    OrderEvent.objects.create(
        account=account,
        state=what,
        last_change=written(now),
        source=OrderEvent.Source.WATCH,
        document=facts,
        received_at=now,
        processed_at=now,
        flagged_at=now,
        outcome=outcome,
    )


def _is_open(account: SellerAccount, what: str, outcome: Outcome) -> bool:
    """Whether this stands before staff already, unseen."""
    return OrderEvent.objects.filter(
        account=account, state=what, outcome=outcome, flagged_at__isnull=False
    ).exists()
