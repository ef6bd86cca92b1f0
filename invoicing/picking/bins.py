"""Where things lie: the order in which a walk comes by, A-2 before A-10."""

from __future__ import annotations

import re

_PIECE = re.compile(r"\d+|[^\W\d_]+")
#: Behind every letter and digit: what has no place is looked for last.
_NOWHERE = ((2, 0, ""),)

Key = tuple[tuple[int, int, str], ...]


def walk_key(bin_location: str) -> Key:
    """Sorts places as people read them: numbers by size, letters whatever their case."""
    pieces = _PIECE.findall(bin_location)
    if not pieces:
        return _NOWHERE
    return tuple(
        (0, int(piece), "") if piece.isdecimal() else (1, 0, piece.casefold()) for piece in pieces
    )


def aisle_of(bin_location: str) -> str:
    """The first part of the place, such as A of A-04-01: where a walk turns the corner."""
    pieces = _PIECE.findall(bin_location)
    return str(pieces[0]).upper() if len(pieces) > 1 else ""
