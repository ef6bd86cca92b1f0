"""A server process: started and waited for, started again if it dies, ended; never orphaned."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from config.embedded.place import Account, Place

START_SECONDS = 60.0
STOP_SECONDS = 20.0
# With an environment of their own, the servers never follow a stray PGDATA or PGHOST.
ENVIRONMENT = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}


class StartFailed(Exception):
    """A server did not start; the message is meant for a person and carries its last log lines."""


class Server(ABC):
    """One server: started, watched, started again if it dies, ended."""

    name: str
    stop_signal = signal.SIGTERM
    pid_file: Path

    def __init__(self, place: Place, account: Account) -> None:
        self.place = place
        self.account = account
        self.process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def prepare(self) -> None:
        """Make the data directory, once."""

    @abstractmethod
    def command(self) -> list[str]: ...

    @abstractmethod
    def answers(self) -> bool: ...

    def start(self) -> None:
        """Raises StartFailed with the end of the log."""
        self.prepare()
        _end_stray(self.pid_file)
        with self.place.log(self.name).open("ab") as log:
            self.process = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=ENVIRONMENT,
                start_new_session=True,  # a Ctrl-C in the terminal must reach the clients first
                preexec_fn=_die_with_parent(self.stop_signal),
                user=self.account.user,
                group=self.account.group,
                extra_groups=self.account.extra_groups,
            )
        self._await_answer()

    def _await_answer(self) -> None:
        assert self.process is not None  # noqa: S101  (just started)
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if self.process.poll() is not None:
                raise StartFailed(self._blame("stopped while starting"))
            if time.monotonic() > deadline:
                raise StartFailed(self._blame(f"gave no answer in {START_SECONDS:.0f} s"))
            time.sleep(0.02)

    def _blame(self, what: str) -> str:
        log = self.place.log(self.name)
        lines = log.read_text(errors="replace").splitlines()[-12:] if log.exists() else []
        return "\n".join([f"{self.name} {what}. The end of {log}:", *(f"  {x}" for x in lines)])

    def revive(self) -> None:
        if self.process is not None and self.process.poll() is not None:
            ending = f"{self.name} ended with {self.process.returncode}; starting it again\n"
            sys.stderr.write(ending)
            self.start()

    def stop(self) -> None:
        for number in (self.stop_signal, signal.SIGQUIT, signal.SIGKILL):
            if self.process is None or self.process.poll() is not None:
                return
            self.process.send_signal(number)
            _wait_until(lambda: self.process is None or self.process.poll() is not None)


def package_directory(name: str) -> Path:
    """Found without importing it: these packages do things when they are imported."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise StartFailed(
            f"The package {name} is not installed in {sys.prefix}: run `make install`, "
            "or set DATABASE_URL and REDIS_URL."
        )
    return Path(spec.origin).parent


def _die_with_parent(number: signal.Signals) -> Callable[[], None] | None:
    """So that not even SIGKILL of the keeper leaves a server behind. Linux only."""
    if not sys.platform.startswith("linux"):
        return None
    prctl, set_pdeathsig = ctypes.CDLL(None).prctl, 1
    return lambda: prctl(set_pdeathsig, int(number))


def _end_stray(pid_file: Path) -> None:
    """Wait for a server whose keeper was killed; drop the note of one that is long gone.

    After a crash the noted number may belong to somebody else's process: that one is left alone.
    """
    try:
        pid = int(pid_file.read_text().split()[0])
    except (OSError, IndexError, ValueError):
        return
    for number in (None, signal.SIGQUIT, signal.SIGKILL):
        if not _serves(pid, pid_file.parent):
            break
        if number is not None:
            os.kill(pid, number)
        _wait_until(lambda: not _serves(pid, pid_file.parent))
    pid_file.unlink(missing_ok=True)


def _serves(pid: int, directory: Path) -> bool:
    """Is process `pid` alive with `directory` as its working directory, as both servers have?"""
    try:
        return Path(f"/proc/{pid}/cwd").resolve(strict=True) == directory.resolve()
    except OSError:
        return False


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + STOP_SECONDS
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
