"""Several callers at the same moment, each with a database connection of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connections


def together(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """Start all `calls` at once; what each returned, or the exception it raised, in their order."""
    gate = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        try:
            gate.wait(timeout=30)
            return call()
        except Exception as error:  # the loser's error is what tests look at
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))
