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
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import phases
from benchmarks.agreement import Disagreement
from benchmarks.contestants import environment, everybody
from benchmarks.load import Refused
from benchmarks.place import database
from benchmarks.report import lines
from benchmarks.rounds import Database
from benchmarks.shape import RANGES
from config.supervisor import Failed, Interrupted, Supervisor

PHASES = ("carts", "flatness", "workers", "statements")
Json = dict[str, Any]


def main() -> int:
    options = _options()
    var = options.var.resolve()
    with database(
        var=var, server=options.server, largest=options.skus, ranges=options.ranges
    ) as url:
        import django

        django.setup()
        from benchmarks.dataset import prepare  # models can be imported from here on

        prepare(_sizes(options.skus), ranges=options.ranges)
        if options.prepare_only:
            return 0
        results: Json = {"machine": _machine()}
        try:
            _measure(options, var, url, into=results)
        except (Failed, Interrupted, Refused, Disagreement, KeyboardInterrupt) as stopped:
            results["stopped"] = f"{type(stopped).__name__} {stopped}".strip()
        results["load_after"] = _load()
    _publish(results, options.json or var / "results" / f"{datetime.now(UTC):%Y%m%d-%H%M%S}.json")
    return 1 if "stopped" in results else 0


def _measure(options: argparse.Namespace, var: Path, url: str, *, into: Json) -> None:
    """Phase by phase, so that what was measured is there whatever happens next."""
    chosen = everybody(var, only=options.contestants)
    plan = phases.Plan(
        contestants=chosen,
        sizes=_sizes(options.skus),
        items=options.items,
        rounds=options.rounds,
        seconds=options.seconds,
        var=var,
    )
    into["labels"] = {each.name: each.label for each in chosen}
    with Supervisor(log_dir=var / "log", say=lambda _line: None) as supervisor:
        supervisor.env |= environment(url, plan.answers)
        stage = phases.Stage(plan, supervisor, Database(url))
        say("Comparing answers")
        into["agreement"] = phases.agree(stage)
        for name, label, run in _parts(stage):
            if name in options.phases:
                say(label)
                into[name] = run()


def _parts(stage: phases.Stage) -> Iterator[tuple[str, str, Callable[[], Json]]]:
    rounds = stage.plan.rounds
    yield "carts", "One worker each", lambda: phases.carts(stage, workers=1, rounds=rounds)
    yield "flatness", "Catalogues of different size", lambda: phases.flatness(stage, items=10)
    few = max(1, rounds // 2)
    yield "workers", "Two workers each", lambda: phases.carts(stage, workers=2, rounds=few)
    yield "statements", "Counting statements", lambda: phases.statements(stage, items=10)


def _publish(results: Json, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(results, indent=1))
    print()
    print(*lines(results), sep="\n")
    print(f"\nAll figures: {path}")


def _sizes(largest: int) -> list[int]:
    """A hundredth, a tenth and the whole; flatness is measured between them."""
    return sorted({max(1, largest // 100), max(1, largest // 10), largest})


def _machine() -> Json:
    packages = ("Django", "djangorestframework", "granian", "psycopg", "orjson")
    found = [f"{name} {version(name)}" for name in packages]
    return {
        "cores": len(os.sched_getaffinity(0)),
        "processor": _processor(),
        "load": _load(),
        "versions": ", ".join([f"Python {platform.python_version()}", *found]),
    }


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(": ")[2]
    return platform.machine()


def say(message: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S} {message}", file=sys.stderr, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulation", description=__doc__)
    add = parser.add_argument
    add("--skus", type=int, default=1_000_000, help="of the largest catalogue")
    add("--ranges", type=int, default=RANGES, help="postal ranges of each policy")
    add("--items", type=_numbers, help="sizes of carts (default: 1,10,50,100)")
    add("--seconds", type=float, help="length of a round (default: 1)")
    add("--rounds", type=int, help="of every contestant (default: 5)")
    add("--quick", action="store_true", help="2 rounds of half a second, carts of 10 and 50 items")
    add("--contestants", type=_names, help="only these, such as portal,bare")
    add("--phases", type=_names, default=PHASES, help=f"only these (default: {','.join(PHASES)})")
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
