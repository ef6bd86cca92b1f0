"""Celery's doors to the use cases of orders."""

from __future__ import annotations

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from orders import (
    alarming,
    erasing,
    expiring,
    feed,
    following,
    nudging,
    rescheduling,
    sweeping,
    watching,
)
from sellers.models import SellerAccount

#: A run ends a little before the next one may begin; what is left over is the next one's.
RUN_SECONDS = 20.0


@shared_task(name="orders.tasks.expire_holds")
def expire_holds() -> int:
    """Tidy reservations that were not paid in time."""
    return expiring.expire_due(now=timezone.now())


@shared_task(name="orders.tasks.reschedule")
def reschedule() -> int:
    """Work out anew when orders must be handed over, once a calendar has changed."""
    return rescheduling.reschedule(now=timezone.now())


@shared_task(name="orders.tasks.process_events")
def process_events() -> int:
    """Act on the marketplace's notices that are stored and waiting."""
    nudging.nudge_received()
    return following.follow(clock=timezone.now, budget_seconds=RUN_SECONDS)


@shared_task(name="orders.tasks.read_feeds")
def read_feeds() -> int:
    """Have every feed read, each account by a task of its own: none waits for another."""
    accounts = SellerAccount.objects.filter(reads_feed=True, is_active=True)
    ids = list(accounts.values_list("pk", flat=True))
    for account_id in ids:
        read_feed.apply_async(args=(account_id,), expires=60)
    return len(ids)


@shared_task(name="orders.tasks.read_feed")
def read_feed(account_id: int) -> int:
    """Take what waits in one account's feed."""
    account = SellerAccount.objects.filter(pk=account_id, reads_feed=True, is_active=True).first()
    if account is None:
        return 0
    return feed.read_feed(account, clock=timezone.now, budget_seconds=RUN_SECONDS)


@shared_task(name="orders.tasks.watch_hooks")
def watch_hooks() -> int:
    """Look whether the marketplace still has our hooks, and the right address in them."""
    accounts = list(SellerAccount.objects.filter(has_hook=True, is_active=True))
    for account in accounts:
        watching.watch_hook(account, clock=timezone.now)
    return len(accounts)


@shared_task(name="orders.tasks.sweep_orders")
def sweep_orders() -> int:
    """Compare open orders with the marketplace, those that are due; how many differed."""
    return sweeping.sweep(clock=timezone.now, budget_seconds=RUN_SECONDS)


@shared_task(name="orders.tasks.audit_stock")
def audit_stock() -> int:
    """Compare levels, ledger and holds of every account; what differs becomes an alarm."""
    return alarming.audit_stock(now=timezone.now())


@shared_task(name="orders.tasks.erase_old_personal_data")
def erase_old_personal_data() -> int:
    """Erase what was kept for PERSONAL_DATA_DAYS; a batch, as beat comes again within the hour."""
    days: int = settings.PERSONAL_DATA_DAYS
    return len(erasing.erase_older_than(days=days, now=timezone.now())) if days else 0
