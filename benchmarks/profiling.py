"""`python -m benchmarks.profiling`: where the portal's time goes, answering in this process.

Uses the data that benchmarks.simulation made. First the stages by CPU time, beside a bare view's
whole call: of each cart the least of some rounds, which a busy machine hardly moves. Then the
functions by cProfile (which makes small ones look dearer than they are).
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import io
import os
import pstats
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import mean
from typing import Any

from benchmarks.place import database
from benchmarks.shape import RANGES

CARTS = 200
ROUNDS = 12
STAGES = ("wire.parse", "snapshot.load", "core.simulate", "wire.render")
Application = Callable[..., Any]
clock = time.thread_time_ns


def main() -> int:
    options = _options()
    # What is written down by time would be measured with whatever it hits.
    os.environ["SIMULATION_RECORD_SECONDS"] = "0"
    with database(var=options.var.resolve(), server=None, largest=options.skus, ranges=RANGES):
        import django

        django.setup()
        from benchmarks.carts import Question

        question = Question(options.skus, options.items)
        tariff = _warm(question)
        gc.collect()
        gc.freeze()
        _print_stages(question, tariff)
        if options.top:
            requests = _environs(question)
            _functions(partial(_call_all, _portal(), requests), options.top)
    return 0


def _warm(question: Any) -> Any:
    """The tariff, compiled at the first answer."""
    from sellers.errors import Unavailable
    from simulation import snapshot, wire

    cart = wire.parse(question.bodies()[0])
    while True:
        try:
            now = datetime.now(UTC)
            return snapshot.load(
                endpoint_key=_key(question.path), headers={}, cart=cart, now=now
            ).tariff
        except Unavailable:
            continue


# --- stages ---------------------------------------------------------------------------------------


def _print_stages(question: Any, tariff: Any) -> None:
    """A table in Markdown. Cold: nothing is known of the area that the cart goes to."""
    cold = _stages(question, forget=tariff)
    warm = _stages(question, forget=None)
    print(f"| {question.items} items, µs of CPU time | warm | cold |\n|---|---:|---:|")
    for name, each, first in zip((*STAGES, "of loading, the statement"), warm, cold, strict=True):
        print(f"| `{name}` | {each:.0f} | {first:.0f} |")
    whole = _whole(_portal(), question)
    print(f"| the rest: door, counting | {whole - sum(warm[: len(STAGES)]):.0f} | |")
    print(f"| **the whole call** | {whole:.0f} | |")
    with _bare(question) as bare:
        print(f"| a bare view's whole call | {_whole(bare, question):.0f} | |")


def _stages(question: Any, *, forget: Any) -> list[float]:
    """Of each stage, and of the statement within loading."""
    key = _key(question.path)
    with _statement_timed() as spent:
        rounds = [
            [_one(body, key, forget, spent) for body in question.bodies()[:CARTS]]
            for _ in range(ROUNDS)
        ]
    return [_least(column) for column in zip(*map(_by_stage, rounds), strict=True)]


def _by_stage(carts: Sequence[Sequence[int]]) -> list[tuple[int, ...]]:
    return list(zip(*carts, strict=True))


def _least(rounds: Sequence[Sequence[int]]) -> float:
    """In µs: the mean of the least that each cart took."""
    return float(mean([min(times) for times in zip(*rounds, strict=True)])) / 1_000


def _one(body: bytes, key: str, forget: Any, spent: list[int]) -> list[int]:
    from simulation import core, snapshot, wire

    if forget:
        forget.areas.clear()
        forget.times.clear()
    now = datetime.now(UTC)
    spent[0] = 0
    moments = [clock()]
    cart = wire.parse(body)
    moments.append(clock())
    known = snapshot.load(endpoint_key=key, headers={}, cart=cart, now=now)
    moments.append(clock())
    answer = core.simulate(cart, known, now)
    moments.append(clock())
    wire.render(answer)
    moments.append(clock())
    return [*(later - earlier for earlier, later in pairwise(moments)), spent[0]]


@contextmanager
def _statement_timed() -> Iterator[list[int]]:
    """What the statement takes of this process, in nanoseconds, is added to the list's one item."""
    from simulation.prepared import Line

    spent = [0]
    ask = Line.ask

    def timed(self: Line, *args: Any, **options: Any) -> Any:
        started = clock()
        rows = ask(self, *args, **options)
        spent[0] += clock() - started
        return rows

    Line.ask = timed  # type: ignore[method-assign]  # for the time being
    try:
        yield spent
    finally:
        Line.ask = ask  # type: ignore[method-assign]  # as it was


# --- whole calls ----------------------------------------------------------------------------------


def _whole(application: Application, question: Any) -> float:
    requests = _environs(question)
    rounds = [[_call(application, environ) for environ in requests] for _ in range(ROUNDS)]
    return _least(rounds)


def _portal() -> Application:
    from config.wsgi import application

    return application


@contextmanager
def _bare(question: Any) -> Iterator[Application]:
    """The benchmark's bare view behind Django's handler, with one of the portal's answers."""
    from django.core.handlers.wsgi import WSGIHandler
    from django.test import override_settings

    answer = _answer(_portal(), _environs(question)[0])
    settings = {"MIDDLEWARE": [], "ROOT_URLCONF": "benchmarks.peers.urls"}
    with tempfile.TemporaryDirectory() as answers, override_settings(**settings):
        (Path(answers) / f"{question.query}.json").write_bytes(answer)
        os.environ |= {"PEER": "bare", "BENCHMARK_ANSWERS": answers}
        yield WSGIHandler()


def _environs(question: Any) -> list[dict[str, Any]]:
    return [_environ(question.path, body) for body in question.bodies()[:CARTS]]


def _environ(path: str, body: bytes) -> dict[str, Any]:
    path, _, query = path.partition("?")
    return {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "127.0.0.1",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "body": body,
    }


def _call(application: Application, environ: dict[str, Any]) -> int:
    """Nanoseconds of CPU time."""
    given = {**environ, "wsgi.input": io.BytesIO(environ["body"])}
    started = clock()
    _read(application(given, _ignore))
    return clock() - started


def _answer(application: Application, environ: dict[str, Any]) -> bytes:
    return _read(application({**environ, "wsgi.input": io.BytesIO(environ["body"])}, _ignore))


def _read(answer: Any) -> bytes:
    whole = b"".join(answer)
    if hasattr(answer, "close"):
        answer.close()
    return whole


def _ignore(*_: Any) -> None:
    """The head of an answer."""


# --- functions ------------------------------------------------------------------------------------


def _functions(run: Callable[[], object], top: int) -> None:
    run()
    profile = cProfile.Profile()
    profile.runcall(run)
    out = io.StringIO()
    pstats.Stats(profile, stream=out).strip_dirs().sort_stats("tottime").print_stats(top)
    print(out.getvalue())


def _call_all(application: Application, requests: list[dict[str, Any]]) -> None:
    for environ in requests:
        _call(application, environ)


def _key(path: str) -> str:
    return path.split("/")[2]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profiling", description=__doc__)
    parser.add_argument("--skus", type=int, default=1_000_000)
    parser.add_argument("--items", type=int, default=10)
    parser.add_argument("--top", type=int, default=0, help="functions to show (default: none)")
    parser.add_argument("--var", type=Path, default=Path("var/bench"))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
