"""The line to the database, cut: what PostgreSQL sees when a worker is killed in the middle."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import psycopg
from django.db import connection
from django.db.backends.postgresql.base import DatabaseWrapper

from sellers import prepared

_WHERE = ("host", "port", "user", "password", "dbname")


def cut_the_line() -> None:
    """End PostgreSQL's half of our connection, and wait until it is gone."""
    ours = connection.connection.info.backend_pid
    facts = connection.get_connection_params()
    where = {key: facts[key] for key in _WHERE if key in facts}
    with psycopg.connect(**where, autocommit=True) as other:
        ended = other.execute("SELECT pg_terminate_backend(%s, 20000)", [ours])
        assert ended.fetchone() == (True,)


class Cut:
    """Cuts the line before the statement `before`, counted from 1; a commit counts as one."""

    def __init__(self, before: int) -> None:
        self.before = before
        self.statements = 0

    @property
    def happened(self) -> bool:
        return self.statements >= self.before

    def next(self) -> None:
        self.statements += 1
        if self.statements == self.before:
            cut_the_line()


@contextmanager
def cutting(before: int) -> Iterator[Cut]:
    """While this lasts; whoever is cut off has a new line afterwards."""
    cut = Cut(before)

    def counted(statement: Callable[..., Any]) -> Callable[..., Any]:
        def run(*given: Any, **more: Any) -> Any:
            cut.next()
            return statement(*given, **more)

        return run

    def execute(statement: Callable[..., Any], *given: Any) -> Any:
        return counted(statement)(*given)

    line: Any = DatabaseWrapper
    with (
        mock.patch.object(prepared, "_run", counted(prepared._run)),
        mock.patch.object(line, "_commit", counted(line._commit)),
        connection.execute_wrapper(execute),
    ):
        yield cut
    if cut.happened:
        connection.close()
