"""The results as Markdown: to be read in a terminal, and to be put into docs/benchmarks.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from benchmarks.goals import goals

Json = dict[str, Any]


def lines(results: Json) -> Iterator[str]:
    """The whole report; of what was not measured there is nothing."""
    yield from _machine(results)
    labels: Mapping[str, str] = results["labels"]
    if found := results.get("carts"):
        yield from _side_by_side(found["items"], labels)
        yield from _by_items("CPU ms by items, one worker", "cpu_ms", found["items"], labels)
        yield from _by_items("Requests/s by items, one worker", "rates", found["items"], labels)
    if two := results.get("workers"):
        yield from _by_items("Requests/s by items, two workers", "rates", two["items"], labels)
    if found:
        yield from _half_load(found["half_load"], labels)
    if flat := results.get("flatness"):
        yield from _flatness(flat)
    if found:
        yield from _each(results, labels)
    yield from _goals(results)
    if "stopped" in results:
        yield from ["", f"**Stopped early**: {results['stopped']}"]


def _machine(results: Json) -> Iterator[str]:
    machine = results["machine"]
    yield f"{machine['cores']} cores ({machine['processor']}), {machine['versions']}."
    yield f"Load average before: {machine['load']}, after: {results.get('load_after', '–')}."
    if agreement := results.get("agreement"):
        yield f"Bytes of an answer by items: {_pairs(agreement['answer_bytes'])}."
        yield f"Their answers were compared, and are the same: {', '.join(agreement['compared'])}."
    if found := results.get("carts"):
        own = "one core for the worker, the other for PostgreSQL and the client"
        yield f"One worker: {own if found['pinned'] else 'not pinned, too few cores'}."


def _pairs(values: Mapping[str, int]) -> str:
    return ", ".join(f"{name}: {value:,}" for name, value in values.items())


def _side_by_side(by_items: Json, labels: Mapping[str, str]) -> Iterator[str]:
    items = "10" if "10" in by_items else next(iter(by_items))
    head = (f"{items} items", "req/s", "CPU ms", "PostgreSQL ms", "p50 ms", "p99 ms")
    keys = ("rates", "cpu_ms", "database_cpu_ms", "p50_ms", "p99_ms")
    times = ("portal_times_by_rate", "portal_times_by_cpu")
    yield from _table(
        [*head, "portal, times by rate", "by CPU"],
        [
            [labels[name], *(_number(row[key]) for key in (*keys, *times))]
            for name, row in by_items[items].items()
        ],
    )


def _by_items(title: str, key: str, by_items: Json, labels: Mapping[str, str]) -> Iterator[str]:
    names = next(iter(by_items.values()))
    yield from _table(
        [title, *by_items],
        [
            [labels[name], *(_number(rows[name][key]) for rows in by_items.values())]
            for name in names
        ],
    )


def _half_load(by_items: Json, labels: Mapping[str, str]) -> Iterator[str]:
    yield from _table(
        ["At half load, random arrivals", "items", "req/s", "p50 ms", "p99 ms"],
        [
            [labels[name], items, *(_number(half[key]) for key in ("rate", "p50_ms", "p99_ms"))]
            for items, rows in by_items.items()
            for name, half in rows.items()
        ],
    )


def _flatness(by_size: Json) -> Iterator[str]:
    keys = {
        "req/s": "rates",
        "CPU ms": "cpu_ms",
        "PostgreSQL ms": "database_cpu_ms",
        "rate, times the smallest": "times_the_smallest_by_rate",
        "CPU, times": "times_the_smallest_by_cpu",
    }
    rows = [[name, *(_number(row[key]) for row in by_size.values())] for name, key in keys.items()]
    rows.append(
        ["worker, PSS in MiB", *(f"{row['memory_mib'][1]:.0f}" for row in by_size.values())]
    )
    yield from _table(["portal by SKUs, 10 items", *(f"{int(size):,}" for size in by_size)], rows)


def _each(results: Json, labels: Mapping[str, str]) -> Iterator[str]:
    counted = results.get("statements", {})
    yield from _table(
        ["", "worker, RSS in MiB", "PSS", "SQL statements a request"],
        [
            [labels[name], f"{rss:.0f}", f"{pss:.0f}", _number(counted.get(name))]
            for name, (rss, pss) in results["carts"]["memory_mib"].items()
        ],
    )


def _goals(results: Json) -> Iterator[str]:
    yield from _table(
        ["Goals", "figure", "by CPU", "goal", ""],
        [
            [
                goal.text,
                _number(goal.figure),
                _number(goal.other),
                f"{'at least' if goal.at_least else 'at most'} {goal.limit:g}",
                goal.verdict,
            ]
            for goal in goals(results)
        ],
    )


def _number(value: float | None) -> str:
    """Three digits that count; a dash for what was not measured."""
    if value is None or value != value:
        return "–"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    cells = [head, *rows]
    widths = [max(3, *map(len, column)) for column in zip(*cells, strict=True)]
    yield ""
    for number, row in enumerate(cells):
        first, *rest = zip(row, widths, strict=True)
        yield _line([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in rest)])
        if number == 0:
            yield _line(["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])])


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
