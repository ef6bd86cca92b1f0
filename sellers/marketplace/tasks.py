"""When the outbox is worked on: every few seconds (beat) and whenever something was written."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from sellers.marketplace.draining import drain
from sellers.marketplace.looking import look
from sellers.marketplace.nudging import DELIVER_DUE, nudge_received

#: A little less than beat's interval: what is left over is the next run's.
RUN_SECONDS = 4.0


@shared_task(name=DELIVER_DUE, ignore_result=True)
def deliver_due() -> int:
    """Send what is due. Any number of workers may do so at the same time."""
    nudge_received()
    return drain(clock=timezone.now, budget_seconds=RUN_SECONDS)


@shared_task(name="sellers.marketplace.tasks.confirm_applied", ignore_result=True)
def confirm_applied() -> int:
    """Look in the orders for what the marketplace accepted: the second tick."""
    return look(clock=timezone.now, budget_seconds=RUN_SECONDS)
