"""`python -m benchmarks.simulation`: how fast the simulation answers, side by side with others.

Data is made once, in a database under `var/bench`, and kept. Run it on a machine that is otherwise
at rest. docs/benchmarks.md explains the figures.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.place import database
from config.supervisor import Failed, Interrupted, Supervisor

PHASES = ("carts", "flatness", "workers", "statements")
Json = dict[str, Any]


def main() -> int:
    options = _options()
    var = options.var.resolve()
    with database(var=var, server=options.server, largest=options.skus) as url:
        import django

        django.setup()
        from benchmarks.dataset import prepare

        prepare(_sizes(options.skus))
        if options.prepare_only:
            return 0
        try:
            results = _measure(options, var, url)
        except (Failed, Interrupted, KeyboardInterrupt) as stopped:
            say(f"Stopped. {stopped}".rstrip())
            return 1
    _publish(results, options.json or var / "results" / f"{datetime.now(UTC):%Y%m%d-%H%M%S}.json")
    return 0


def _measure(options: argparse.Namespace, var: Path, url: str) -> Json:
    from benchmarks import phases
    from benchmarks.contestants import environment, everybody
    from benchmarks.rounds import Database

    chosen = [c for c in everybody(var) if c.name in (options.contestants or [c.name])]
    plan = phases.Plan(
        contestants=chosen,
        sizes=_sizes(options.skus),
        items=options.items,
        rounds=options.rounds,
        seconds=options.seconds,
        port=options.port,
        var=var,
    )
    results: Json = {
        "labels": {each.name: each.label for each in chosen},
        "machine": _machine(),
    }
    with Supervisor(log_dir=var / "log", say=lambda _line: None) as supervisor:
        supervisor.env |= environment(url, plan.answers)
        stage = phases.Stage(plan, supervisor, Database(url))
        say("Comparing answers")
        results["agreement"] = phases.agree(stage)
        if "carts" in options.phases:
            say("One worker each")
            results["carts_1_worker"] = phases.carts(stage, workers=1, rounds=plan.rounds)
        if "flatness" in options.phases:
            say("Catalogues of different size")
            results["flatness"] = phases.flatness(stage, items=10)
        if "workers" in options.phases:
            say("Two workers each")
            rounds = max(1, plan.rounds // 2)
            results["carts_2_workers"] = phases.carts(stage, workers=2, rounds=rounds)
        if "statements" in options.phases:
            say("Counting statements")
            results["statements"] = phases.statements(stage, items=10)
    return results


def _publish(results: Json, path: Path) -> None:
    from benchmarks.report import lines

    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(results, indent=1))
    print()
    print(*lines(results), sep="\n")
    print(f"\nAll figures: {path}")


def _sizes(largest: int) -> list[int]:
    """A hundredth, a tenth and the whole; flatness is measured between them."""
    return [max(1, largest // 100), max(1, largest // 10), largest]


def _machine() -> Json:
    from importlib.metadata import version

    packages = ("Django", "djangorestframework", "granian", "psycopg", "orjson")
    found = [f"{name} {version(name)}" for name in packages]
    return {
        "cores": len(os.sched_getaffinity(0)),
        "processor": _processor(),
        "load": f"{os.getloadavg()[0]:.1f}",
        "versions": ", ".join([f"Python {platform.python_version()}", *found]),
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(": ")[2]
    return platform.machine()


def say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulation", description=__doc__)
    add = parser.add_argument
    add("--skus", type=int, default=1_000_000, help="of the largest catalogue")
    add("--items", type=_numbers, help="sizes of carts (default: 1,10,50,100)")
    add("--seconds", type=float, help="length of a round (default: 1)")
    add("--rounds", type=int, help="of every contestant (default: 5)")
    add("--quick", action="store_true", help="2 rounds of half a second, carts of 10 and 50 items")
    add("--contestants", type=_names, help="only these, such as portal,bare")
    add("--phases", type=_names, default=PHASES, help=f"only these (default: {','.join(PHASES)})")
    add("--port", type=int, default=8181, help="the first of about nine")
    add("--var", type=Path, default=Path("var/bench"), help="where data and results go")
    add("--server", help="URL of a PostgreSQL to use instead of the embedded one")
    add("--json", type=Path, help="where to write all figures")
    add("--prepare-only", action="store_true", help="make the data and stop")
    options = parser.parse_args()
    quick = options.quick
    options.items = options.items or ([10, 50] if quick else [1, 10, 50, 100])
    options.seconds = options.seconds or (0.5 if quick else 1.0)
    options.rounds = options.rounds or (2 if quick else 5)
    return options


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def _names(text: str) -> list[str]:
    return text.split(",")


if __name__ == "__main__":
    sys.exit(main())
