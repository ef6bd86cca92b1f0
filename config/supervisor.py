"""Starts processes, watches them, restarts the fallen, stops all in order. Knows nothing of Django.

Single-threaded on purpose: signal handlers only count, every wait looks at the count, and so no
child can slip away between its birth and our noting it down.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

POLL_SECONDS = 0.05
TAIL_LINES = 15
MAX_RESTARTS = 5
# A child that ran this long had recovered: its next fall is counted from one again.
STEADY_SECONDS = 60.0
SET_PDEATHSIG = 1


class Interrupted(Exception):
    """Somebody asked us to stop (Ctrl-C, SIGTERM, the terminal closed)."""


class Failed(Exception):
    """A step or a process failed; the message is for a person."""


@dataclass(frozen=True)
class Spec:
    """A process to keep running. It is asked to stop by SIGTERM and killed after `stop_seconds`."""

    name: str
    command: list[str]
    env: Mapping[str, str] = field(default_factory=dict)
    stop_seconds: float = 10.0


class Child:
    """A process in a session of its own: a Ctrl-C in the terminal reaches us alone."""

    def __init__(self, spec: Spec, *, output: int | None, env: Mapping[str, str]) -> None:
        self.spec = spec
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            spec.command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**env, **spec.env},
            start_new_session=True,
            preexec_fn=_die_with(os.getpid()),
        )

    def ended(self) -> bool:
        """Looked at without collecting: as long as we do not, the number stays its own."""
        if self.process.returncode is not None:
            return True
        options = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self.process.pid, options) is not None

    def signal(self, number: signal.Signals) -> None:
        if not self.ended():
            self.process.send_signal(number)

    def collect(self) -> int:
        """The exit code, once it ended; whatever is left of its group ends with it."""
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
        return self.process.wait()


class Supervisor:
    """Use as a context manager: leaving it, for whatever reason, stops what was started."""

    def __init__(
        self, *, log_dir: Path, say: Callable[[str], None], first_pause_seconds: float = 1.0
    ) -> None:
        self.log_dir = log_dir
        self.say = say
        self.first_pause_seconds = first_pause_seconds
        self.env = dict(os.environ)
        self.interruptions = 0
        self.children: dict[str, Child] = {}
        self._falls: dict[str, int] = {}
        self._waiting: dict[str, tuple[float, Spec]] = {}

    def __enter__(self) -> Supervisor:
        self.log_dir.mkdir(parents=True, exist_ok=True)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._interrupt)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _interrupt(self, *_: object) -> None:
        self.interruptions += 1

    def pause(self) -> None:
        """A short rest inside every wait. Raises Interrupted when we were asked to stop."""
        if self.interruptions:
            raise Interrupted
        time.sleep(POLL_SECONDS)

    # --- commands that end by themselves ---------------------------------------------------------

    def run(self, *steps: Spec, show: bool = False) -> None:
        """Run commands side by side to their end; with `show` they speak to the terminal.

        Raises Failed, with the end of its output, when one of them fails; Interrupted.
        """
        for step in steps:
            self._keep_last_log(step.name)
            self.launch(step, show=show)
        for step in steps:
            if code := self.wait(step.name):
                raise Failed(f"{_said(step, code)}{'' if show else self._tail(step.name)}")

    def wait(self, name: str) -> int:
        """The exit code of a process started here. Raises Interrupted."""
        child = self.children[name]
        while not child.ended():
            self.pause()
        del self.children[name]
        return child.collect()

    # --- processes that stay ---------------------------------------------------------------------

    def start(self, spec: Spec) -> None:
        """Start a process to be watched; its output goes to `<log_dir>/<name>.log`."""
        self._keep_last_log(spec.name)
        self.launch(spec)

    def launch(self, spec: Spec, *, show: bool = False) -> None:
        if show:
            sys.stdout.flush()
            self.children[spec.name] = Child(spec, output=None, env=self.env)
            return
        with self._log(spec.name).open("ab") as log:
            self.children[spec.name] = Child(spec, output=log.fileno(), env=self.env)

    def watch(self) -> None:
        """One look at all: a fallen process starts again after a pause that doubles each time.

        Raises Failed when one keeps falling.
        """
        for child in [c for c in self.children.values() if c.ended()]:
            self._fallen(child)
        for name, (due, spec) in list(self._waiting.items()):
            if time.monotonic() >= due:
                del self._waiting[name]
                self.launch(spec)

    def _fallen(self, child: Child) -> None:
        name = child.spec.name
        code = self.children.pop(name).collect()
        lasted = time.monotonic() - child.started
        falls = self._falls[name] = 1 if lasted > STEADY_SECONDS else self._falls.get(name, 0) + 1
        said = f"{_said(child.spec, code)}{self._tail(name)}"
        if falls > MAX_RESTARTS:
            raise Failed(f"{said}\nIt fell {falls} times in a row; giving up.")
        pause = self.first_pause_seconds * 2 ** (falls - 1)
        self.say(f"{said}\nStarting {name} again in {pause:g} s (try {falls} of {MAX_RESTARTS}).")
        self._waiting[name] = (time.monotonic() + pause, child.spec)

    # --- the end ---------------------------------------------------------------------------------

    def stop(self) -> None:
        """End everything, last started first; a further interruption from here on hurries it."""
        self._waiting.clear()
        heard = self.interruptions
        for child in reversed(list(self.children.values())):
            self._end(child, hurried=lambda: self.interruptions > heard)
        self.children.clear()

    def _end(self, child: Child, *, hurried: Callable[[], bool]) -> None:
        if not child.ended() and not hurried():
            self.say(f"Stopping {child.spec.name}")
            child.signal(signal.SIGTERM)
        deadline = time.monotonic() + child.spec.stop_seconds
        while not child.ended() and not hurried() and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        child.signal(signal.SIGKILL)
        child.collect()

    # --- logs ------------------------------------------------------------------------------------

    def _log(self, name: str) -> Path:
        return self.log_dir / f"{name}.log"

    def _keep_last_log(self, name: str) -> None:
        if self._log(name).exists():
            self._log(name).replace(self.log_dir / f"{name}.log.1")

    def _tail(self, name: str) -> str:
        lines = self._log(name).read_text(errors="replace").splitlines()[-TAIL_LINES:]
        return "\n".join([f" The end of {self._log(name)}:", *(f"  {line}" for line in lines)])


def _said(spec: Spec, code: int) -> str:
    how = (
        f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
    )
    return f"{spec.name} {how}."


def _die_with(parent: int) -> Callable[[], None] | None:
    """Not even SIGKILL of the supervisor leaves a child behind. Linux only."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl

    def arrange() -> None:
        prctl(SET_PDEATHSIG, int(signal.SIGTERM))
        if os.getppid() != parent:  # it died before we could arrange anything
            os._exit(1)

    return arrange
