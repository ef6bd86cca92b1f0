"""The results as a table that can be read in a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from benchmarks.goals import goals

Json = dict[str, Any]
COLUMNS = (
    "", "req/s", "CPU ms", "PG ms", "p50 ms", "p99 ms", "portal ×rate", "portal ×CPU",
)  # fmt: skip


def lines(results: Json) -> Iterator[str]:
    """The whole report."""
    yield from _machine(results)
    for phase, workers in (("carts", 1), ("workers", 2)):
        if found := results.get(phase):
            yield from _carts(found, results["labels"], workers)
    if found := results.get("flatness"):
        yield from _flatness(found)
    if found := results.get("statements"):
        yield from ["", "SQL statements per request"]
        yield from _table([[name, f"{count:.1f}"] for name, count in found.items()])
    yield from ["", "Goals"]
    yield from _table(
        [
            [
                goal.text,
                f"{_number(goal.figure)}{f' ({_number(goal.other)} CPU)' if goal.other else ''}",
                f"{'≥' if goal.at_least else '≤'} {goal.limit:g}",
                goal.verdict,
            ]
            for goal in goals(results)
        ]
    )
    if "stopped" in results:
        yield from ["", f"Stopped early: {results['stopped']}"]


def _machine(results: Json) -> Iterator[str]:
    machine = results["machine"]
    yield f"{machine['cores']} cores, {machine['processor']}; load average {machine['load']}"
    yield f"{machine['versions']}"
    if agreement := results.get("agreement"):
        yield f"Answers, bytes by items: {agreement['answer_bytes']}"
        yield f"Same answers, checked: {', '.join(agreement['compared'])}"


def _carts(found: Json, labels: Json, workers: int) -> Iterator[str]:
    where = (
        "each worker on a core of its own, PostgreSQL and the client on the rest"
        if found["pinned"]
        else "not pinned: too few cores"
    )
    for items, rows in found["items"].items():
        yield from ["", f"{items} items, {workers} worker(s); {where}"]
        yield from _table([COLUMNS, *(_row(labels[name], row) for name, row in rows.items())])
    yield from ["", "At half load, random arrivals"]
    yield from _table(
        [["", "items", "req/s", "p50 ms", "p99 ms"]]
        + [
            [labels[name], items, *(_number(half[key]) for key in ("rate", "p50_ms", "p99_ms"))]
            for items, rows in found["half_load"].items()
            for name, half in rows.items()
        ]
    )
    yield from ["", "Memory of a worker after this, MiB"]
    yield from _table(
        [["", "RSS", "PSS"]]
        + [[labels[name], *map(_number, pair)] for name, pair in found["memory_mib"].items()]
    )


def _row(label: str, row: Json) -> list[str]:
    keys = (
        "rates", "cpu_ms", "database_cpu_ms", "p50_ms", "p99_ms",
        "portal_times_by_rate", "portal_times_by_cpu",
    )  # fmt: skip
    return [label, *(_number(row[key]) for key in keys)]


def _flatness(found: Json) -> Iterator[str]:
    yield from ["", "The portal by size of the catalogue, 10 items, one worker"]
    yield from _table(
        [
            [
                "SKUs",
                "req/s",
                "CPU ms",
                "PG ms",
                "×rate of the smallest",
                "×CPU",
                "RSS MiB",
                "PSS MiB",
            ]
        ]
        + [
            [
                f"{int(size):,}",
                *(_number(row[key]) for key in ("rates", "cpu_ms", "database_cpu_ms")),
                _number(row["times_the_smallest_by_rate"]),
                _number(row["times_the_smallest_by_cpu"]),
                *map(_number, row["memory_mib"]),
            ]
            for size, row in found.items()
        ]
    )


def _number(value: float | None) -> str:
    if value is None or value != value:
        return "–"
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def _table(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        first, *rest = (
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(["  " + first, *rest]).rstrip()
