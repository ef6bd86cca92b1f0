"""A slow or absent database: a quick 503, never “sold out”, and back to work when it is."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from simulation import database, tariffs
from tests.simulation.stage import address, open_shop

pytestmark = pytest.mark.django_db(transaction=True)

# VTEX hangs up after 2.5 s.
QUICK_SECONDS = 2.0


@pytest.fixture(autouse=True)
def _shop(client: Client) -> None:
    open_shop(timezone.now())
    assert simulate(client).status_code == 200


def simulate(client: Client, **fields: Any) -> Any:
    body = {"items": [{"id": "mug", "quantity": 1}]} | fields
    return client.post(address(), body, content_type="application/json")


def assert_quick_refusal(client: Client, **fields: Any) -> None:
    started = time.monotonic()
    response = simulate(client, **fields)
    assert time.monotonic() - started < QUICK_SECONDS
    assert response.status_code == 503
    assert response.json()["error"]["code"] == "database-unavailable"
    assert response["Cache-Control"] == "no-store"


@contextmanager
def locked(table: str) -> Iterator[None]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield


@pytest.mark.parametrize("destination", [{}, {"postalCode": "22270-030", "country": "BRA"}])
def test_a_statement_that_takes_too_long_is_refused(
    client: Client, destination: dict[str, str]
) -> None:
    with locked("sellers_stocklevel"):
        assert_quick_refusal(client, **destination)
    rest()
    assert simulate(client).status_code == 200


def test_a_connection_whose_first_statement_took_too_long_answers_the_next(client: Client) -> None:
    database.close_all()
    with locked("sellers_stocklevel"):
        assert_quick_refusal(client)
    rest()
    assert simulate(client).json()["items"][0]["id"] == "mug"


def test_freight_tables_that_take_too_long_are_refused_until_they_are_there(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    tariffs.forget()
    with locked("sellers_freightrate"):
        started = time.monotonic()
        response = simulate(client)
        assert time.monotonic() - started < QUICK_SECONDS
        assert response.status_code == 503
        assert response.json()["error"]["code"] == "tariff-compiling"
    wait_for_tariffs(client)


def wait_for_tariffs(client: Client) -> None:
    deadline = time.monotonic() + 5
    while simulate(client).status_code != 200 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert simulate(client).status_code == 200


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
    redirect(monkeypatch, silent_server)
    assert_quick_refusal(client)


def test_a_server_that_is_not_there_is_refused_at_once_and_not_asked_again_at_once(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    redirect(monkeypatch, a_free_port())
    assert_quick_refusal(client)
    tried: list[Any] = []
    monkeypatch.setattr(database, "_open_connection", lambda: tried.append(1))
    assert_quick_refusal(client)
    assert not tried


def test_it_answers_again_once_the_server_is_back(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        redirect(patch, a_free_port())
        assert_quick_refusal(client)
    rest()
    assert simulate(client).status_code == 200


def test_a_query_cut_off_in_the_middle_leaves_no_broken_connection(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "LISTEN_SECONDS", 0.2)
    with locked("sellers_stocklevel"):
        assert_quick_refusal(client)
    monkeypatch.undo()
    rest()
    assert simulate(client).status_code == 200


def rest() -> None:
    """Until the database is asked again."""
    time.sleep(database.REST_SECONDS)


def test_nobody_waits_for_a_database_that_just_kept_somebody_waiting(client: Client) -> None:
    with locked("sellers_stocklevel"):
        assert_quick_refusal(client)
        started = time.monotonic()
        for _ in range(5):
            assert_quick_refusal(client)
        assert time.monotonic() - started < 0.3


def test_one_at_a_time_tries_whether_the_database_is_well_again(client: Client) -> None:
    with locked("sellers_stocklevel"):
        assert_quick_refusal(client)
        rest()
        with ThreadPoolExecutor(4) as pool:
            took = sorted(pool.map(lambda _: seconds(Client()), range(4)))
    assert took[2] < 0.3
    assert took[3] > database.STATEMENT_MS / 1000 / 2


def seconds(client: Client) -> float:
    started = time.monotonic()
    assert_quick_refusal(client)
    return time.monotonic() - started


def test_a_database_that_is_slow_is_left_alone_for_a_moment_too(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database._fuse, "slow_seconds", 0.0)
    assert simulate(client).status_code == 200
    assert_quick_refusal(client)
    monkeypatch.undo()
    rest()
    assert simulate(client).status_code == 200
    assert simulate(client).status_code == 200


def test_waits_are_counted_together(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow statement leaves less time for freight tables that are not there yet."""
    tariffs.forget()
    monkeypatch.setattr(tariffs, "WAIT_SECONDS", 10.0)
    with locked("sellers_freightrate"):
        started = time.monotonic()
        assert simulate(client).status_code == 503
        assert time.monotonic() - started < database.PATIENCE_SECONDS + 0.3


def test_nobody_waits_for_freight_tables_that_others_gave_up_waiting_for(client: Client) -> None:
    tariffs.forget()
    with locked("sellers_freightrate"):
        assert simulate(client).status_code == 503
        started = time.monotonic()
        for _ in range(5):
            assert simulate(client).status_code == 503
        assert time.monotonic() - started < 0.3
    wait_for_tariffs(client)


def test_freight_tables_that_cannot_be_read_are_refused_not_a_fault(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise psycopg.OperationalError("gone")

    tariffs.forget()
    with monkeypatch.context() as patch:
        patch.setattr(tariffs, "_load", broken)
        assert simulate(client).status_code == 503
    assert simulate(client).status_code == 200


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
