"""`python -m benchmarks.draining`: how fast the outbox empties, beside the stand-in's own ceiling.

The same number of connections from the same kind of thread: once the portal's drain (claim, send,
settle, all in PostgreSQL), once bare calls that ask the stand-in for the same, in turns.
Then a long drain, watching memory; then invoices promised in the middle of a backlog of tracking.
docs/benchmarks.md explains.
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
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

from benchmarks import draining_work as work
from benchmarks import machine
from config.embedded import running

MEMORY_GROWTH, INVOICE_MS = 1.10, 1000.0


@dataclass(frozen=True)
class Pair:
    """Messages a second in one round: the portal's, and bare calls of the same kind."""

    portal: float
    ceiling: float
    portal_cpu_ms: float
    database_cpu_ms: float


def main() -> int:
    options = _options()
    data = Path(tempfile.mkdtemp(prefix="bench-draining-"))
    try:
        with running(data / "servers") as embedded:
            os.environ |= {
                "DATABASE_URL": embedded.database_url,
                "REDIS_URL": embedded.redis_url,
                "DJANGO_SETTINGS_MODULE": "config.settings",
                "PORTAL_VAR": str(data),
                "LOG_LEVEL": "ERROR",
                "OUTBOUND_RATE_PER_SECOND": "1000000",
                "OUTBOUND_BURST": "1000000",
                "OUTBOUND_CONCURRENCY": str(options.connections),
                "OUTBOUND_CALLS_PER_ACCOUNT": str(options.connections * options.workers),
            }
            work.set_up()
            with _stand_in(data / "sandbox") as (url, sandbox_pid):
                return _measure(options, url, sandbox_pid)
    finally:
        shutil.rmtree(data, ignore_errors=True)


@contextmanager
def _stand_in(data: Path) -> Iterator[tuple[str, int]]:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=work.stand_in, args=(str(data), there), daemon=True)
    process.start()
    try:
        yield here.recv(), process.pid or 0
    finally:
        process.terminate()
        process.join(10)


def _measure(options: argparse.Namespace, url: str, sandbox_pid: int) -> int:
    bench = work.Bench(url)
    print(
        f"{options.connections} connections × {options.workers} worker processes, "
        f"{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}"
    )
    pairs = [_pair(bench, options) for _ in range(options.rounds)]
    _report_rates(pairs)
    grown = _long_drain(bench, options, sandbox_pid)
    late = _invoices_in_a_backlog(bench, options)
    failed = bench.faults()
    for fault in failed:
        print(f"  broken: {fault}")
    print(f"Goal memory: × {grown:.2f}, ≤ {MEMORY_GROWTH}: {_said(grown <= MEMORY_GROWTH)}")
    print(f"Goal invoices: {late:.0f} ms, ≤ {INVOICE_MS:g}: {_said(late <= INVOICE_MS)}")
    return 1 if failed else 0


# --- the rate -----------------------------------------------------------------------------------


def _pair(bench: work.Bench, options: argparse.Namespace) -> Pair:
    orders = bench.orders(options.messages)
    ceiling = bench.bare(bench.orders(options.messages), options)
    bench.promise_invoices(orders)
    before = machine.cpu_seconds(bench.postmaster)
    seconds, cpu = _drain(options)
    database = machine.cpu_seconds(bench.postmaster) - before
    each = 1000 / options.messages
    return Pair(options.messages / seconds, ceiling, cpu * each, database * each)


def _drain(options: argparse.Namespace) -> tuple[float, float]:
    """Seconds until nothing is pending, and the CPU time of the workers."""
    context = multiprocessing.get_context("spawn")
    go, results = context.Event(), context.Queue()
    ready = context.Semaphore(0)
    workers = [
        context.Process(target=work.worker, args=(ready, go, results), daemon=True)
        for _ in range(options.workers)
    ]
    for each in workers:
        each.start()
    for _each in workers:
        ready.acquire()
    started = time.perf_counter()
    go.set()
    cpu = sum(results.get() for _each in workers)
    seconds = time.perf_counter() - started
    for each in workers:
        each.join(10)
    return seconds, cpu


