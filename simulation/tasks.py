"""Celery's door to what the simulation does on its own."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from simulation import trimming


@shared_task(name="simulation.tasks.trim")
def trim() -> int:
    """Forget recorded answers and counts that are too old or too many."""
    return trimming.trim(now=timezone.now())
