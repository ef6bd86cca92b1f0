"""A slow or absent database: a quick 503, never “sold out”, and back to work when it is.

A busy machine is slow too. So every wait is long here but the one that must end, which is short;
and what counts is what was tried, not how long it took.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from simulation import database, tariffs
from simulation.prepared import Line
from tests.simulation.stage import address, open_shop

pytestmark = pytest.mark.django_db(transaction=True)

VTEX_SECONDS = 2.5
#: As they are, and not as conftest.py has them for tests.
PATIENCE_SECONDS = database.PATIENCE_SECONDS
WAITS_SECONDS = (
    database.STATEMENT_MS / 1_000,
    database.LISTEN_SECONDS,
    database.CONNECT_SECONDS,
    tariffs.WAIT_SECONDS,
)
#: Who still waits after this waits for what never comes.
ENDLESS_SECONDS = 45.0
SHORT = 0.3


@pytest.fixture(autouse=True)
def _shop(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    open_shop(timezone.now())
    assert simulate(client).status_code == 200
    rest_for(0.0, monkeypatch)


def rest_for(seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """How long a database that failed is not asked again."""
    monkeypatch.setattr(database._fuse, "rest_seconds", seconds)


def simulate(client: Client, **fields: Any) -> Any:
    body = {"items": [{"id": "mug", "quantity": 1}]} | fields
    return client.post(address(), body, content_type="application/json")


def assert_refused(client: Client, code: str = "database-unavailable", **fields: Any) -> None:
    started = time.monotonic()
    response = simulate(client, **fields)
    assert time.monotonic() - started < ENDLESS_SECONDS
    assert response.status_code == 503
    assert response.json()["error"]["code"] == code
    assert response["Cache-Control"] == "no-store"


def assert_answers_again(client: Client) -> None:
    deadline = time.monotonic() + ENDLESS_SECONDS
    while (response := simulate(client)).status_code != 200 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [item["id"] for item in response.json()["items"]] == ["mug"]


@contextmanager
def short(**limits: float) -> Iterator[None]:
    """These waits end soon, on new connections."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in limits.items():
            patch.setattr(database if hasattr(database, name) else tariffs, name, value)
        database.close_all()
        yield
    database.close_all()