def _report_rates(pairs: Sequence[Pair]) -> None:
    print("Invoices, messages a second:")
    print(f"  {'portal':>10}{'ceiling':>10}{'share':>8}{'CPU ms':>9}{'PG ms':>8}")
    for pair in pairs:
        print(
            f"  {pair.portal:10.0f}{pair.ceiling:10.0f}{pair.portal / pair.ceiling:8.2f}"
            f"{pair.portal_cpu_ms:9.2f}{pair.database_cpu_ms:8.2f}"
        )
    share = median(pair.portal / pair.ceiling for pair in pairs)
    print(f"  median share of the ceiling: {share:.2f}")


# --- memory -------------------------------------------------------------------------------------


def _long_drain(bench: work.Bench, options: argparse.Namespace, sandbox_pid: int) -> float:
    """PSS of the draining process at the end, as a multiple of that after the first tenth."""
    bench.promise_tracking(options.backlog)
    context = multiprocessing.get_context("spawn")
    go, results, ready = context.Event(), context.Queue(), context.Semaphore(0)
    process = context.Process(target=work.worker, args=(ready, go, results), daemon=True)
    process.start()
    ready.acquire()
    started = time.perf_counter()
    go.set()
    samples: list[tuple[int, float]] = []
    while process.is_alive() and (left := bench.pending()):
        samples.append((options.backlog - left, machine.memory_mib(process.pid or 0)[1]))
        time.sleep(options.backlog / 50_000)
    seconds = time.perf_counter() - started
    results.get()
    process.join(10)
    early = [mib for done, mib in samples if done >= options.backlog / 10][:3]
    late = [mib for _done, mib in samples[-3:]]
    if not early or not late:
        return 1.0
    print(
        f"{options.backlog} tracking messages drained in {seconds:.0f} s "
        f"({options.backlog / seconds:.0f} a second): memory {median(early):.0f} MiB after a "
        f"tenth, {median(late):.0f} MiB at the end"
    )
    return median(late) / median(early)


# --- invoices in a backlog ------------------------------------------------------------------------


def _invoices_in_a_backlog(bench: work.Bench, options: argparse.Namespace) -> float:
    """The 95th percentile, ms, from an invoice's promise to its delivery among bulk."""
    backlog = min(10_000, options.backlog)
    orders = bench.orders(options.invoices)
    bench.promise_tracking(backlog)
    context = multiprocessing.get_context("spawn")
    go, results, ready = context.Event(), context.Queue(), context.Semaphore(0)
    process = context.Process(target=work.worker, args=(ready, go, results), daemon=True)
    process.start()
    ready.acquire()
    go.set()
    while bench.pending() > backlog * 0.9:
        time.sleep(0.05)
    before = bench.pending()
    for order in orders:
        bench.promise_invoices([order])
        time.sleep(0.05)
    after = bench.pending()
    results.get()
    process.join(10)
    waited = bench.waited_ms(orders)
    p95 = quantiles(waited, n=20, method="inclusive")[18]
    print(
        f"{len(orders)} invoices promised while {before} to {after} tracking messages waited: "
        f"median {median(waited):.0f} ms, p95 {p95:.0f} ms, longest {max(waited):.0f} ms"
    )
    return p95


def _said(reached: bool) -> str:
    return "reached" if reached else "not reached"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.draining", description=__doc__)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--workers", type=int, default=1, help="draining processes")
    parser.add_argument("--messages", type=int, default=2000, help="of a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--backlog", type=int, default=100_000, help="of the long drain")
    parser.add_argument("--invoices", type=int, default=40, help="promised within the backlog")
    parser.add_argument("--quick", action="store_true", help="a backlog of 5,000")
    options = parser.parse_args()
    if options.quick:
        options.backlog, options.messages, options.rounds = 5_000, 1_000, 2
    return options


if __name__ == "__main__":
    sys.exit(main())
