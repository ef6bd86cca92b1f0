"""Results are not kept for ever: they may name people."""

from __future__ import annotations

from datetime import datetime, timedelta

from jobs import files
from jobs.models import Job

#: What was asked, by whom and how it ended is kept for so long after the files are gone.
REMEMBERED = timedelta(days=90)
_BATCH = 500


def clean(*, now: datetime) -> int:
    """Remove the files of work whose time is over, and what is remembered of old work.

    Files go first: if this stops halfway, the next run finds the row still there.
    """
    expired = Job.objects.filter(expires_at__lte=now).order_by("expires_at")
    ids = list(expired.values_list("pk", flat=True)[:_BATCH])
    for job_id in ids:
        files.remove_all(job_id)
    Job.objects.filter(pk__in=ids).update(
        source="", result="", problems=[], cursor=None, expires_at=None
    )
    old = Job.objects.filter(finished_at__lte=now - REMEMBERED, expires_at=None)
    Job.objects.filter(pk__in=old.values("pk")[:_BATCH]).delete()
    return len(ids)
