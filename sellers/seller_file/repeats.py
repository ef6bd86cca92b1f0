"""Keys that one object of a JSON text has twice: parsers keep the last and say nothing."""

from __future__ import annotations

import json
from typing import Any

from django.utils.translation import gettext as _

from sellers.seller_file.problems import Problem, SellerFileError


class _Repeated(str):
    """The path of such a key, from the object that is being read."""


def refuse_repeated_keys(text: bytes) -> None:
    """Raises SellerFileError naming the first key of a JSON text that is there twice.

    Of the objects themselves nothing is kept: a file may hold a million of them.
    """
    try:
        found = json.loads(text, object_pairs_hook=_look)
    except RecursionError:  # so deep is nothing of the format: its shape is refused next
        return
    if isinstance(found, _Repeated):
        raise SellerFileError([Problem(found, _("is there twice"))])


def _look(pairs: list[tuple[str, Any]]) -> _Repeated | None:
    if len(dict(pairs)) < len(pairs):
        keys = [key for key, _value in pairs]
        return _Repeated(next(key for at, key in enumerate(keys) if key in keys[:at]))
    for key, value in pairs:
        if isinstance(value, _Repeated):
            return _Repeated(f"{key}.{value}")
        if isinstance(value, list):
            for at, each in enumerate(value):
                if isinstance(each, _Repeated):
                    return _Repeated(f"{key}[{at}].{each}")
    return None
