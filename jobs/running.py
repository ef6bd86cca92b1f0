"""Doing the work: claim, call, and write down how it ended."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import InterfaceError, OperationalError
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from jobs import files, registry
from jobs.claiming import claim, keeps
from jobs.models import Job
from jobs.nudging import nudge
from jobs.progress import Cancelled, LeaseLost, Progress, TurnOver, mine
from jobs.registry import JobFailed, Result

logger = logging.getLogger(__name__)

#: After trouble with the database.
PAUSE = timedelta(seconds=20)


def run_due(*, clock: Callable[[], datetime], seconds: float) -> int:
    """Work on what waits, for about so long, whoever's it is; how many turns were taken.

    Work with checkpoints never keeps a worker longer than that, and hands over to others in
    between; what is left over is the next run's.
    """
    turns, ends_at = 0, clock() + timedelta(seconds=seconds)
    while clock() < ends_at and (job := claim(now=clock())) is not None:
        run(job, clock=clock, ends_at=ends_at)
        turns += 1
    if Job.objects.filter(status=Job.Status.WAITING, turn_at__lte=clock()).exists():
        nudge()
    return turns


def run(job: Job, *, clock: Callable[[], datetime], ends_at: datetime) -> None:
    """One turn of one claimed job, in its own language and time zone."""
    with ExitStack() as around:
        around.enter_context(translation.override(job.language))
        around.enter_context(timezone.override(job.time_zone))
        progress = Progress(job, clock=clock, ends_at=ends_at)
        around.callback(progress.close)
        try:
            _finish(job, progress, _work(job, progress), now=clock())
        except LeaseLost:
            logger.warning("Job %s is somebody else's by now.", job.pk)
        except TurnOver:
            _rest(job, turn_at=clock())
        except Cancelled:
            _end(job, progress, Job.Status.CANCELLED, now=clock())
        except JobFailed as error:
            _end(job, progress, Job.Status.FAILED, now=clock(), error=str(error)[:500])
        except (OperationalError, InterfaceError) as error:
            # The database's weather, not the work's fault: its lease runs out, or it rests a while.
            logger.warning("Job %s met %s.", job.pk, type(error).__name__)
            _rest(job, turn_at=clock() + PAUSE)
        except Exception as error:
            logger.error("Job %s of kind %s failed: %s", job.pk, job.kind, _place_of(error))
            _end(job, progress, Job.Status.FAILED, now=clock(), error=_unexpected())


def _place_of(error: Exception) -> str:
    """What kind of error and where; never its words, which may quote somebody's data."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    places = (f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames)
    return f"{type(error).__name__} at {' < '.join(reversed(list(places)))}"


def _unexpected() -> str:
    return _(
        "It stopped at something unexpected, which was written down for the administrators. "
        "Try it again."
    )


def _work(job: Job, progress: Progress) -> Result:
    kind = registry.kind_of(job)
    if kind is None:
        raise JobFailed(_("This version of the portal does not do this any more."))
    return kind.work(job, progress) or Result()


def _finish(job: Job, progress: Progress, result: Result, *, now: datetime) -> None:
    """The result is there before anybody is told; what was on the way to it is not needed then."""
    path = _file(job, progress, result)
    facts: dict[str, Any] = {"result_rows": result.rows, "note": result.note[:200]}
    if path is not None:
        facts |= {
            "result": files.stored_name(path),
            "result_name": result.name[:200],
            "result_size": path.stat().st_size,
            "result_sha256": files.sha256_of(path),
        }
    if _end(job, progress, Job.Status.DONE, now=now, **facts):
        for part in files.folder_of(job.pk).glob("part-*"):
            part.unlink(missing_ok=True)
    elif path is not None:
        path.unlink(missing_ok=True)


def _file(job: Job, progress: Progress, result: Result) -> Path | None:
    """The result under its own name; another worker's never has the same."""
    if not result.name:
        return None
    target = files.folder_of(job.pk) / f"result-{job.lease}"
    if result.content is not None:
        with target.open("wb") as file:
            file.write(result.content)
    elif result.path is not None:
        result.path.replace(target)
    else:
        progress.output.secure()
        progress.output.path.replace(target)
    target.chmod(0o600)
    return target


def _end(job: Job, progress: Progress, status: Job.Status, *, now: datetime, **facts: Any) -> bool:
    """False when it was somebody else's by then."""
    ending = {
        "status": status,
        "lease": None,
        "leased_until": None,
        "finished_at": now,
        "expires_at": now + keeps(job),
    }
    return bool(mine(job).update(**progress.facts() | ending | facts))


def _rest(job: Job, *, turn_at: datetime) -> None:
    """Back in line, behind those who wait."""
    mine(job).update(status=Job.Status.WAITING, lease=None, leased_until=None, turn_at=turn_at)
