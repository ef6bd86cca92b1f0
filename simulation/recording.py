"""Writes down what `simulation.capturing` collects: a thread of each process, now and then.

A database that does not answer costs the recorded answers of that moment, never a request; the
counts wait until it is back.
"""

from __future__ import annotations

import logging
import threading
import time
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
import psycopg
from django.conf import settings
from psycopg.types.json import Jsonb

from simulation import capturing, database, preserving
from simulation.capturing import Kept
from simulation.tallying import Tallies, Tally
from simulation.types import Cart

logger = logging.getLogger(__name__)

Accounts = Mapping[str, int]
Connection = psycopg.Connection[Any]

_ACCOUNTS = """
SELECT endpoint_key, id FROM sellers_selleraccount WHERE endpoint_key = ANY(%(keys)s)
UNION ALL
SELECT old_endpoint_key, id FROM sellers_selleraccount WHERE old_endpoint_key = ANY(%(keys)s)
"""
_CAPTURE = """
INSERT INTO simulation_simulationcapture
    (account_id, at, status, causes, refs, lines, tariff_revision, took_us, payload, answer)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_MINUTE = """
INSERT INTO simulation_simulationminute AS known
    (account_id, minute, calls, unavailable, rejected, unanswered, failed, dropped,
     durations, causes)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (minute, account_id) DO UPDATE SET
    calls = known.calls + EXCLUDED.calls,
    unavailable = known.unavailable + EXCLUDED.unavailable,
    rejected = known.rejected + EXCLUDED.rejected,
    unanswered = known.unanswered + EXCLUDED.unanswered,
    failed = known.failed + EXCLUDED.failed,
    dropped = known.dropped + EXCLUDED.dropped,
    durations = ARRAY(
        SELECT COALESCE(a, 0) + COALESCE(b, 0)
        FROM unnest(known.durations, EXCLUDED.durations) WITH ORDINALITY AS pair(a, b, at)
        ORDER BY at
    ),
    causes = (
        SELECT COALESCE(jsonb_object_agg(code, lines), '{}')
        FROM (
            SELECT code, sum(lines::int) AS lines
            FROM (
                SELECT * FROM jsonb_each_text(known.causes)
                UNION ALL SELECT * FROM jsonb_each_text(EXCLUDED.causes)
            ) AS each(code, lines)
            GROUP BY code
        ) AS summed
    )
"""

_lock = threading.Lock()
_thread: threading.Thread | None = None


def start() -> None:
    """Have this process's recorder running; a forked process finds none, and starts its own."""
    global _thread
    if (_thread is None or not _thread.is_alive()) and settings.SIMULATION_RECORD_SECONDS:
        with _lock:
            if _thread is None or not _thread.is_alive():
                _thread = threading.Thread(target=_run, name="simulation-recorder", daemon=True)
                _thread.start()


def _run() -> None:
    while seconds := settings.SIMULATION_RECORD_SECONDS:
        time.sleep(seconds)
        try:
            flush()
        except Exception:
            logger.exception("Simulations could not be recorded.")


def flush() -> None:
    """Write down what was collected. What can't be written is lost (answers) or waits (counts)."""
    kept = [capturing.waiting.popleft() for _ in range(len(capturing.waiting))]
    tallies = capturing.tallier.take()
    if not tallies and not kept:
        return
    try:
        with database.writing() as connection:
            accounts = _accounts(connection, {cell.endpoint_key for cell in tallies})
            _write_minutes(connection, tallies, accounts)
            tallies = {}
            _write_captures(connection, kept, accounts)
    except psycopg.Error as error:
        logger.warning("Simulations could not be recorded: %s", type(error).__name__)
        capturing.tallier.give_back(tallies)
        for each in kept:
            capturing.tallier.drop(each.endpoint_key, each.at)


def _accounts(connection: Connection, keys: Iterable[str]) -> Accounts:
    rows = connection.execute(_ACCOUNTS, {"keys": [key for key in keys if "\0" not in key]})
    return dict(rows.fetchall())


