"""Where the servers' files live, and whom PostgreSQL runs as."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

# The kernel's limit for a socket's path is 107 bytes on Linux and 103 on macOS.
SOCKET_PATH_BYTES = 103
# PostgreSQL refuses to run as root, so root lends it this account.
UNPRIVILEGED = "nobody"


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

    def clear(self, *, keep_logs: bool = False) -> None:
        """Leave no socket behind; of a throwaway place nothing at all, or the logs alone."""
        doomed = {self.sockets} | ({self.home, self.data} if self.throwaway else set())
        for path in doomed - ({self.data} if keep_logs else set()):
            shutil.rmtree(path, ignore_errors=True)


def _fits(directory: Path) -> bool:
    """Short enough for a socket, and without a comma, which libpq takes for a list of hosts."""
    return (
        "," not in str(directory)
        and len(os.fsencode(directory / ".s.PGSQL.5432")) <= SOCKET_PATH_BYTES
    )
