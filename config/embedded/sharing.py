"""How processes share the servers: the first to come sends a keeper, the last to leave ends it."""

from __future__ import annotations

import atexit
import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WAIT_SECONDS = 120.0


class EmbeddedError(Exception):
    """The servers could not be started; the message says why and shows the end of the log."""


@dataclass
class Embedded:
    """One user's share in running servers; give it back with `stop()`."""

    database_url: str
    redis_url: str
    data_dir: Path
    throwaway: bool
    _users: int = field(repr=False)
    _keeper: subprocess.Popen[bytes] | None = field(repr=False)
    _pid: int = field(default_factory=os.getpid, repr=False)
    _left: bool = field(default=False, repr=False)

    def stop(self) -> None:
        """Leave. Returns once the servers have ended, or at once while others still use them.

        Harmless when repeated, and in a forked child, which never owned the share.
        """
        if self._left or os.getpid() != self._pid:
            return
        self._left = True
        fcntl.flock(self._users, fcntl.LOCK_UN)
        _await_keeper_or_others(self.data_dir, self._users)
        os.close(self._users)
        if self._keeper is not None and _keeper_has_ended(self.data_dir):
            self._keeper.wait()
        if self.throwaway:
            shutil.rmtree(self.data_dir, ignore_errors=True)


def start(data_dir: Path, *, throwaway: bool = False) -> Embedded:
    """Start the servers of `data_dir`, or join those that run already.

    Throwaway servers trade safety for speed, for tests; their directory is removed at the end.
    Raises EmbeddedError.
    """
    data_dir = data_dir.resolve()
    data_dir.mkdir(parents=True, exist_ok=True)
    with _exclusively(data_dir / "start.lock"):
        users = _open(data_dir / "users.lock")
        fcntl.flock(users, fcntl.LOCK_SH)  # waits for a keeper that is just closing
        try:
            state, keeper = _running_state(data_dir, throwaway=throwaway)
        except BaseException:
            os.close(users)
            if throwaway:
                shutil.rmtree(data_dir, ignore_errors=True)
            raise
    return Embedded(state["database_url"], state["redis_url"], data_dir, throwaway, users, keeper)


def start_throwaway() -> Embedded:
    """Servers of one's own in a fresh temporary directory, gone after `stop()`."""
    return start(Path(tempfile.mkdtemp(prefix="portal-")), throwaway=True)


@contextmanager
def running(data_dir: Path, *, throwaway: bool = False) -> Iterator[Embedded]:
    """`start` on entry, `stop` on exit."""
    embedded = start(data_dir, throwaway=throwaway)
    try:
        yield embedded
    finally:
        embedded.stop()


def ensure_urls(var_dir: Path) -> None:
    """See to it that this process and its children have DATABASE_URL and REDIS_URL.

    What the environment names already is used; for the rest the servers under `var_dir` are
    started or joined until this process ends. Raises EmbeddedError.
    """
    if os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"):
        return
    embedded = start(var_dir / "servers")
    for name, url in (("DATABASE_URL", embedded.database_url), ("REDIS_URL", embedded.redis_url)):
        os.environ[name] = os.environ.get(name) or url
    atexit.register(embedded.stop)


def _running_state(
    data_dir: Path, *, throwaway: bool
) -> tuple[dict[str, str], subprocess.Popen[bytes] | None]:
    keeper: subprocess.Popen[bytes] | None = None
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        if (claim := _claim(data_dir / "keeper.lock")) is not None:
            # Nobody keeps these servers: not yet, or the keeper we sent has failed.
            if keeper is not None:
                os.close(claim)
                raise EmbeddedError(_reason(data_dir))
            keeper = _spawn_keeper(data_dir, claim, throwaway=throwaway)
        elif (state := _state(data_dir)) and "error" not in state:
            return state, keeper
        time.sleep(0.02)
    raise EmbeddedError(f"The servers in {data_dir} gave no sign within {WAIT_SECONDS:.0f} s.")


def _spawn_keeper(data_dir: Path, claim: int, *, throwaway: bool) -> subprocess.Popen[bytes]:
    (data_dir / "state.json").unlink(missing_ok=True)
    command = [sys.executable, "-m", "config.embedded.keeper", str(data_dir)]
    try:
        with (data_dir / "keeper.log").open("ab") as log:
            return subprocess.Popen(
                [*command, *(["--throwaway"] if throwaway else [])],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[claim],  # the lock goes with it and ends with it
                start_new_session=True,
            )
    finally:
        os.close(claim)


def _reason(data_dir: Path) -> str:
    if "error" in (state := _state(data_dir)):
        return state["error"]
    log = data_dir / "keeper.log"
    lines = log.read_text(errors="replace").splitlines()[-12:]
    return "\n".join([f"The servers did not start. The end of {log}:", *lines])


def _state(data_dir: Path) -> dict[str, str]:
    try:
        state: dict[str, str] = json.loads((data_dir / "state.json").read_text())
    except FileNotFoundError:
        return {}
    return state


def _await_keeper_or_others(data_dir: Path, users: int) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        if _keeper_has_ended(data_dir) or _others_stay(users):
            return
        time.sleep(0.02)


def _keeper_has_ended(data_dir: Path) -> bool:
    claim = _claim(data_dir / "keeper.lock", create=False)
    if claim is not None:
        os.close(claim)
    return claim is not None or not (data_dir / "keeper.lock").exists()


def _others_stay(users: int) -> bool:
    """A shared lock is to be had and the exclusive one is not: somebody else shares it."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pass
    else:
        fcntl.flock(users, fcntl.LOCK_UN)
        return False
    try:
        fcntl.flock(users, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    fcntl.flock(users, fcntl.LOCK_UN)
    return True


def _open(path: Path, *, create: bool = True) -> int:
    return os.open(path, os.O_RDONLY | (os.O_CREAT if create else 0), 0o644)


def _claim(path: Path, *, create: bool = True) -> int | None:
    """A descriptor that holds the exclusive lock, or None while somebody else does."""
    try:
        descriptor = _open(path, create=create)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


@contextmanager
def _exclusively(path: Path) -> Iterator[None]:
    descriptor = _open(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
