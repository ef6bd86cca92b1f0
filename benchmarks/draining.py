"""`python -m benchmarks.draining`: how fast the outbox empties, beside the stand-in's own ceiling.

The same number of connections from the same kind of thread: once the portal's drain (claim, send,
settle, all in PostgreSQL), once bare calls that ask the stand-in for the same, in turns.
Then a long drain, watching memory; then invoices promised in the middle of a backlog of tracking.
Ends with a table as docs/benchmarks.md has it, which explains it.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from benchmarks import draining_work as work
from benchmarks import machine
from benchmarks.place import servers

MEMORY_GROWTH, INVOICE_MS = 1.10, 1000.0
#: What the portal claims beyond its connections, so that they are never idle.
AHEAD = 32
Row = tuple[str, str, str]


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
        with servers(database=options.database, data=data):
            os.environ |= {
                "DJANGO_SETTINGS_MODULE": "config.settings",
                "PORTAL_VAR": str(data),
                "LOG_LEVEL": "ERROR",
                "OUTBOUND_RATE_PER_SECOND": "1000000",
                "OUTBOUND_BURST": "1000000",
                "OUTBOUND_CONCURRENCY": str(options.connections),
                "OUTBOUND_CALLS_PER_ACCOUNT": str((options.connections + AHEAD) * options.workers),
            }
            work.set_up()
            with _stand_in(data / "sandbox") as url:
                return _measure(options, url)
    finally:
        shutil.rmtree(data, ignore_errors=True)


@contextmanager
def _stand_in(data: Path) -> Iterator[str]:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=work.stand_in, args=(str(data), there), daemon=True)
    process.start()
    try:
        yield here.recv()
    finally:
        process.terminate()
        process.join(10)


def _measure(options: argparse.Namespace, url: str) -> int:
    bench = work.Bench(url)
    where = f"{os.cpu_count()} cores ({machine.cpu_name()}), load {os.getloadavg()[0]:.1f}"
    print(f"{options.connections} connections × {options.workers} worker processes, {where}")
    pairs = [_pair(bench, options) for _ in range(options.rounds)]
    rows = _rate_rows(pairs, options)
    rows += _long_drain(bench, options)
    rows += _invoices_in_a_backlog(bench, options)
    failed = bench.faults()
    for fault in failed:
        print(f"  broken: {fault}")
    print(f"\nAt the beginning: {where}.\n")
    print("| figure | value | goal |\n|---|---:|---|")
    for name, value, goal in rows:
        print(f"| {name} | {value} | {goal} |")
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
    with _workers(options.workers) as crew:
        started = time.perf_counter()
        crew.go()
        cpu = crew.wait()
        return time.perf_counter() - started, cpu


class Crew:
    """Processes that drain until nothing is pending."""

    def __init__(self, processes: list[BaseProcess], go: Any, results: Any) -> None:
        self.processes, self._go, self._results = processes, go, results

    def go(self) -> None:
        self._go.set()

    def wait(self, meanwhile: Callable[[], None] = lambda: None) -> float:
        """Until all are done; their CPU seconds. Raises RuntimeError when one died."""
        told: list[float] = []
        while len(told) < len(self.processes):
            meanwhile()
            if not self._results.empty():
                told.append(self._results.get())
            elif any(each.exitcode for each in self.processes):
                raise RuntimeError("A worker died: see above.")
            else:
                time.sleep(0.01)
        return sum(told)


@contextmanager
def _workers(count: int) -> Iterator[Crew]:
    """Started and ready; whatever happens, none outlives the block."""
    context = multiprocessing.get_context("spawn")
    go, results, ready = context.Event(), context.Queue(), context.Semaphore(0)
    processes: list[BaseProcess] = [
        context.Process(target=work.worker, args=(ready, go, results), daemon=True)
        for _ in range(count)
    ]
    try:
        for each in processes:
            each.start()
        for _each in processes:
            if not ready.acquire(timeout=120):
                raise RuntimeError("A worker did not start.")
        yield Crew(processes, go, results)
    finally:
        for each in processes:
            each.join(5)
            each.kill()


def _rate_rows(pairs: Sequence[Pair], options: argparse.Namespace) -> list[Row]:
    print("Invoices, messages a second:")
    print(f"  {'portal':>10}{'ceiling':>10}{'share':>8}{'CPU ms':>9}{'PG ms':>8}")
    for pair in pairs:
        print(
            f"  {pair.portal:10.0f}{pair.ceiling:10.0f}{pair.portal / pair.ceiling:8.2f}"
            f"{pair.portal_cpu_ms:9.2f}{pair.database_cpu_ms:8.2f}"
        )
    share = median(pair.portal / pair.ceiling for pair in pairs)
    print(f"  median share of the ceiling: {share:.2f}")
    workers, lines = options.workers, options.connections
    named = f"{workers} worker process{'es' if workers > 1 else ''}, {lines} connections"
    return [
        (f"invoices a second, {named}", _range([p.portal for p in pairs]), ""),
        ("the same calls and nothing else", _range([p.ceiling for p in pairs]), "the ceiling"),
        ("share of the ceiling, median", f"{share:.2f}", ""),
        ("CPU for each message: portal", _range([p.portal_cpu_ms for p in pairs], " ms"), ""),
        ("CPU for each message: PostgreSQL", _range([p.database_cpu_ms for p in pairs], " ms"), ""),
    ]


def _range(values: Sequence[float], unit: str = "") -> str:
    low, high = min(values), max(values)
    places = 2 if unit else 0
    return f"{low:,.{places}f} to {high:,.{places}f}{unit}"


# --- memory -------------------------------------------------------------------------------------


def _long_drain(bench: work.Bench, options: argparse.Namespace) -> list[Row]:
    """PSS of the draining process at the end, as a multiple of that after the first tenth."""
    bench.promise_tracking(options.backlog)
    samples: list[tuple[int, float]] = []
    with _workers(1) as crew:
        pid = crew.processes[0].pid or 0
        started = time.perf_counter()

        def look() -> None:
            done = options.backlog - bench.pending()
            # The process may have ended meanwhile: then its memory is gone as well.
            with suppress(FileNotFoundError, ProcessLookupError):
                samples.append((done, machine.memory_mib(pid)[1]))
            _progress(done, options.backlog)
            time.sleep(options.backlog / 50_000)

        crew.go()
        crew.wait(meanwhile=look)
        seconds = time.perf_counter() - started
    early = [mib for done, mib in samples if done >= options.backlog / 10][:3] or [0.0]
    late = [mib for _done, mib in samples[-3:]] or early
    grown = median(late) / median(early) if median(early) else 1.0
    print(
        f"{options.backlog} tracking messages drained in {seconds:.0f} s "
        f"({options.backlog / seconds:.0f} a second): memory {median(early):.0f} MiB after a "
        f"tenth, {median(late):.0f} MiB at the end"
    )
    value = f"{median(late):.0f} MiB, × {grown:.2f}"
    goal = f"≤ × {MEMORY_GROWTH}: {_said(grown <= MEMORY_GROWTH)}"
    what = f"memory after {options.backlog:,} messages against after a tenth of them"
    rate = f"{options.backlog / seconds:,.0f} a second"
    return [(f"{options.backlog:,} tracking messages, one process", rate, ""), (what, value, goal)]


def _progress(done: int, of: int) -> None:
    if sys.stdout.isatty():
        print(f"\r  {done:,} of {of:,} drained", end="\r", flush=True)


# --- invoices in a backlog ------------------------------------------------------------------------


def _invoices_in_a_backlog(bench: work.Bench, options: argparse.Namespace) -> list[Row]:
    """From an invoice's promise to its delivery, while bulk of another kind waits."""
    backlog = min(10_000, options.backlog)
    orders = bench.orders(options.invoices)
    bench.promise_tracking(backlog)
    with _workers(1) as crew:
        crew.go()
        while bench.pending() > backlog * 0.9:
            time.sleep(0.05)
        before = bench.pending()
        for order in orders:
            bench.promise_invoices([order])
            time.sleep(0.05)
        after = bench.pending()
        crew.wait()
    if bench.pending():  # the backlog was so small that it was over before the last promise
        with _workers(1) as crew:
            crew.go()
            crew.wait()
    waited = bench.waited_ms(orders)
    p95 = quantiles(waited, n=20, method="inclusive")[18]
    print(
        f"{len(orders)} invoices promised while {before} to {after} tracking messages waited: "
        f"median {median(waited):.0f} ms, p95 {p95:.0f} ms, longest {max(waited):.0f} ms"
    )
    value = f"{median(waited):.0f} ms, {p95:.0f} ms"
    goal = f"≤ {INVOICE_MS:g} ms: {_said(p95 <= INVOICE_MS)}"
    return [("an invoice within a backlog of tracking: median, p95", value, goal)]


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
    parser.add_argument("--database", help="URL of an empty one, instead of servers of our own")
    options = parser.parse_args()
    if options.quick:
        options.backlog, options.messages, options.rounds = 5_000, 1_000, 2
    return options


if __name__ == "__main__":
    sys.exit(main())
