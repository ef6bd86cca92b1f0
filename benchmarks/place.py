"""Where the benchmark's data lives: a database of its own, kept between runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from config.embedded import running

# Raised when the data set changes shape: another database is then made beside the old one.
VERSION = 1


@contextmanager
def database(*, var: Path, server: str | None, largest: int, ranges: int) -> Iterator[str]:
    """The URL of the database for catalogues up to `largest` SKUs, made if it is not there.

    On the `server` given by URL, or on the embedded one under `var`. The environment names it too,
    for Django here and in every server process.
    """
    with named(name_of(largest, ranges), var=var, server=server) as url:
        yield url


@contextmanager
def named(name: str, *, var: Path, server: str | None) -> Iterator[str]:
    """The URL of the database called `name`, made if it is not there; as `database` says."""
    if server:
        yield _made(server, name, redis=os.environ.get("REDIS_URL"))
        return
    with running(var / "servers") as embedded:
        yield _made(embedded.database_url, name, redis=embedded.redis_url)


@contextmanager
def servers(*, database: str | None, data: Path) -> Iterator[None]:
    """The environment names PostgreSQL and Redis: servers of our own under `data` that flush to
    disk, or the empty `database` given by URL, and the Redis that is named already."""
    if database:
        os.environ["DATABASE_URL"] = database
        yield
        return
    with running(data / "servers") as embedded:
        os.environ |= {"DATABASE_URL": embedded.database_url, "REDIS_URL": embedded.redis_url}
        yield


def name_of(largest: int, ranges: int) -> str:
    """The database for catalogues up to so many SKUs and so many postal ranges a policy."""
    return f"benchmark_v{VERSION}_{largest}_{ranges}"


def _made(server: str, name: str, *, redis: str | None) -> str:
    with psycopg.connect(server, autocommit=True) as connection:
        known = connection.execute("SELECT FROM pg_database WHERE datname = %s", [name])
        if known.fetchone() is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    url = urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    os.environ |= {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings"}
    os.environ["REDIS_URL"] = redis or os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")
    return url
