"""Databases for the benchmarks' programs, so that none of them needs a server of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from django.db import connection
from psycopg import errors, sql
from pytest_django import DjangoDbBlocker

MakeDatabase = Callable[[str], str]


@pytest.fixture
def empty_database(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[MakeDatabase]:
    """Makes a database of that name on the tests' server, and returns its URL; gone afterwards.

    A copy of the tests' own, which saves the program most of its migrations.
    """
    made: list[str] = []

    def make(name: str) -> str:
        made.append(name)
        _copy(name)
        return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))

    with django_db_blocker.unblock():
        yield make
        for name in made:
            _execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


def _copy(name: str) -> None:
    template = str(connection.settings_dict["NAME"])
    # Nobody may be connected to what is copied: not this test, nor what another one left behind.
    connection.close()
    with suppress(errors.ObjectInUse):
        _execute("CREATE DATABASE {} TEMPLATE {}", name, template)
        return
    _execute("CREATE DATABASE {}", name)


def _execute(statement: str, *names: str) -> None:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as admin:
        admin.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
