"""What was recorded of simulations is kept for a while, and no more than there is room for."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet

from simulation.models import SimulationCapture, SimulationMinute

#: Rows deleted by one statement: short enough to disturb nobody.
BATCH = 2_000


def trim(*, now: datetime) -> int:
    """Delete what is too old or too much; returns how many rows that were."""
    captures = SimulationCapture.objects.order_by()
    oldest = now - timedelta(days=settings.SIMULATION_CAPTURE_DAYS)
    deleted = _delete(captures.filter(at__lt=oldest))
    ids = SimulationCapture.objects.order_by("-id").values_list("id", flat=True)
    first_too_many = ids[settings.SIMULATION_CAPTURE_ROWS :].first()
    if first_too_many is not None:
        deleted += _delete(captures.filter(id__lte=first_too_many))
    minutes = now - timedelta(days=settings.SIMULATION_MINUTE_DAYS)
    return deleted + _delete(SimulationMinute.objects.order_by().filter(minute__lt=minutes))


def _delete(rows: QuerySet[SimulationCapture] | QuerySet[SimulationMinute]) -> int:
    deleted = 0
    while ids := list(rows.values_list("id", flat=True)[:BATCH]):
        deleted += rows.model._default_manager.filter(id__in=ids).delete()[0]
    return deleted
