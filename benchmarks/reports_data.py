"""`python -m benchmarks.reports_data`: a year of a big shop, by set-based SQL, in minutes.

1,000,000 orders have 1,300,000 packages and 5,000,000 lines on their timelines; ORDERS= asks for
fewer. They go into a database of their own under `var/bench`, or onto the server that --server
names. What was made once is kept; a stopped preparation goes on where it stopped. It never runs
in production.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.place import named

VERSION = 1


def name_of(orders: int) -> str:
    return f"big_data_v{VERSION}_{orders}"


@contextmanager
def prepared(*, orders: int, var: Path, server: str | None, quiet: bool = False) -> Iterator[str]:
    """The URL of the database with so many orders, filled if it is not. Django is set up for it."""
    with named(name_of(orders), var=var, server=server) as url:
        os.environ.setdefault("LOG_LEVEL", "ERROR")
        import django

        django.setup()
        from benchmarks.reports_making import make  # models can be imported from here on

        make(orders, quiet=quiet)
        yield url


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reports_data", description=__doc__)
    parser.add_argument("--orders", type=int, default=1_000_000)
    parser.add_argument(
        "--var", type=Path, default=Path("var/bench"), help="where servers are kept"
    )
    parser.add_argument("--server", help="URL of a PostgreSQL to use instead of the embedded one")
    options = parser.parse_args()
    if os.environ.get("PORTAL_ENV") == "production":
        print("This makes invented orders: never in production.", file=sys.stderr)
        return 1
    with prepared(orders=options.orders, var=options.var.resolve(), server=options.server) as url:
        print(f"{options.orders:,} orders are in {url}")
        print("Look at them while this runs, or keep the server: make serve DATABASE_URL=…")
    return 0


if __name__ == "__main__":
    sys.exit(main())
