"""Prepared statements through libpq itself: half the time of a cursor, and no wait without an end.

psycopg reads the results; its way of running a statement, and of adapting each value to whatever
type it may have, is left out. The parameters are text, whose types PostgreSQL knows.
"""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Sequence
from itertools import count
from select import POLLIN, POLLOUT, poll
from typing import Any, NamedTuple

import psycopg
from psycopg import abc, errors, pq
from psycopg.adapt import Transformer

Row = tuple[Any, ...]

_numbers = count(1)
#: What means something within quotes.
_MARKS = re.compile(r'["\\]')


def array_of(texts: Collection[str]) -> str:
    """A text[] as PostgreSQL reads it."""
    if not texts:
        return "{}"
    if _MARKS.search("".join(texts)):
        texts = [_MARKS.sub(r"\\\g<0>", text) for text in texts]
    joined = '","'.join(texts)
    return f'{{"{joined}"}}'


class _Prepared(NamedTuple):
    """A statement by its name in the database. What reads its rows is kept too: to choose how to
    read each column takes as long as to read ten rows."""

    name: bytes
    reader: abc.Transformer


class Line:
    """A connection to PostgreSQL in autocommit mode, and the statements it has prepared."""

    def __init__(self, connection: psycopg.Connection[Row]) -> None:
        self.connection = connection
        self._pgconn = connection.pgconn
        self._prepared: dict[str, _Prepared] = {}
        self._poll = poll()

    @property
    def closed(self) -> bool:
        return self.connection.closed

    def close(self) -> None:
        self.connection.close()

    def ask(self, sql: str, params: Sequence[str], *, until: float) -> list[Row]:
        """The rows of one statement, whose parameters are $1, $2 and so on.

        Raises TimeoutError when they are not there by `until` (of time.monotonic), which leaves
        the line unusable, and psycopg.Error.
        """
        name, reader = self._prepared.get(sql) or self._prepare(sql, until)
        values = [value.encode() for value in params]
        self._pgconn.send_query_prepared(name, values, result_format=pq.Format.BINARY)
        result = self._result(until)
        reader.set_pgresult(result, set_loaders=reader.pgresult is None)
        return reader.load_rows(0, result.ntuples, tuple)

    def _prepare(self, sql: str, until: float) -> _Prepared:
        name = b"simulation-%d" % next(_numbers)
        self._pgconn.send_prepare(name, sql.encode())
        self._result(until)
        prepared = self._prepared[sql] = _Prepared(name, Transformer(self.connection))
        return prepared

    def _result(self, until: float) -> pq.abc.PGresult:
        pgconn = self._pgconn
        while pgconn.flush():
            self._wait(POLLIN | POLLOUT, until)
            pgconn.consume_input()
        while pgconn.is_busy():
            self._wait(POLLIN, until)
            pgconn.consume_input()
        result = pgconn.get_result()
        while pgconn.get_result():
            pass
        if result is None or pgconn.status == pq.ConnStatus.BAD:
            raise errors.OperationalError("the connection was lost")
        if result.status not in (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK):
            raise errors.error_from_result(result)
        return result

    def _wait(self, events: int, until: float) -> None:
        """Raises TimeoutError."""
        self._poll.register(self._pgconn.socket, events)
        left = until - time.monotonic()
        if left <= 0 or not self._poll.poll(left * 1000):
            raise TimeoutError("the database did not answer in time")
