"""`python -m benchmarks.reports`: the manager's pages and files, beside the plain SQL of the same.

Twice, in a small shop and in a big one: pages of the order mapping beside hand-written SQL and
beside model objects; whole screens; and its export beside COPY. Ends with tables as
docs/benchmarks.md has them, which explains them. The shops are made once and kept (see
benchmarks.reports_data).
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.reports_data import prepared

SMALL, BIG, QUICK = 10_000, 1_000_000, 100_000
PAGE_GOAL, EXPORT_GOAL, MEMORY_GOAL_MIB = 3.0, 2.0, 150.0


def main() -> int:
    options = _options()
    where = f"{os.cpu_count()} cores ({machine.cpu_name()}), load {os.getloadavg()[0]:.1f}"
    found = {orders: _apart(orders, options) for orders in options.orders}
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))
    print("\n".join(tables(found)))
    print(f"\nAt the beginning: {where}.")
    return 0


def _apart(orders: int, options: argparse.Namespace) -> dict[str, Any]:
    """In a process of its own: its memory, and its Django, know one database alone."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(_measured, orders, options).result()


def _measured(orders: int, options: argparse.Namespace) -> dict[str, Any]:
    with prepared(orders=orders, var=options.var.resolve(), server=options.server, quiet=True):
        from django.db import connections

        from benchmarks import reports_measuring  # models can be imported from here on

        try:
            return reports_measuring.everything(
                rounds=options.rounds, models_rows=min(orders, 2_000)
            )
        finally:
            connections.close_all()


# --- what was found -------------------------------------------------------------------------------


def tables(found: Mapping[int, Mapping[str, Any]]) -> Iterator[str]:
    """As Markdown, smallest shop first."""
    yield from _pages(found)
    yield from _screens(found)
    yield from _exports(found)


def _pages(found: Mapping[int, Mapping[str, Any]]) -> Iterator[str]:
    yield "| page of 50 | orders | report, SQL ms | plain SQL | × floor | models | × report |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for orders, figures in found.items():
        for name, ways in figures["pages"].items():
            report, floor, models = (ways[way]["sql_ms"] for way in ("report", "floor", "models"))
            yield (
                f"| {name} | {orders:,} | {report:.1f} | {floor:.1f} | {report / floor:.1f} "
                f"| {models:.0f} | {models / report:.0f} |"
            )
    yield f"\nGoal: first page and month within {PAGE_GOAL:.0f} times the plain SQL.\n"


def _screens(found: Mapping[int, Mapping[str, Any]]) -> Iterator[str]:
    sizes = list(found)
    heads = " | ".join(f"{orders:,}: SQL ms | CPU ms" for orders in sizes)
    yield f"| whole screen | {heads} | SQL, last ÷ first |"
    yield "|---|" + "---:|" * (2 * len(sizes) + 1)
    for name in found[sizes[0]]["screens"]:
        of_sizes = [found[orders]["screens"][name] for orders in sizes]
        cells = " | ".join(f"{one['sql_ms']:.1f} | {one['cpu_ms']:.0f}" for one in of_sizes)
        growth = of_sizes[-1]["sql_ms"] / max(of_sizes[0]["sql_ms"], 0.001)
        yield f"| {name} | {cells} | {growth:.1f} |"
    yield ""


def _exports(found: Mapping[int, Mapping[str, Any]]) -> Iterator[str]:
    yield (
        "| export, all columns | rows/s | COPY of the same | × COPY's time | COPY of the bare table"
        " | models | MiB after a piece | at most |"
    )
    yield "|---|" + "---:|" * 7
    for figures in found.values():
        one = figures["export"]
        rows = one["rows"]
        rates = [rows / one[name] for name in ("seconds", "copy_seconds", "table_seconds")]
        models = one["models_rows"] / one["models_seconds"]
        yield (
            f"| {rows:,} rows | {rates[0]:,.0f} | {rates[1]:,.0f} "
            f"| {one['seconds'] / one['copy_seconds']:.1f} | {rates[2]:,.0f} | {models:,.0f} "
            f"| {one['memory_first_mib']:.0f} | {one['memory_most_mib']:.0f} |"
        )
    yield (
        f"\nGoals: within {EXPORT_GOAL:.0f} times COPY, memory below {MEMORY_GOAL_MIB:.0f} MiB "
        "at any size."
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reports", description=__doc__)
    parser.add_argument("--quick", action="store_true", help=f"the big shop has {QUICK:,} orders")
    parser.add_argument("--orders", type=int, nargs="+", help="sizes of the shops, smallest first")
    parser.add_argument("--rounds", type=int, default=15, help="every page is asked so often")
    parser.add_argument("--json", type=Path, help="also write all figures there")
    parser.add_argument(
        "--var", type=Path, default=Path("var/bench"), help="where servers are kept"
    )
    parser.add_argument("--server", help="URL of a PostgreSQL to use instead of the embedded one")
    options = parser.parse_args()
    options.orders = options.orders or [SMALL, QUICK if options.quick else BIG]
    return options


if __name__ == "__main__":
    sys.exit(main())
