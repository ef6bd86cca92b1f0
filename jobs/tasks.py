"""Celery's doors to long work. They have a queue and a worker of their own (`-Q jobs`): an export
of an hour must not hold up an invoice."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from jobs.cleaning import clean
from jobs.nudging import WORK, nudge_received
from jobs.running import run_due

#: Shorter than the supervisor waits for a worker that is asked to stop.
RUN_SECONDS = 20.0


@shared_task(name=WORK, ignore_result=True)
def work() -> int:
    """Work on what waits. Any number of workers may do so at the same time."""
    nudge_received()
    return run_due(clock=timezone.now, seconds=RUN_SECONDS)


@shared_task(name="jobs.tasks.clean_up", ignore_result=True)
def clean_up() -> int:
    """Remove results whose time is over."""
    return clean(now=timezone.now())
