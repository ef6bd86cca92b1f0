"""`python -m benchmarks.placement`: orders a second when everybody wants the same ten SKUs.

64 clients, one unit of each SKU an order, every order written and committed whole, on a server that
flushes to disk. Side by side in one run: the portal over HTTP, its use case alone, the same rows in
plain SQL under locks in id order (the floor), and the optimistic way. docs/benchmarks.md explains.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles

from benchmarks import machine
from benchmarks.load import Client
from benchmarks.placing_ways import Load, Tally, run
from config.embedded import running
from proofs import portal, shop

STOCK = 1_000_000
FLOOR_SHARE, P99_MS = 0.6, 100.0


@dataclass
class Row:
    """A way's placements over all rounds."""

    label: str
    seconds: float = 0.0
    waited: list[float] = field(default_factory=list)
    worked: list[float] = field(default_factory=list)
    retries: int = 0
    cpu_seconds: float = 0.0
    database_seconds: float = 0.0

    @property
    def rate(self) -> float:
        return len(self.waited) / self.seconds if self.seconds else 0.0

    def each_ms(self, seconds: float) -> float:
        """Milliseconds for each order placed."""
        return seconds * 1000 / max(1, len(self.waited))


def main() -> int:
    options = _options()
    refs = tuple(f"HOT-{number:02d}" for number in range(options.skus))
    data = Path(tempfile.mkdtemp(prefix="bench-placement-"))
    try:
        with running(data / "servers") as embedded:
            os.environ |= {
                "DATABASE_URL": embedded.database_url,
                "REDIS_URL": embedded.redis_url,
                "DJANGO_SETTINGS_MODULE": "config.settings",
                "PORTAL_VAR": str(data),
                "LOG_LEVEL": "ERROR",
            }
            _prepare(refs)
            rows = _rows(options)
            postmaster = _postmaster()
            for _round in range(options.rounds):
                _measure(options, refs, rows, postmaster)
    finally:
        shutil.rmtree(data, ignore_errors=True)
    _report(options, rows)
    return 0


def _prepare(refs: Sequence[str]) -> None:
    import django
    from django.core.management import call_command
    from django.db import connection

    django.setup()
    call_command("migrate", verbosity=0)
    shop.open_shop(stock={ref: [STOCK] * 3 for ref in refs}, now=datetime.now(UTC))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    connection.close()


def _rows(options: argparse.Namespace) -> dict[str, Row]:
    pooled = f"{options.at_once} connections"
    rows = {
        "http": Row(f"portal over HTTP, {pooled}"),
        "use-case": Row(f"portal's use case alone, {pooled}"),
        "floor": Row(f"plain SQL, locked in id order, {pooled} (the floor)"),
        "floor-wide": Row(f"plain SQL, locked in id order, {options.clients} connections"),
        "optimistic": Row(f"plain SQL, optimistic, {pooled}"),
        "optimistic-wide": Row(f"plain SQL, optimistic, {options.clients} connections"),
    }
    chosen = {"http", "floor", *(options.ways or rows)}
    return {name: row for name, row in rows.items() if name in chosen}


