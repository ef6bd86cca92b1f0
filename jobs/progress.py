"""What a piece of work holds while it runs: tell how far it is, save it, and hear that it must end.

Every word to the database is conditional on the lease: who lost it changes nothing any more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import connection

from jobs.files import Output, folder_of
from jobs.models import Job

#: A worker not heard of for so long is taken for lost. Work that never ends a step within it is
#: done twice: call `advance` or `checkpoint` at least every minute.
LEASE = timedelta(seconds=150)
#: `advance` writes no more often than this.
TELL_EVERY = timedelta(seconds=1)
#: Whoever waits in line gets a turn after so long.
TURN = timedelta(seconds=5)
#: Problems kept by their words; the others are counted.
MOST_PROBLEMS = 200


class Stopped(BaseException):
    """The work must end here; not an Exception, so that no work swallows it by mistake."""


class LeaseLost(Stopped):
    """Somebody else has taken the work over."""


class Cancelled(Stopped):
    """Who asked for it asked to stop it."""


class TurnOver(Stopped):
    """It goes on from the checkpoint later: others wait, or the worker wants to rest."""


class Progress:
    """`cursor` is what the last checkpoint saved, empty at the first start. `output` is the file
    that grows; ask for it only if the work makes one."""

    def __init__(self, job: Job, *, clock: Callable[[], datetime], ends_at: datetime) -> None:
        saved = job.cursor or {}
        self.cursor: dict[str, Any] = dict(saved.get("at", {}))
        self.done: int = saved.get("done", 0)
        self.problems: list[str] = job.problems[: saved.get("problems", 0)]
        self.problem_count: int = saved.get("problems", 0)
        self._saved = saved
        self._job, self._clock, self._ends_at = job, clock, ends_at
        self._turn_ends_at = clock() + TURN
        self._told_at = clock()
        self._depth = len(connection.atomic_blocks)
        self._output: Output | None = None
        self._total, self._note = job.total_units, job.note

    # --- what the work says

    def expect(self, total: int) -> None:
        """So many units in all."""
        self._total = total
        self._tell()

    def advance(self, units: int = 1, note: str | None = None) -> None:
        """So many more are done. Cheap: most calls write nothing. May end the work (cancelled)."""
        self.done += units
        self._note = self._note if note is None else note[:200]
        if self._clock() - self._told_at >= TELL_EVERY:
            self._tell()
            self._heed()

    def problem(self, text: str) -> None:
        """Something a person should know; the work goes on."""
        self.problem_count += 1
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(text[:300])

    def checkpoint(self, cursor: Mapping[str, Any]) -> None:
        """All up to here is safe: after a crash the work begins again with this `cursor`.

        Called inside a transaction, cursor and effects become true together. Outside of one it may
        end the work (cancelled, or others wait): then it is called again later, from here.
        """
        saved: dict[str, Any] = {"at": dict(cursor), "done": self.done}
        if self.problem_count:
            saved["problems"] = self.problem_count
        if self._output is not None:
            self._output.secure()
            saved |= {"file": self._output.path.name, "size": self._output.size}
        self._tell(cursor=saved, deaths=0)
        self._saved = saved
        self._heed(may_turn=True)

    @property
    def output(self) -> Output:
        if self._output is None:
            self._output = Output(
                self._job.pk,
                name=self._saved.get("file", ""),
                size=self._saved.get("size", 0),
                is_mine=not self._job.deaths,
            )
        return self._output

    @property
    def has_output(self) -> bool:
        return self._output is not None or "file" in self._saved

    @property
    def folder(self) -> Path:
        """The job's own, for what the work needs beside its output; cleaned up with it."""
        return folder_of(self._job.pk)

    # --- what it writes and hears

    def facts(self) -> dict[str, Any]:
        return {
            "done_units": self.done,
            "total_units": self._total,
            "note": self._note,
            "problems": self.problems,
            "problem_count": self.problem_count,
        }

    def _tell(self, **more: Any) -> None:
        now = self._told_at = self._clock()
        facts = self.facts() | {"heartbeat_at": now, "leased_until": now + LEASE} | more
        if not mine(self._job).update(**facts):
            raise LeaseLost

    def _heed(self, *, may_turn: bool = False) -> None:
        if len(connection.atomic_blocks) > self._depth:
            return  # to stop here would undo what this very checkpoint says is done
        if mine(self._job).filter(cancel_asked_at__isnull=False).exists():
            raise Cancelled
        if may_turn and self._is_over():
            raise TurnOver

    def _is_over(self) -> bool:
        now = self._clock()
        if now >= self._ends_at:
            return True
        waiting = Job.objects.filter(status=Job.Status.WAITING, turn_at__lte=now)
        return now >= self._turn_ends_at and waiting.exists()

    def close(self) -> None:
        if self._output is not None:
            self._output.close()


def mine(job: Job) -> Any:
    """The row, for as long as the lease is held."""
    return Job.objects.filter(pk=job.pk, status=Job.Status.RUNNING, lease=job.lease)
