"""Celery's doors to what reports do on their own."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from reporting import mailing, scheduling
from reporting.dashboard import counting
from reporting.promises import settling
from reporting.radar import digest


@shared_task(name="reporting.tasks.send_digest")
def send_digest() -> bool:
    """What needs attention, by e-mail, at the hours that were asked for."""
    return digest.send_due(now=timezone.now())


@shared_task(name="reporting.tasks.count_recent_days")
def count_recent_days() -> int:
    """The dashboard's counts of the last weeks, brought up to date."""
    return counting.count_recent(now=timezone.now())


@shared_task(name="reporting.tasks.count_all_days")
def count_all_days() -> int:
    """Every count anew: what changed later than it usually does is in them by morning."""
    return counting.count_all(now=timezone.now())


@shared_task(name="reporting.tasks.send_scheduled")
def send_scheduled() -> int:
    """Scheduled reports: those that are due are made, those that are made are sent."""
    scheduling.ask_due(now=timezone.now())
    return mailing.send_ready(now=timezone.now())


@shared_task(name="reporting.tasks.settle_recent_promises")
def settle_recent_promises() -> int:
    """What became of the promises of the last weeks, brought up to date."""
    return settling.settle_recent(now=timezone.now())


@shared_task(name="reporting.tasks.settle_all_promises")
def settle_all_promises() -> int:
    """Every promise anew: what changed later than it usually does is right by morning."""
    return settling.settle_all(now=timezone.now())
