"""The ground every test stands on: servers of this run's own, and settings that suit tests.

pytest-django loads the settings after this file was imported, so this is the place to say where
PostgreSQL and Redis are. Without DATABASE_URL and REDIS_URL, each process of a run (pytest-xdist
starts several) starts throwaway ones of its own.
"""

from __future__ import annotations

import atexit
import os
import tempfile
from collections.abc import Iterator
from contextlib import nullcontext
from unittest import mock
from urllib.parse import urlsplit, urlunsplit

import django
import pytest
from django.conf import settings
from django.test import TransactionTestCase
from django.test.utils import override_settings
from django.utils import timezone, translation
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from redis import Redis

from config.embedded import start_throwaway

# Given somebody's Redis, tests empty this database of it between them and touch no other: this
# and, with several processes, those below it, one each.
REDIS_TEST_DATABASE = 15
_ENVIRONMENT = dict(os.environ)
_ENVIRONMENT.pop("DJANGO_SETTINGS_MODULE", None)  # set by importing config


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """The processes about to start inherit the environment as it was: each names its servers."""
    os.environ.clear()
    os.environ.update(_ENVIRONMENT)


def _name_the_servers() -> None:
    if os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"):
        process = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
        parts = urlsplit(os.environ["REDIS_URL"])
        path = f"/{REDIS_TEST_DATABASE - process}"
        os.environ["REDIS_URL"] = urlunsplit(parts._replace(path=path))
        return
    embedded = start_throwaway()
    atexit.register(embedded.stop)
    os.environ["DATABASE_URL"] = embedded.database_url
    os.environ["REDIS_URL"] = embedded.redis_url


def _name_the_rest() -> None:
    for name in ("PORT", "HOST", "PORTAL_URL", "SANDBOX_PORT"):  # where somebody's portal runs
        os.environ.pop(name, None)
    var = tempfile.TemporaryDirectory(prefix="portal-var-")
    atexit.register(var.cleanup)
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PORTAL_ENV": "development",
        "PORTAL_VAR": var.name,
        # Tests that look at recorded simulations have them written when they ask for it.
        "SIMULATION_RECORD_SECONDS": "0",
    }


if settings.configured:
    raise pytest.UsageError(
        "Unset DJANGO_SETTINGS_MODULE (and --ds): tests/conftest.py names the settings itself, "
        "after it has started the servers they point at."
    )
_name_the_servers()
_name_the_rest()
# Test modules import models, which need the apps to be there.
django.setup()
# How long an example takes says more about the machine than about the code. Every run tries the
# same examples, so that what passes here passes elsewhere; more are found with
# `--hypothesis-profile=thorough`.
hypothesis_settings.register_profile(
    "any-machine",
    deadline=None,
    derandomize=True,
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow],
)
hypothesis_settings.register_profile(
    "thorough", hypothesis_settings.get_profile("any-machine"), derandomize=False, max_examples=1000
)
hypothesis_settings.load_profile("any-machine")


@pytest.fixture(scope="session", autouse=True)
def _settings_for_tests() -> Iterator[None]:
    """Static files by their plain names (nothing is collected) and passwords that hash fast."""
    with override_settings(
        STORAGES=settings.STORAGES
        | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}},
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    ):
        yield


@pytest.fixture(scope="session", autouse=True)
def _delete_only_what_was_written() -> Iterator[None]:
    from tests import emptying

    with mock.patch.object(TransactionTestCase, "_fixture_teardown", emptying.after_each):
        yield


@pytest.fixture(scope="session")
def redis_connection() -> Iterator[Redis]:
    """The Redis that the settings name."""
    connection = Redis.from_url(settings.REDIS_URL)
    yield connection
    connection.close()


@pytest.fixture(autouse=True)
def _empty_redis(redis_connection: Redis) -> Iterator[None]:
    """What one test left in Redis (rates, breakers, queued tasks) is not there in the next."""
    yield
    redis_connection.flushdb()


@pytest.fixture(autouse=True)
def _language_of_the_last_request_is_forgotten() -> Iterator[None]:
    """A request's language and clock stay with its thread; the next test begins without."""
    yield
    translation.deactivate()
    timezone.deactivate()


@pytest.fixture(autouse=True)
def _simulation_reads_what_the_test_wrote(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """The simulation has connections of its own, which can't see a test's open transaction.

    It borrows the test's connection then; tests that commit keep the real ones.
    """
    from simulation import capturing, database, tariffs
    from simulation.prepared import Line

    if _has_open_transaction(request):
        request.getfixturevalue("db")
        from django.db import connection

        connection.ensure_connection()
        borrowed = connection.connection
        line = Line(borrowed)
        monkeypatch.setattr(database, "_line", lambda _until: line)
        monkeypatch.setattr(database, "patient", lambda: nullcontext(borrowed))
        monkeypatch.setattr(database, "writing", lambda: nullcontext(borrowed))
    yield
    capturing.waiting.clear()
    capturing.tallier.take()
    tariffs.forget()
    database.close_all()


@pytest.fixture(autouse=True)
def _simulation_is_patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine too: its answers are right here, and late elsewhere."""
    from simulation import database, tariffs

    for name in ("PATIENCE_SECONDS", "LISTEN_SECONDS", "CONNECT_SECONDS"):
        monkeypatch.setattr(database, name, 60.0)
    monkeypatch.setattr(database, "STATEMENT_MS", 60_000)
    monkeypatch.setattr(database._fuse, "slow_seconds", 60.0)
    monkeypatch.setattr(tariffs, "WAIT_SECONDS", 60.0)


def _has_open_transaction(request: pytest.FixtureRequest) -> bool:
    marker = request.node.get_closest_marker("django_db")
    if {"transactional_db", "live_server"} & set(request.fixturenames):
        return False
    return "db" in request.fixturenames or bool(marker and not marker.kwargs.get("transaction"))
