"""Celery's doors to the use cases of orders."""

from __future__ import annotations

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from orders import alarming, erasing, expiring, listening


@shared_task(name="orders.tasks.expire_holds")
def expire_holds() -> int:
    """Tidy reservations that were not paid in time."""
    return expiring.expire_due(now=timezone.now())


@shared_task(name="orders.tasks.process_events")
def process_events() -> int:
    """Act on the marketplace's notices that are stored and waiting."""
    return listening.process_waiting(now=timezone.now())


@shared_task(name="orders.tasks.audit_stock")
def audit_stock() -> int:
    """Compare levels, ledger and holds of every account; what differs becomes an alarm."""
    return alarming.audit_stock(now=timezone.now())


@shared_task(name="orders.tasks.erase_old_personal_data")
def erase_old_personal_data() -> int:
    """Erase what was kept for PERSONAL_DATA_DAYS; a batch, as beat comes again within the hour."""
    days: int = settings.PERSONAL_DATA_DAYS
    return len(erasing.erase_older_than(days=days, now=timezone.now())) if days else 0
