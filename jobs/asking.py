"""Asking for long work, calling it off, asking for it again; and who may."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.core.files.base import File
from django.db import connection, transaction
from django.utils import timezone, translation

from jobs import files, registry
from jobs.models import Job
from jobs.nudging import nudge

if TYPE_CHECKING:
    from sellers.models import User


def enqueue(
    kind: str,
    params: Mapping[str, Any],
    *,
    user: User | None,
    now: datetime,
    about: str = "",
    source: File[bytes] | None = None,
    time_zone: str = "",
) -> Job:
    """Ask for a registered kind of work, in the transaction of what causes it.

    It is done in the language that is spoken now, and tells times in `time_zone`. `source` is kept
    with it: the work reads `job.source`. `about` says in a few words what it is about, in the
    reader's language, for the list. `user` None: the clock asks.

    Raises RuntimeError outside a transaction, PermissionDenied when `user` may not ask for it.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("enqueue() must run in the transaction of what causes the work.")
    if user is not None and not _may(registry.KINDS[kind], user):
        raise PermissionDenied
    job = Job.objects.create(
        kind=kind,
        about=about[:200],
        params=dict(params),
        asked_by=user,
        language=translation.get_language() or "en",
        time_zone=time_zone or timezone.get_current_timezone_name(),
        turn_at=now,
        created_at=now,
    )
    if source is not None:
        job.source.name = files.keep(job.pk, source.chunks())
        job.source_name = str(source.name or "").rpartition("/")[2][-200:]
        job.save(update_fields=["source", "source_name"])
    transaction.on_commit(nudge)
    return job


@transaction.atomic
def again(job: Job, *, user: User, now: datetime) -> Job:
    """The same work once more, from its beginning, for `user`. Raises PermissionDenied."""
    if not may_see(job, user):
        raise PermissionDenied
    new = enqueue(
        job.kind, job.params, user=user, now=now, about=job.about, time_zone=job.time_zone
    )
    if given := files.path_of(job.source):
        new.source.name = files.copy(given, new.pk)
        new.source_name = job.source_name
        new.save(update_fields=["source", "source_name"])
    return new


@transaction.atomic
def cancel(job: Job, *, user: User, now: datetime) -> Job:
    """Call it off: at once while it waits, at its next step while it runs. Over stays over.

    Raises PermissionDenied.
    """
    if not may_see(job, user):
        raise PermissionDenied
    job = Job.objects.select_for_update().get(pk=job.pk)
    if job.is_over:
        return job
    job.cancel_asked_at = job.cancel_asked_at or now
    if job.status == Job.Status.WAITING:
        job.status, job.finished_at, job.expires_at = Job.Status.CANCELLED, now, now
    job.save(update_fields=["cancel_asked_at", "status", "finished_at", "expires_at"])
    return job


def may_see(job: Job, user: User | AnonymousUser) -> bool:
    """Who asked for it, as long as they may ask for its kind; and superusers."""
    if user.is_superuser and user.is_active:
        return True
    kind = registry.kind_of(job)
    return kind is not None and job.asked_by_id == user.pk and _may(kind, user)


def _may(kind: registry.Kind, user: User | AnonymousUser) -> bool:
    return bool(kind.permission and user.has_perm(kind.permission))
