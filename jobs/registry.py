"""The kinds of long work there are. Each app registers its own in a module `jobs`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from django.utils.functional import Promise

if TYPE_CHECKING:
    from jobs.models import Job
    from jobs.progress import Progress


class JobFailed(Exception):
    """The work can't be done; the message tells the person who asked why, in plain words."""


@dataclass(frozen=True)
class Result:
    """What came out. The file is what was written to `progress.output`, else `content`, else the
    file at `path`, which is moved; without a `name` there is none. `note` says it in words."""

    name: str = ""
    content: bytes | None = None
    path: Path | None = None
    rows: int | None = None
    note: str = ""


Work = Callable[["Job", "Progress"], Result | None]


@dataclass(frozen=True)
class Kind:
    """A kind of work. `permission` is asked for when it is ordered and when its result is fetched;
    empty: nobody orders it, the clock does. `onward` is where its page leads when it is done."""

    name: str
    work: Work
    title: str | Promise
    permission: str
    keeps: timedelta
    onward: Callable[[Job], str] | None


KINDS: dict[str, Kind] = {}


def job(
    name: str,
    *,
    title: str | Promise,
    permission: str,
    keeps: timedelta = timedelta(days=7),
    onward: Callable[[Job], str] | None = None,
) -> Callable[[Work], Work]:
    """Registers a function `(job, progress) -> Result | None` as the work of kind `name`.

    The name is stored: it must never change. Results are kept for `keeps` after the end.
    """

    def register(work: Work) -> Work:
        known = KINDS.get(name)
        if known is not None and known.work is not work:
            raise ValueError(f"Two kinds of work are called {name}.")
        KINDS[name] = Kind(name, work, title, permission, keeps, onward)
        return work

    return register


def kind_of(job: Job) -> Kind | None:
    """None for work of a kind that this version does not know any more."""
    return KINDS.get(job.kind)