def _postmaster() -> int:
    """PostgreSQL's first process, the parent of all its others."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend: int = cursor.fetchone()[0]
    parent = machine.parent_of(backend)
    connection.close()
    return parent


def _measure(
    options: argparse.Namespace, refs: tuple[str, ...], rows: dict[str, Row], postmaster: int
) -> None:
    """HTTP first: it places the order whose facts the plain ways copy."""
    _http(options, refs, rows["http"], postmaster)
    for name in (each for each in rows if each != "http"):
        way, _, width = name.partition("-wide") if name.endswith("-wide") else (name, "", None)
        at_once = options.at_once if width is None else options.clients
        loads = _loads(options, refs, way=way, at_once=at_once)
        _in_processes(loads, rows[name], postmaster)


# --- over HTTP ------------------------------------------------------------------------------------


def _http(options: argparse.Namespace, refs: Sequence[str], row: Row, postmaster: int) -> None:
    threads = max(1, options.at_once // options.processes)
    with (
        portal.serving(port=options.port, workers=options.processes, threads=threads) as web,
        Client(port=options.port, connections=options.clients) as client,
    ):
        client.closed_loop(_requests(refs, 4_000), seconds=2.0)
        requests = _requests(refs, int(options.seconds * 2_000))
        before = _orders(), machine.cpu_seconds(web), machine.cpu_seconds(postmaster)
        sample = client.closed_loop(requests, seconds=options.seconds)
        row.cpu_seconds += machine.cpu_seconds(web) - before[1]
        row.database_seconds += machine.cpu_seconds(postmaster) - before[2]
    placed = _orders() - before[0]
    if placed != sample.count:
        raise RuntimeError(f"{sample.count} answers, {placed} orders in the database.")
    row.seconds += sample.seconds
    row.waited += sample.latencies


def _orders() -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM orders_order")
        count: int = cursor.fetchone()[0]
    connection.close()
    return count


def _requests(refs: Sequence[str], count: int) -> list[bytes]:
    """Whole HTTP requests, every one another order, its lines in an order of its own."""
    chance = random.Random(count)  # noqa: S311 (nothing secret)
    first = time.time_ns() // 1_000_000 % 10**10 * 10
    bodies = []
    for number in range(first, first + count):
        shuffled = chance.sample(refs, len(refs))
        body = shop.placement(number, dict.fromkeys(shuffled, 1))
        head = (
            f"POST {shop.PLACE_PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        bodies.append(head.encode() + body)
    return bodies


# --- without HTTP ---------------------------------------------------------------------------------


def _loads(
    options: argparse.Namespace, refs: tuple[str, ...], *, way: str, at_once: int
) -> list[Load]:
    starts_at = time.time() + options.lead
    first = time.time_ns() // 1_000 % 10**9 * 100
    return [
        Load(
            way=way,
            refs=refs,
            first_number=first + 10**10 * share,
            clients=options.clients // options.processes,
            at_once=max(1, at_once // options.processes),
            starts_at=starts_at,
            seconds=options.seconds,
        )
        for share in range(options.processes)
    ]


def _in_processes(loads: Sequence[Load], row: Row, postmaster: int) -> None:
    """What is placed before the start warms up; it is not counted, nor is its CPU time."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(len(loads), mp_context=context) as processes:
        running_loads = [processes.submit(run, load) for load in loads]
        time.sleep(max(0.0, loads[0].starts_at - time.time()))
        before = machine.cpu_seconds(postmaster)
        time.sleep(loads[0].seconds)
        row.database_seconds += machine.cpu_seconds(postmaster) - before
        for each in running_loads:
            _add(row, each.result())
    row.seconds += loads[0].seconds


def _add(row: Row, tally: Tally) -> None:
    row.waited += tally.waited
    row.worked += tally.worked
    row.retries += tally.retries
    row.cpu_seconds += tally.cpu_seconds


# --- words ----------------------------------------------------------------------------------------


def _report(options: argparse.Namespace, rows: dict[str, Row]) -> None:
    print(
        f"{options.clients} clients, {options.skus} SKUs, one unit of each an order; "
        f"{options.processes} processes on {os.cpu_count()} cores, "
        f"{options.rounds} × {options.seconds:g} s each, load average {os.getloadavg()[0]:.1f}"
    )
    floor = rows["floor"].rate
    print(
        _cells(
            "", ("orders/s", "× floor", "CPU ms", "PG ms", "p50 ms", "p99 ms", "inside", "tries")
        )
    )
    for row in rows.values():
        print(_cells(row.label, _figures(row, floor)))
    print(
        "CPU, PG: of the portal (or its like) and of PostgreSQL, for each order. p50, p99: as the"
    )
    print("client waits; inside: p99 once it has a connection. tries: for each order.")
    for name in sorted({"http", "use-case"} & set(rows)):
        share = rows[name].rate / floor
        print(
            f"Goal {name}: {share:.2f} of the floor, ≥ {FLOOR_SHARE}: {_said(share >= FLOOR_SHARE)}"
        )
    p99 = _p99(rows["http"].waited)
    said = _said(p99 < P99_MS)
    print(f"Goal http: p99 {p99:.0f} ms at {options.clients} clients, < {P99_MS:g}: {said}")


def _figures(row: Row, floor: float) -> tuple[str, ...]:
    return (
        f"{row.rate:.0f}",
        f"{row.rate / floor:.2f}",
        f"{row.each_ms(row.cpu_seconds):.1f}",
        f"{row.each_ms(row.database_seconds):.1f}",
        f"{median(row.waited) * 1000:.0f}",
        f"{_p99(row.waited):.0f}",
        f"{_p99(row.worked):.0f}" if row.worked else "",
        f"{1 + row.retries / max(1, len(row.waited)):.1f}",
    )


def _cells(label: str, figures: Sequence[str]) -> str:
    return f"{label:58}" + "".join(f"{figure:>9}" for figure in figures)


def _p99(seconds: Sequence[float]) -> float:
    return quantiles(seconds, n=100, method="inclusive")[98] * 1000


def _said(reached: bool) -> str:
    return "reached" if reached else "not reached"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.placement", description=__doc__)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--skus", type=int, default=10)
    parser.add_argument("--at-once", type=int, default=8, help="connections of the small pool")
    parser.add_argument("--processes", type=int, default=2, help="web workers, or their likes")
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--lead", type=float, default=6.0, help="seconds to start and warm up in")
    parser.add_argument("--ways", nargs="*", help="these, besides http and floor (default: all)")
    parser.add_argument("--port", type=int, default=None)
    options = parser.parse_args()
    options.port = options.port or portal.free_port()
    return options


if __name__ == "__main__":
    sys.exit(main())