@contextmanager
def locked(table: str) -> Iterator[None]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the database was asked."""
    statements: list[str] = []
    ask = Line.ask

    def noted(self: Line, sql: str, *args: Any, **options: Any) -> Any:
        statements.append(sql)
        return ask(self, sql, *args, **options)

    monkeypatch.setattr(Line, "ask", noted)
    return statements


def test_no_wait_outlasts_the_marketplace_s_patience_with_a_second_to_spare() -> None:
    assert max(WAITS_SECONDS) < PATIENCE_SECONDS <= VTEX_SECONDS - 1
    assert database.soon() - time.monotonic() <= database.PATIENCE_SECONDS


# --- slow -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("destination", [{}, {"postalCode": "22270-030", "country": "BRA"}])
def test_postgresql_gives_up_a_statement_that_takes_too_long_and_the_connection_stays(
    client: Client, destination: dict[str, str]
) -> None:
    with short(STATEMENT_MS=300):
        with locked("sellers_stocklevel"):
            assert_refused(client, **destination)
        kept = database._line(database.soon())
        assert_answers_again(client)
        assert database._line(database.soon()) is kept


def test_an_answer_that_was_not_waited_for_is_not_taken_for_the_next(client: Client) -> None:
    with short(LISTEN_SECONDS=SHORT), locked("sellers_stocklevel"):
        assert_refused(client)
    assert_answers_again(client)


def test_all_waits_of_an_answer_have_one_limit(client: Client) -> None:
    """A slow statement leaves less time for freight tables that are not there yet."""
    with short(PATIENCE_SECONDS=SHORT), locked("sellers_stocklevel"):
        assert_refused(client)
    tariffs.forget()
    with short(PATIENCE_SECONDS=2.0), locked("sellers_freightrate"):
        assert_refused(client, "tariff-compiling")
    assert_answers_again(client)


def test_nobody_waits_for_a_database_that_just_kept_somebody_waiting(
    client: Client, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rest_for(60.0, monkeypatch)
    with short(STATEMENT_MS=300), locked("sellers_stocklevel"):
        assert_refused(client)
        asked.clear()
        for _ in range(5):
            assert_refused(client)
        assert asked == []


def test_one_at_a_time_tries_whether_the_database_is_well_again(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with short(STATEMENT_MS=300), locked("sellers_stocklevel"):
        assert_refused(client)
        rest_for(60.0, monkeypatch)
    database._fuse.resting_until = 0.0  # close_all mended it: it has failed, and has rested
    tries: list[int] = []
    trying, go_on = threading.Event(), threading.Event()
    read = database._read

    def slowly(*args: Any) -> Any:
        tries.append(1)
        trying.set()
        go_on.wait(60)
        return read(*args)

    monkeypatch.setattr(database, "_read", slowly)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(simulate, Client())
        assert trying.wait(60)
        for _ in range(3):
            assert_refused(client)
        assert len(tries) == 1
        go_on.set()
        assert first.result().status_code == 200
    assert simulate(client).status_code == 200


def test_a_database_that_is_slow_is_left_alone_for_a_moment_too(
    client: Client, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rest_for(60.0, monkeypatch)
    with monkeypatch.context() as patch:
        patch.setattr(database._fuse, "slow_seconds", 0.0)
        assert simulate(client).status_code == 200
    asked.clear()
    assert_refused(client)
    assert asked == []
    database._fuse.resting_until = 0.0
    assert simulate(client).status_code == 200
    assert simulate(client).status_code == 200


# --- freight tables -------------------------------------------------------------------------------


def test_freight_tables_that_take_too_long_are_refused_until_they_are_there(
    client: Client,
) -> None:
    tariffs.forget()
    with short(WAIT_SECONDS=SHORT), locked("sellers_freightrate"):
        assert_refused(client, "tariff-compiling")
    assert_answers_again(client)


def test_nobody_waits_for_freight_tables_that_others_gave_up_waiting_for(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    tariffs.forget()
    with short(WAIT_SECONDS=SHORT), locked("sellers_freightrate"):
        assert_refused(client, "tariff-compiling")
        waits: list[float | None] = []
        result = Future.result

        def noted(self: Future[Any], timeout: float | None = None) -> Any:
            waits.append(timeout)
            return result(self, timeout)

        with monkeypatch.context() as patch:
            patch.setattr(Future, "result", noted)
            for _ in range(5):
                assert_refused(client, "tariff-compiling")
        assert waits == [0.0] * 5
    assert_answers_again(client)


def test_freight_tables_that_cannot_be_read_are_refused_not_a_fault(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise psycopg.OperationalError("gone")

    tariffs.forget()
    with monkeypatch.context() as patch:
        patch.setattr(tariffs, "_load", broken)
        assert_refused(client, "tariff-unavailable")
    assert simulate(client).status_code == 200


# --- absent ---------------------------------------------------------------------------------------


def test_a_connection_cut_by_the_server_is_replaced_unnoticed(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert cursor.fetchone()[0] >= 1
    assert simulate(client).status_code == 200


def test_a_server_that_falls_silent_is_not_listened_to_for_long(
    client: Client, silent_server: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with short(CONNECT_SECONDS=SHORT):
        redirect(monkeypatch, silent_server)
        assert_refused(client)


def test_a_server_that_is_not_there_is_refused_at_once_and_not_asked_again_at_once(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    rest_for(60.0, monkeypatch)
    redirect(monkeypatch, a_free_port())
    assert_refused(client)
    tried: list[Any] = []
    monkeypatch.setattr(database, "_open_connection", lambda: tried.append(1))
    assert_refused(client)
    assert not tried


def test_it_answers_again_once_the_server_is_back(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        redirect(patch, a_free_port())
        assert_refused(client)
    assert simulate(client).status_code == 200


# --- another database than before -----------------------------------------------------------------


def test_one_connection_stays_and_its_statement_is_prepared_once(client: Client) -> None:
    connections = set()
    for _ in range(3):
        assert simulate(client).status_code == 200
        line = database._line(database.soon())
        prepared = "SELECT pg_backend_pid(), count(*)::int FROM pg_prepared_statements"
        connections.update(line.ask(prepared, (), until=database.soon()))
    ((_pid, statements),) = connections
    assert statements == 2  # the simulation's, and this test's


def test_prepared_statements_that_are_gone_are_prepared_again(client: Client) -> None:
    line = database._line(database.soon())
    line.ask("DEALLOCATE ALL", (), until=database.soon())
    assert simulate(client).status_code == 200


def test_a_table_that_changed_under_a_prepared_statement_is_read_anew(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE sellers_sku ALTER COLUMN measurement_unit TYPE varchar(99)")
        try:
            assert simulate(client).status_code == 200
        finally:
            cursor.execute("ALTER TABLE sellers_sku ALTER COLUMN measurement_unit TYPE varchar(20)")


def redirect(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    database.close_all()
    monkeypatch.setattr(
        database,
        "_parameters",
        lambda _ms: {"host": "127.0.0.1", "port": port, "connect_timeout": 2, "user": "nobody"},
    )


def a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def silent_server() -> Iterator[int]:
    """Takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken: list[socket.socket] = []
        threading.Thread(target=_take, args=(server, taken), daemon=True).start()
        yield server.getsockname()[1]
    for each in taken:
        each.close()


def _take(server: socket.socket, taken: list[socket.socket]) -> None:
    while True:
        try:
            taken.append(server.accept()[0])
        except OSError:
            return


def test_every_connection_refuses_to_write(client: Client) -> None:
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        database.read("DELETE FROM sellers_hold RETURNING id", (), until=database.soon())
