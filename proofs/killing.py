"""Processes to be killed in the middle of their work, and those who kill them."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from config.embedded.place import Place
from config.embedded.redis import Redis
from proofs.portal import ROOT

#: A web worker that was killed is there again so soon.
RESPAWNING = (
    "--respawn-failed-workers",
    "--respawn-interval",
    "0.1",
    "--workers-kill-timeout",
    "2s",
)
#: Fewer kills prove nothing; how much longer a slow machine may need for them.
ENOUGH, SLOWEST_SECONDS = 2, 60.0
CELERY = (sys.executable, "-m", "celery", "-A", "config", "worker", "--concurrency", "2")


def children_of(pid: int) -> list[int]:
    """The processes that `pid` started itself and that still live, oldest first."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError, IndexError):
            state, parent, *more = (entry / "stat").read_text().rpartition(")")[2].split()
            if int(parent) == pid and state != "Z":
                found.append((int(more[17]), int(entry.name)))
    return [child for _started, child in sorted(found)]


def oldest_of(pid: int) -> list[int]:
    """The child that has lived longest. A server that loses the one it has just started again takes
    that for a crash loop, and stops."""
    return children_of(pid)[:1]


class Killer:
    """Kills what `victims` names, one at a time, at random moments, for so many seconds, or until
    it has killed often enough: a slow machine needs longer."""

    def __init__(
        self,
        victims: Callable[[], list[int]],
        *,
        chance: random.Random,
        pause: tuple[float, float],
        seconds: float,
    ) -> None:
        self.victims, self.chance, self.pause = victims, chance, pause
        self.ends = time.monotonic() + seconds
        self.kills = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> Killer:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._thread.join()

    def goes_on(self) -> bool:
        now = time.monotonic()
        return now < self.ends or (self.kills < ENOUGH and now < self.ends + SLOWEST_SECONDS)

    def _work(self) -> None:
        while not self._over.wait(self.chance.uniform(*self.pause)):
            living = self.victims()
            if living and self.goes_on():
                with suppress(ProcessLookupError):
                    os.kill(self.chance.choice(living), signal.SIGKILL)
                    self.kills += 1


class CeleryWorker:
    """A real worker, started again whenever it was killed."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "WARNING")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*CELERY, *quiet], cwd=ROOT, stdout=log, stderr=log, start_new_session=True
            )

    def revive(self) -> None:
        """Start it again if it ended; what it left behind ends with it."""
        if self.process is not None and self.process.poll() is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.start()

    def victims(self) -> list[int]:
        """The worker itself and those who do its work."""
        if self.process is None or self.process.poll() is not None:
            return []
        return [self.process.pid, *children_of(self.process.pid)]

    def stop(self) -> None:
        if self.process is None:
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=20)


@contextmanager
def celery_worker() -> Iterator[CeleryWorker]:
    with tempfile.TemporaryDirectory(prefix="proof-worker-") as directory:
        worker = CeleryWorker(Path(directory) / "worker.log")
        worker.start()
        try:
            yield worker
        finally:
            worker.stop()


@contextmanager
def own_redis() -> Iterator[Redis]:
    """A Redis that can be stopped without anybody starting it again."""
    with tempfile.TemporaryDirectory(prefix="proof-redis-") as directory:
        place = Place(Path(directory), throwaway=True)
        redis = Redis(place)
        redis.start()
        try:
            yield redis
        finally:
            if redis.process is not None and redis.process.poll() is None:
                redis.process.send_signal(signal.SIGCONT)
            redis.stop()
            place.clear(keep_logs=True)


def until(condition: Callable[[], bool], *, seconds: float) -> bool:
    """Whether it came true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True
