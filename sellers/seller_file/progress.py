"""How an import tells how far it got, without knowing who listens."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

T = TypeVar("T")


class Progress(Protocol):
    """Hands the rows on one by one; `kind` is the key of the list they come from."""

    def __call__(self, rows: Iterable[T], *, kind: str, total: int) -> Iterable[T]: ...


def quietly(rows: Iterable[T], *, kind: str, total: int) -> Iterable[T]:
    return rows
