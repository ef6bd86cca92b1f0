"""What is wrong with a seller file, each fault with its path: `skus[17].price: must be …`."""

from __future__ import annotations

import difflib
import json
from collections.abc import Collection
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from sellers.errors import DomainError

#: Enough to mend a file by, few enough to read.
MOST_PROBLEMS = 20


class Problem(NamedTuple):
    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class SellerFileError(DomainError):
    """The file was refused and nothing was changed; `problems` holds the first twenty faults."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("seller-file", "\n".join(map(str, problems)))
        self.problems = problems


class Problems:
    """Collects faults; gives up at the twentieth."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def add(self, path: str, message: str) -> None:
        self.found.append(Problem(path, message))
        if len(self.found) >= MOST_PROBLEMS:
            raise SellerFileError(self.found)

    def settle(self) -> None:
        """Raises SellerFileError when anything was found."""
        if self.found:
            raise SellerFileError(self.found)


def shown(value: Any) -> str:
    """A value of the file as the file has it, short enough for one line."""
    if isinstance(value, dict):
        return _("an object")
    if isinstance(value, list) and (not value or any(isinstance(x, (dict, list)) for x in value)):
        return _("a list")
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}…"


def nearest(word: str, known: Collection[str]) -> str:
    """` Did you mean “price”?`, or nothing when no known word is near."""
    match = difflib.get_close_matches(word, known, n=1)
    return " " + _("Did you mean “%(word)s”?") % {"word": match[0]} if match else ""
