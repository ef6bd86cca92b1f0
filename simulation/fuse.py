"""Spares callers the wait for something that has just kept others waiting."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


class Blown(Exception):
    """It failed a moment ago, and nobody should wait to see it fail again."""


class Fuse:
    """Blows when what it guards fails or is slow. For `rest_seconds` nobody gets through then,
    and after that one at a time, until somebody comes back in good time.

    Where few threads answer everybody, all of them waiting for a database that is not well would
    keep the callers in the queue behind them waiting as well, and longer.
    """

    def __init__(
        self, *, failures: tuple[type[Exception], ...], rest_seconds: float, slow_seconds: float
    ) -> None:
        self.failures = failures
        self.rest_seconds = rest_seconds
        self.slow_seconds = slow_seconds
        self.resting_until: float | None = None
        self._trying = threading.Lock()

    def through(self, use: Callable[[], Result]) -> Result:
        """What `use` returns. Raises what it raises, or Blown without having called it."""
        alone = self._let_in()
        started = time.monotonic()
        try:
            result = use()
        except self.failures:
            self._blow()
            raise
        finally:
            if alone:
                self._trying.release()
        if time.monotonic() - started > self.slow_seconds:
            self._blow()
        else:
            self.mend()
        return result

    def mend(self) -> None:
        self.resting_until = None

    def _let_in(self) -> bool:
        """True for the one who finds out whether it is well again."""
        until = self.resting_until
        if until is None:
            return False
        if time.monotonic() < until or not self._trying.acquire(blocking=False):
            raise Blown
        return True

    def _blow(self) -> None:
        self.resting_until = time.monotonic() + self.rest_seconds
