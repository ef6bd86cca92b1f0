"""Ids of pickup points, as the marketplace can tell them apart."""

from __future__ import annotations

from collections.abc import Iterable


def mixed_up(refs: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of ids of which the second begins with the first: VTEX takes one's stock for the
    other's. Each id comes second once at most."""
    found = []
    beginnings: list[str] = []  # of the id in hand; sorted, they come right before it
    for ref in sorted(set(refs)):
        while beginnings and not ref.startswith(beginnings[-1]):
            beginnings.pop()
        if beginnings:
            found.append((beginnings[-1], ref))
        beginnings.append(ref)
    return found
