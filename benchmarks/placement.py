"""`python -m benchmarks.placement`: orders a second when everybody wants the same ten SKUs.

64 clients, every order written and committed whole, on a server that flushes to disk; once with
orders of one unit of one of the SKUs, once with orders of one unit of each. Side by side in one
run: the portal over HTTP, its use case alone, the same rows in plain SQL under locks in id order
(the floor), and the optimistic way. docs/benchmarks.md explains.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles

from benchmarks import machine
from benchmarks.load import Client
from benchmarks.place import servers
from benchmarks.placing_ways import Chosen, Load, Tally, run
from proofs import portal, shop

STOCK = 1_000_000
FLOOR_SHARE, P99_MS = 0.6, 100.0
PATIENCE_SECONDS = 120.0


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

    @property
    def cpu_ms(self) -> float:
        return self.each_ms(self.cpu_seconds + self.database_seconds)

    def each_ms(self, seconds: float) -> float:
        """Milliseconds for each order placed."""
        return seconds * 1000 / max(1, len(self.waited))


def main() -> int:
    options = _options()
    refs = tuple(f"HOT-{number:02d}" for number in range(options.skus))
    data = Path(tempfile.mkdtemp(prefix="bench-placement-"))
    try:
        with servers(database=options.database, data=data):
            os.environ |= {
                "DJANGO_SETTINGS_MODULE": "config.settings",
                "PORTAL_VAR": str(data),
                "LOG_LEVEL": "ERROR",
            }
            _prepare(refs)
            postmaster = _postmaster()
            tables = {lines: _rows(options) for lines in options.lines}
            for _round in range(options.rounds):
                for lines, rows in tables.items():
                    _measure(options, refs, lines, rows, postmaster)
    finally:
        shutil.rmtree(data, ignore_errors=True)
    print("\n".join(_report(options, tables)))
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
    options: argparse.Namespace,
    refs: tuple[str, ...],
    lines: int,
    rows: dict[str, Row],
    postmaster: int,
) -> None:
    """HTTP first: it places the order whose facts the plain ways copy."""
    _http(options, Chosen(refs, lines), rows["http"], postmaster)
    for name in (each for each in rows if each != "http"):
        way = name.removesuffix("-wide")
        at_once = options.at_once if way == name else options.clients
        loads = _loads(options, refs, lines=lines, way=way, at_once=at_once)
        _in_processes(loads, rows[name], postmaster)


# --- over HTTP ------------------------------------------------------------------------------------


def _http(options: argparse.Namespace, chosen: Chosen, row: Row, postmaster: int) -> None:
    threads = max(1, options.at_once // options.processes)
    with (
        portal.serving(port=options.port, workers=options.processes, threads=threads) as web,
        Client(port=options.port, connections=options.clients) as client,
    ):
        warm_up = options.seconds / 4
        client.closed_loop(_requests(chosen, int(warm_up * 2_000)), seconds=warm_up)
        requests = _requests(chosen, int(options.seconds * 2_500))
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


def _requests(chosen: Chosen, count: int) -> list[bytes]:
    """Whole HTTP requests, every one another order."""
    first = time.time_ns() // 1_000_000 % 10**10 * 10
    bodies = []
    for number in range(first, first + count):
        body = shop.placement(number, dict.fromkeys(chosen.of(number), 1))
        head = (
            f"POST {shop.PLACE_PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        bodies.append(head.encode() + body)
    return bodies


# --- without HTTP ---------------------------------------------------------------------------------


def _loads(
    options: argparse.Namespace, refs: tuple[str, ...], *, lines: int, way: str, at_once: int
) -> list[Load]:
    first = time.time_ns() // 1_000 % 10**9 * 100
    return [
        Load(
            way=way,
            refs=refs,
            lines=lines,
            first_number=first + 10**10 * share,
            clients=options.clients // options.processes,
            at_once=max(1, at_once // options.processes),
            seconds=options.seconds,
        )
        for share in range(options.processes)
    ]


def _in_processes(loads: Sequence[Load], row: Row, postmaster: int) -> None:
    """Everybody begins when the last one is warm."""
    context = multiprocessing.get_context("spawn")
    gate, tallies = context.Barrier(len(loads) + 1), context.Queue()
    processes = [context.Process(target=run, args=(load, gate, tallies)) for load in loads]
    for process in processes:
        process.start()
    gate.wait(timeout=PATIENCE_SECONDS)
    before = machine.cpu_seconds(postmaster)
    for _process in processes:
        _add(row, tallies.get(timeout=loads[0].seconds + PATIENCE_SECONDS))
    row.database_seconds += machine.cpu_seconds(postmaster) - before
    row.seconds += loads[0].seconds
    for process in processes:
        process.join()


def _add(row: Row, tally: Tally) -> None:
    row.waited += tally.waited
    row.worked += tally.worked
    row.retries += tally.retries
    row.cpu_seconds += tally.cpu_seconds


# --- words ----------------------------------------------------------------------------------------

_SHAPES = {1: "one unit of one of them"}


def _report(options: argparse.Namespace, tables: dict[int, dict[str, Row]]) -> Iterator[str]:
    yield (
        f"{options.clients} clients, {options.skus} SKUs; {options.processes} processes on "
        f"{os.cpu_count()} cores, {options.rounds} × {options.seconds:g} s each, load average "
        f"{os.getloadavg()[0]:.1f}"
    )
    for lines, rows in tables.items():
        yield f"\nEach order: {_SHAPES.get(lines, f'one unit of each of {lines}')}\n"
        yield from _table(rows)
        yield from _goals(options, rows)


_COLUMNS = ("orders/s", "× floor", "CPU ms", "PG ms", "p50 ms", "p99 ms", "p99 inside", "tries")


def _table(rows: dict[str, Row]) -> Iterator[str]:
    """For a terminal and for docs/benchmarks.md alike."""
    yield _cells("", _COLUMNS)
    yield f"|{'-' * 58}|" + "---:|" * len(_COLUMNS)
    for row in rows.values():
        yield _cells(row.label, _figures(row, rows["floor"]))


def _figures(row: Row, floor: Row) -> tuple[str, ...]:
    return (
        f"{row.rate:.0f}",
        f"{row.rate / max(floor.rate, 0.1):.2f}",
        f"{row.each_ms(row.cpu_seconds):.1f}",
        f"{row.each_ms(row.database_seconds):.1f}",
        f"{median(row.waited) * 1000:.0f}",
        f"{_p99(row.waited):.0f}",
        f"{_p99(row.worked):.0f}" if row.worked else "",
        f"{1 + row.retries / max(1, len(row.waited)):.1f}",
    )


def _cells(label: str, figures: Sequence[str]) -> str:
    return f"| {label:56} |" + "".join(f" {figure:>10} |" for figure in figures)


def _goals(options: argparse.Namespace, rows: dict[str, Row]) -> Iterator[str]:
    floor = rows["floor"]
    for name in (each for each in ("http", "use-case") if each in rows):
        share, by_cpu = rows[name].rate / max(floor.rate, 0.1), floor.cpu_ms / rows[name].cpu_ms
        yield (
            f"Goal {name}: {share:.2f} of the floor ({by_cpu:.2f} by CPU), ≥ {FLOOR_SHARE}: "
            f"{_said(share >= FLOOR_SHARE)}"
        )
    p99 = _p99(rows["http"].waited)
    said = _said(p99 < P99_MS)
    yield f"Goal http: p99 {p99:.0f} ms at {options.clients} clients, < {P99_MS:g}: {said}"


def _p99(seconds: Sequence[float]) -> float:
    return quantiles(seconds, n=100, method="inclusive")[98] * 1000


def _said(reached: bool) -> str:
    return "reached" if reached else "not reached"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.placement", description=__doc__)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--skus", type=int, default=10)
    parser.add_argument("--lines", type=int, nargs="*", default=[1, 10], help="of an order")
    parser.add_argument("--at-once", type=int, default=8, help="connections of the small pool")
    parser.add_argument("--processes", type=int, default=2, help="web workers, or their likes")
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--ways", nargs="*", help="these, besides http and floor (default: all)")
    parser.add_argument("--port", type=int, default=None)
    parser.add_argument("--database", help="URL of an empty one, instead of servers of our own")
    options = parser.parse_args()
    options.port = options.port or portal.free_port()
    return options


if __name__ == "__main__":
    sys.exit(main())
