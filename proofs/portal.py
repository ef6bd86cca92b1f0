"""The portal under granian, with servers of its own, for as long as a proof needs it."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from config.embedded import start_throwaway

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 120.0
STOP_SECONDS = 20.0
GRANIAN = (sys.executable, "-m", "granian", "--interface", "wsgi", "--http", "1", "--no-ws")


class NotUp(Exception):
    """The portal did not come up; the message shows the end of its log."""


@contextmanager
def throwaway_servers(*, database: str | None = None, redis_url: str = "") -> Iterator[str]:
    """PostgreSQL and Redis that are gone afterwards, and Django set up to use them.

    Yields the URL of the database, which has all migrations. `database`: the URL of one of the
    caller's, without orders, beside the Redis that is named already. `redis_url`: a Redis of the
    caller's.
    """
    with (
        _servers(database) as (database_url, own_redis_url),
        tempfile.TemporaryDirectory(prefix="proof-var-") as var,
    ):
        os.environ |= {
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url or own_redis_url,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PORTAL_ENV": "development",
            "PORTAL_VAR": var,
            "LOG_LEVEL": "ERROR",
        }
        _set_django_up()
        yield database_url
        _close_connections()


@contextmanager
def _servers(database: str | None) -> Iterator[tuple[str, str]]:
    """The URLs of PostgreSQL and Redis."""
    if database:
        yield database, os.environ["REDIS_URL"]
        return
    embedded = start_throwaway()
    try:
        yield embedded.database_url, embedded.redis_url
    finally:
        embedded.stop()


def _set_django_up() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def _close_connections() -> None:
    from django.db import connections

    connections.close_all()


@contextmanager
def serving(
    *,
    port: int,
    workers: int,
    threads: int = 2,
    application: str = "config.wsgi:application",
    options: Sequence[str] = (),
) -> Iterator[int]:
    """The portal on loopback, answering on entry and gone on exit; yields its process id.

    Raises NotUp.
    """
    size = ["--workers", str(workers), "--blocking-threads", str(threads)]
    where = ["--host", "127.0.0.1", "--port", str(port), "--no-access-log"]
    with tempfile.NamedTemporaryFile(prefix="proof-web-", suffix=".log") as log:
        web = subprocess.Popen(
            [*GRANIAN, *where, *size, *options, application],
            cwd=ROOT,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            _await_health(web, port, Path(log.name))
            yield web.pid
        finally:
            _stop(web)


def _stop(web: subprocess.Popen[bytes]) -> None:
    """A worker that was still starting may miss the signal, and its server waits for it then."""
    web.terminate()
    try:
        web.wait(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(web.pid, signal.SIGKILL)
        web.wait()


def _await_health(web: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _is_healthy(port):
        if web.poll() is not None or time.monotonic() > deadline:
            raise NotUp("\n".join(log.read_text(errors="replace").splitlines()[-20:]))
        time.sleep(0.1)


def _is_healthy(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
