"""`python -m benchmarks.profiling`: where the portal's time goes, answering in this process.

Uses the data that benchmarks.simulation made. First the stages by the clock, then the functions by
cProfile (which makes small functions look dearer than they are).
"""

from __future__ import annotations

import argparse
import cProfile
import io
import pstats
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.place import database
from benchmarks.shape import RANGES

REPEATS = 400


def main() -> int:
    options = _options()
    with database(var=options.var.resolve(), server=None, largest=options.skus, ranges=RANGES):
        import django

        django.setup()
        from benchmarks.carts import Question

        question = Question(options.skus, options.items)
        _warm(question)
        for _ in range(2):  # the second time the pages are warm
            _stages(question.bodies()[:REPEATS], _key(question.path))
        application = _application()
        requests = [_environ(question.path, body) for body in question.bodies()[:REPEATS]]
        _functions(partial(_call_all, application, requests), options.top)
    return 0


def _warm(question: Any) -> None:
    """Once, patiently: the freight tables are compiled at the first answer."""
    from sellers.errors import Unavailable
    from simulation import snapshot, wire

    start = time.perf_counter()
    cart = wire.parse(question.bodies()[0])
    while True:
        try:
            now = datetime.now(UTC)
            snapshot.load(endpoint_key=_key(question.path), headers={}, cart=cart, now=now)
            break
        except Unavailable:
            continue
    print(f"First answer, with the freight tables: {time.perf_counter() - start:.2f} s\n")


def _stages(bodies: list[bytes], key: str) -> None:
    """Median µs of each stage of an answer."""
    from simulation import core, snapshot, wire

    clock = time.perf_counter
    times = []
    for body in bodies:
        now = datetime.now(UTC)
        moments = [clock()]
        cart = wire.parse(body)
        moments.append(clock())
        known = snapshot.load(endpoint_key=key, headers={}, cart=cart, now=now)
        moments.append(clock())
        answer = core.simulate(cart, known, now)
        moments.append(clock())
        wire.render(answer)
        moments.append(clock())
        times.append([later - earlier for earlier, later in pairwise(moments)])
    stages = ("wire.parse", "snapshot.load (database)", "core.simulate", "wire.render")
    print(f"{'stage':<28}{'µs':>8}")
    for stage, values in zip(stages, zip(*times, strict=True), strict=True):
        print(f"{stage:<28}{median(values) * 1e6:>8.0f}")


def _functions(run: Callable[[], object], top: int) -> None:
    run()
    profile = cProfile.Profile()
    profile.runcall(run)
    out = io.StringIO()
    pstats.Stats(profile, stream=out).strip_dirs().sort_stats("tottime").print_stats(top)
    print(out.getvalue())


def _application() -> Callable[..., Any]:
    from config.wsgi import application

    return application


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


def _call_all(application: Callable[..., Any], requests: list[dict[str, Any]]) -> None:
    """Each request once, with a body that can be read again the next time."""
    for environ in requests:
        given = {**environ, "wsgi.input": io.BytesIO(environ["body"])}
        b"".join(application(given, lambda *_: None))


def _key(path: str) -> str:
    return path.split("/")[2]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profiling", description=__doc__)
    parser.add_argument("--skus", type=int, default=1_000_000)
    parser.add_argument("--items", type=int, default=10)
    parser.add_argument("--top", type=int, default=25, help="functions to show")
    parser.add_argument("--var", type=Path, default=Path("var/bench"))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
