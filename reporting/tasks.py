"""Celery's doors to what reports do on their own."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from reporting.radar import digest


@shared_task(name="reporting.tasks.send_digest")
def send_digest() -> bool:
    """What needs attention, by e-mail, at the hours that were asked for."""
    return digest.send_due(now=timezone.now())
