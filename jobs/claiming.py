"""Who works on what: the next in line, leased to one worker."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _

from jobs import registry
from jobs.models import Job
from jobs.progress import LEASE

#: Workers lost one after the other on the same piece before it is given up.
MOST_DEATHS = 5


def claim(*, now: datetime) -> Job | None:
    """The piece that waits longest, or one whose worker is lost; None when there is nothing to do.

    SKIP LOCKED: two workers never wait for each other, nor get the same piece.
    """
    while (job := _claim_next(now=now)) is not None:
        if job.status == Job.Status.RUNNING:
            return job
    return None


@transaction.atomic
def _claim_next(*, now: datetime) -> Job | None:
    """Leased; or ended at once, if there is nothing left to be done for it."""
    due = Q(status=Job.Status.WAITING, turn_at__lte=now)
    lost = Q(status=Job.Status.RUNNING, leased_until__lte=now)
    line = Job.objects.select_for_update(skip_locked=True).order_by("turn_at", "id")
    job = line.filter(due | lost).first()
    if job is None:
        return None
    if job.status == Job.Status.RUNNING:
        job.deaths += 1
    if job.cancel_asked_at is not None:
        return _end(job, Job.Status.CANCELLED, now=now)
    if job.deaths >= MOST_DEATHS:
        with translation.override(job.language):
            job.error = _("It stopped %(count)d times at the same place.") % {"count": job.deaths}
        return _end(job, Job.Status.FAILED, now=now)
    job.status, job.lease, job.leased_until = Job.Status.RUNNING, uuid.uuid4(), now + LEASE
    job.started_at, job.heartbeat_at = job.started_at or now, now
    job.save(
        update_fields=["status", "lease", "leased_until", "started_at", "heartbeat_at", "deaths"]
    )
    return job


def _end(job: Job, status: Job.Status, *, now: datetime) -> Job:
    job.status, job.lease, job.leased_until = status, None, None
    job.finished_at, job.expires_at = now, now + keeps(job)
    job.save()
    return job


def keeps(job: Job) -> timedelta:
    kind = registry.kind_of(job)
    return kind.keeps if kind else timedelta(days=1)
