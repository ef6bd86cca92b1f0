"""The simulation's own line to PostgreSQL: persistent, prepared, and never waited on for long.

Django's connections are for everything else: theirs bind parameters in the client, are checked
with a statement of their own on every request, and may wait as long as they like.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from weakref import WeakSet

import psycopg
from django.db import connections
from psycopg import errors

from sellers.errors import Unavailable

logger = logging.getLogger(__name__)

# PostgreSQL gives up first and frees itself; if it can't even do that, we stop listening.
STATEMENT_MS = 1_200
LISTEN_SECONDS = 1.4
CONNECT_SECONDS = 1.0
# After a database that could not be reached, the next calls are refused without trying.
REST_SECONDS = 0.5
COMPILE_MS = 30_000

_OPTIONS = (
    "-c timezone=UTC -c jit=off -c default_transaction_read_only=on -c statement_timeout={ms}"
)

Params = Mapping[str, Any]
Row = tuple[Any, ...]


class Hurried(psycopg.Connection[Row]):
    """A connection whose every answer must come within LISTEN_SECONDS."""

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        return super().wait(gen, interval, LISTEN_SECONDS if timeout is None else timeout)


_thread = threading.local()
_open: WeakSet[psycopg.Connection[Row]] = WeakSet()
_connector = ThreadPoolExecutor(max_workers=4, thread_name_prefix="simulation-connect")
_resting_until = 0.0


def read(sql: str, params: Params) -> Sequence[Row]:
    """The rows of one prepared statement.

    A connection that died while idle (the database was restarted) is replaced once. Raises
    Unavailable when the database is absent or takes longer than a shopper waits.
    """
    started = time.monotonic()
    for attempt in (1, 2):
        try:
            return _fetch(_connection(), sql, params)
        except (errors.QueryCanceled, TimeoutError) as error:
            raise _unavailable(error) from error
        except psycopg.OperationalError as error:
            _drop()
            if attempt == 2 or time.monotonic() - started > CONNECT_SECONDS:
                raise _unavailable(error) from error
    raise AssertionError("unreachable")


@contextmanager
def patient() -> Iterator[psycopg.Connection[Row]]:
    """A connection for reading large tables in the background, closed at the end."""
    with psycopg.connect(**_parameters(COMPILE_MS), autocommit=True) as connection:
        yield connection


@contextmanager
def writing() -> Iterator[psycopg.Connection[Row]]:
    """A connection for what is written in the background, after the answer; closed at the end."""
    parameters = _parameters(COMPILE_MS)
    options = f"{parameters.pop('options', '')} -c default_transaction_read_only=off"
    with psycopg.connect(**parameters, options=options, autocommit=True) as connection:
        yield connection


def close_all() -> None:
    """Close every connection of every thread; the next read opens a new one."""
    for connection in list(_open):
        connection.close()


def _fetch(connection: psycopg.Connection[Row], sql: str, params: Params) -> Sequence[Row]:
    cursor = psycopg.Cursor(connection)
    return cursor.execute(sql, params, prepare=True, binary=True).fetchall()


def _connection() -> psycopg.Connection[Row]:
    connection: psycopg.Connection[Row] | None = getattr(_thread, "connection", None)
    if connection is None or connection.closed:
        connection = _thread.connection = _connect()
        _open.add(connection)
    return connection


def _connect() -> psycopg.Connection[Row]:
    """Raises TimeoutError or psycopg.OperationalError, and then lets the database rest."""
    global _resting_until
    if time.monotonic() < _resting_until:
        raise TimeoutError("the database could not be reached a moment ago")
    try:
        # libpq itself waits two seconds at the least, so somebody else does the waiting.
        return _connector.submit(_open_connection).result(timeout=CONNECT_SECONDS)
    except (TimeoutError, psycopg.OperationalError):
        _resting_until = time.monotonic() + REST_SECONDS
        raise


def _open_connection() -> psycopg.Connection[Row]:
    return Hurried.connect(**_parameters(STATEMENT_MS), autocommit=True)


def _parameters(statement_ms: int) -> dict[str, Any]:
    """The connection of settings.DATABASES, with our own options."""
    given = connections["default"].get_connection_params()
    for ours in ("cursor_factory", "context", "prepare_threshold", "connect_timeout"):
        given.pop(ours, None)
    options = f"{given.pop('options', '')} {_OPTIONS.format(ms=statement_ms)}".strip()
    return {**given, "options": options, "connect_timeout": 2}


def _drop() -> None:
    connection: psycopg.Connection[Row] | None = getattr(_thread, "connection", None)
    if connection is not None:
        connection.close()
    _thread.connection = None


def _unavailable(error: BaseException) -> Unavailable:
    logger.warning("A simulation could not read the database: %s", type(error).__name__)
    return Unavailable("database-unavailable", "The seller can't answer just now. Try again.")