# --- counts ---------------------------------------------------------------------------------------


def _write_minutes(connection: Connection, tallies: Tallies, accounts: Accounts) -> None:
    """In a fixed order, so that processes never wait for each other in a circle."""
    summed: dict[tuple[int, int], Tally] = {}
    for cell, tally in tallies.items():
        account = accounts.get(cell.endpoint_key, 0)
        summed.setdefault((cell.minute, account), Tally()).add(tally)
    rows = [_minute(minute, account, summed[minute, account]) for minute, account in sorted(summed)]
    with connection.transaction(), connection.cursor() as cursor:
        cursor.executemany(_MINUTE, rows)


def _minute(minute: int, account: int, tally: Tally) -> tuple[Any, ...]:
    return (
        account or None,
        datetime.fromtimestamp(minute * 60, UTC),
        tally.calls,
        tally.unavailable,
        tally.rejected,
        tally.unanswered,
        tally.failed,
        tally.dropped,
        tally.durations,
        Jsonb(dict(tally.causes)),
    )


# --- answers --------------------------------------------------------------------------------------


def _write_captures(connection: Connection, kept: Iterable[Kept], accounts: Accounts) -> None:
    rows = []
    for each in kept:
        account = each.snapshot.account.id if each.snapshot else accounts.get(each.endpoint_key)
        if account:  # who asked at an unknown address is counted, and no more
            rows += _row(account, each)
        time.sleep(0)  # requests first
    with connection.transaction(), connection.cursor() as cursor:
        cursor.executemany(_CAPTURE, rows)


def _row(account: int, kept: Kept) -> list[tuple[Any, ...]]:
    """One row; none, and a line in the log, of an answer that can't be written down."""
    try:
        return [(account, *_capture(kept))]
    except Exception:
        logger.exception("A simulation could not be written down.")
        capturing.tallier.drop(kept.endpoint_key, kept.at)
        return []


def _capture(kept: Kept) -> tuple[Any, ...]:
    cart = preserving.scrubbed(kept.cart) if kept.cart else None
    body = redacted(kept.body, kept, cart)
    return (
        kept.at,
        kept.status,
        sorted(set(kept.causes.values())),
        sorted({item.ref for item in cart.items if "\0" not in item.ref}) if cart else [],
        Jsonb(_lines(kept, cart, body)),
        kept.snapshot.tariff.revision if kept.snapshot else None,
        kept.took_us,
        preserving.pack(cart, kept.snapshot, kept.at) if cart else b"",
        zlib.compress(body),
    )


def redacted(body: bytes, kept: Kept, cart: Cart | None) -> bytes:
    """The answer as it would have been to the scrubbed cart; a refusal without what it quotes."""
    if kept.status != 200:
        error = orjson.loads(body)["error"]
        return orjson.dumps({"error": error | {"message": error["message"].partition(", got ")[0]}})
    if cart is None or cart == kept.cart:
        return body
    answer = orjson.loads(body) | {
        "country": cart.country,
        "postalCode": cart.postal_code,
        "geoCoordinates": cart.geo_coordinates,
    }
    for item in answer["items"]:
        asked = cart.items[item["requestIndex"]]
        item["id"] = asked.ref
        item["seller"] = asked.seller if asked.seller is not None else item["seller"]
    return orjson.dumps(answer)


def _lines(kept: Kept, cart: Cart | None, body: bytes) -> list[tuple[str, int, int, str]]:
    """[SKU, asked, served, cause] of each line, as it is shown in lists."""
    if cart is None:
        return []
    items = orjson.loads(body)["items"] if kept.status == 200 else []
    served = Counter({item["requestIndex"]: item["quantity"] for item in items})
    call = kept.causes.get(-1, "")
    return [
        (item.ref.replace("\0", ""), item.quantity, served[item.position], cause)
        for item in cart.items
        if (cause := kept.causes.get(item.position, call)) is not None
    ]
