"""The simulation's own line to PostgreSQL: persistent, prepared, and never waited on for long.

Django's connections are for everything else: theirs bind parameters in the client, are checked
with a statement of their own on every request, and may wait as long as they like.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from weakref import WeakSet

import psycopg
from django.db import connections
from psycopg import errors

from sellers.errors import Unavailable
from simulation.fuse import Blown, Fuse
from simulation.prepared import Line, Row

logger = logging.getLogger(__name__)

# VTEX waits 2.5 s: all that an answer waits for, and waiting for its turn before that, has to fit.
PATIENCE_SECONDS = 1.5
# PostgreSQL gives up first and frees itself; if it can't even do that, we stop listening.
STATEMENT_MS = 1_000
LISTEN_SECONDS = 1.2
CONNECT_SECONDS = 1.0
# After a database that was absent or slow, others are refused without trying.
REST_SECONDS = 0.5
SLOW_SECONDS = 0.6
COMPILE_MS = 30_000

_OPTIONS = (
    "-c timezone=UTC -c jit=off -c default_transaction_read_only=on -c statement_timeout={ms}"
)
# Planning takes several times as long as the answer, and comes to the same plan every time. Never
# to one that reads a table from end to end, even where nobody has counted a new catalogue yet.
_PLANNED_ONCE = " -c plan_cache_mode=force_generic_plan -c enable_seqscan=off"

_thread = threading.local()
_open: WeakSet[Line] = WeakSet()
_connector = ThreadPoolExecutor(max_workers=4, thread_name_prefix="simulation-connect")
_FAILURES = (TimeoutError, psycopg.OperationalError)
_fuse = Fuse(failures=_FAILURES, rest_seconds=REST_SECONDS, slow_seconds=SLOW_SECONDS)


def soon() -> float:
    """The moment (of time.monotonic) by which an answer that begins now has to be known."""
    return time.monotonic() + PATIENCE_SECONDS


def read(sql: str, params: Sequence[str], *, until: float) -> Sequence[Row]:
    """The rows of one prepared statement, its parameters written $1, $2 and so on.

    A connection that died while idle (the database was restarted), or that has lost its prepared
    statements, is replaced once. Raises Unavailable when the database is absent, is not well or
    takes longer than `until`.
    """
    try:
        return _fuse.through(lambda: _read(sql, params, until))
    except (Blown, *_FAILURES) as error:
        raise _unavailable(error) from error


#: What a new connection may mend: a lost one, and statements that went or whose tables changed.
_OUTLIVED = (
    psycopg.OperationalError,
    errors.InvalidSqlStatementName,
    errors.FeatureNotSupported,
)


def _read(sql: str, params: Sequence[str], until: float) -> Sequence[Row]:
    try:
        return _ask(_line(until), sql, params, until)
    except errors.QueryCanceled:
        raise
    except _OUTLIVED:
        _drop()
    return _ask(_line(until), sql, params, until)


def _ask(line: Line, sql: str, params: Sequence[str], until: float) -> Sequence[Row]:
    try:
        return line.ask(sql, params, until=min(until, time.monotonic() + LISTEN_SECONDS))
    except TimeoutError:
        _drop()  # its answer may still come, and would be taken for the next one's
        raise


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
    for line in list(_open):
        line.close()
    _fuse.mend()


def _line(until: float) -> Line:
    """This thread's. Raises TimeoutError and psycopg.OperationalError."""
    line: Line | None = getattr(_thread, "line", None)
    if line is None or line.closed:
        line = _thread.line = _connect(until)
        _open.add(line)
    return line


def _connect(until: float) -> Line:
    """libpq itself waits two seconds at the least, so somebody else does the waiting."""
    patience = min(CONNECT_SECONDS, until - time.monotonic())
    future = _connector.submit(_open_connection)
    try:
        return Line(future.result(timeout=max(0.0, patience)))
    except TimeoutError:
        future.add_done_callback(_discard)
        raise


def _discard(future: Future[psycopg.Connection[Row]]) -> None:
    """Of a connection that came when nobody was waiting for it any more."""
    if future.exception() is None:
        future.result().close()


def _open_connection() -> psycopg.Connection[Row]:
    parameters = _parameters(STATEMENT_MS)
    options = parameters.pop("options", "") + _PLANNED_ONCE
    return psycopg.connect(**parameters, options=options, autocommit=True)


def _parameters(statement_ms: int) -> dict[str, Any]:
    """The connection of settings.DATABASES, with our own options."""
    given = connections["default"].get_connection_params()
    for ours in ("cursor_factory", "context", "prepare_threshold", "connect_timeout"):
        given.pop(ours, None)
    options = f"{given.pop('options', '')} {_OPTIONS.format(ms=statement_ms)}".strip()
    return {**given, "options": options, "connect_timeout": 2}


def _drop() -> None:
    line: Line | None = getattr(_thread, "line", None)
    if line is not None:
        line.close()
    _thread.line = None


def _unavailable(error: BaseException) -> Unavailable:
    if not isinstance(error, Blown):  # which was said when it blew
        logger.warning("A simulation could not read the database: %s", type(error).__name__)
    return Unavailable("database-unavailable", "The seller can't answer just now. Try again.")
