"""Deadlocks are PostgreSQL's business, never the caller's."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.db import OperationalError, connection
from psycopg import errors

Result = TypeVar("Result")
_TRIES = 4


def retried(transaction: Callable[[], Result]) -> Result:
    """Run a whole transaction, again when PostgreSQL chose it to break a deadlock.

    Locks are taken in one order everywhere, so this is for the unforeseen. Inside somebody else's
    transaction there is nothing to begin again, and the error passes.
    """
    tries = 1 if connection.in_atomic_block else _TRIES
    for left in reversed(range(tries)):
        try:
            return transaction()
        except OperationalError as error:
            if left == 0 or not isinstance(error.__cause__, _TRANSIENT):
                raise
    raise AssertionError("unreachable")


_TRANSIENT = (errors.DeadlockDetected, errors.SerializationFailure)
