"""A job in words, for its list, its page, and the script that keeps the page alive."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma, naturaltime
from django.utils.translation import gettext as _

from jobs.models import Job
from jobs.registry import kind_of

COLOURS: dict[str, str] = {
    Job.Status.WAITING: "info",
    Job.Status.RUNNING: "info",
    Job.Status.DONE: "success",
    Job.Status.FAILED: "danger",
    Job.Status.CANCELLED: "warning",
}


def title_of(job: Job) -> str:
    kind = kind_of(job)
    return str(kind.title) if kind else job.kind


def told(moment: datetime | None) -> str:
    """As seen from now: the reader's clock and the server's may differ."""
    return str(naturaltime(moment)) if moment else ""


def progress_of(job: Job) -> str:
    """A total may be a guess: it is told only while the work has not shown it wrong."""
    done = intcomma(job.done_units)
    is_ahead = job.total_units and job.done_units <= job.total_units
    if is_ahead and job.status != Job.Status.DONE:
        return _("%(done)s of %(total)s") % {"done": done, "total": intcomma(job.total_units)}
    return done if job.done_units else ""


def state_of(job: Job) -> dict[str, Any]:
    """What changes on the page while the work runs."""
    stopping = job.cancel_asked_at is not None and not job.is_over
    status = _("stopping") if stopping else str(job.get_status_display())
    return {
        "is_over": job.is_over,
        "status": status,
        "percent": job.percent,
        "progress": progress_of(job),
        "note": job.note,
        "problems": job.problem_count,
    }


def onward(job: Job) -> str:
    """Where the kind wants the reader to go on; empty: nowhere."""
    kind = kind_of(job)
    return kind.onward(job) if kind and kind.onward and job.status == Job.Status.DONE else ""


def may_open(job: Job) -> bool:
    """A browser shows it as it is, and runs nothing of it."""
    return job.result_name.lower().endswith(".pdf")
