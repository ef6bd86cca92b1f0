"""How an import tells how far it got, without knowing who listens."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import TypeVar

T = TypeVar("T")

#: Told now and then: the key of a list, how many of its rows are done, how many there are.
Progress = Callable[[str, int, int], None]

STEP = 1_000


def quietly(kind: str, done: int, total: int) -> None:
    """For callers whom nobody watches."""


def watched(rows: Collection[T], *, kind: str, progress: Progress) -> Iterator[T]:
    """The rows, one by one, with a word to `progress` at every thousandth."""
    for done, row in enumerate(rows):
        if done % STEP == 0:
            progress(kind, done, len(rows))
        yield row
    progress(kind, len(rows), len(rows))
