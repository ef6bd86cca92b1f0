"""Reads JSON objects by a declared shape; faults are noted by the path of what is at fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from sellers.seller_file.problems import Problems, nearest, shown
from sellers.seller_file.values import Invalid, Reader

Row = dict[str, Any]
#: Looks at a whole row; yields (key, end of a sentence) for each broken rule.
Rule = Callable[[Row], Iterator[tuple[str, str]]]

REQUIRED: Any = object()


@dataclass(frozen=True)
class Shape:
    keys: Mapping[str, Value | Part | Entries]
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True)
class Value:
    """A key with a plain value, kept in `column`. Null counts as absent."""

    column: str
    read: Reader
    default: Any = REQUIRED

    def fill(self, row: Row, given: Any, path: str, problems: Problems) -> None:
        if given is None:
            if self.default is REQUIRED:
                problems.add(path, _("is missing"))
            row[self.column] = self.default
            return
        try:
            row[self.column] = self.read(given)
        except Invalid as error:
            problems.add(path, str(error))


@dataclass(frozen=True)
class Part:
    """A key with an object: kept in `column`, or, without one, joined to the row around it."""

    shape: Shape
    column: str = ""

    def fill(self, row: Row, given: Any, path: str, problems: Problems) -> None:
        if given is None:
            problems.add(path, _("is missing"))
            return
        part = read_object(self.shape, given, path, problems)
        row |= {self.column: part} if self.column else part


@dataclass(frozen=True)
class Entries:
    """A key with a list: of objects, or of plain values. Absent means: leave that part alone."""

    column: str
    shape: Shape | None = None
    read: Reader | None = None

    def fill(self, row: Row, given: Any, path: str, problems: Problems) -> None:
        if given is None:
            row[self.column] = None
        elif not isinstance(given, list):
            problems.add(path, _("must be a list, got %(value)s") % {"value": shown(given)})
        else:
            row[self.column] = list(self._read(given, path, problems))

    def _read(self, given: list[Any], path: str, problems: Problems) -> Iterator[Any]:
        for index, entry in enumerate(given):
            if self.shape:
                yield read_object(self.shape, entry, f"{path}[{index}]", problems)
            elif self.read:
                try:
                    yield self.read(entry)
                except Invalid as error:
                    problems.add(f"{path}[{index}]", str(error))


def read_object(shape: Shape, given: Any, path: str, problems: Problems) -> Row:
    """The row of one object; the columns of faulty values are left out of it."""
    row: Row = {}
    if not isinstance(given, dict):
        problems.add(path, _("must be an object, got %(value)s") % {"value": shown(given)})
        return row
    faults = len(problems.found)
    if not given.keys() <= shape.keys.keys():
        _note_unknown(shape, given, path, problems)
    prefix = f"{path}." if path else ""
    for key, wanted in shape.keys.items():
        wanted.fill(row, given.get(key), prefix + key, problems)
    # A rule looks at several values, so all of them have to be sound first.
    if shape.rules and len(problems.found) == faults:
        for key, message in (fault for rule in shape.rules for fault in rule(row)):
            problems.add(prefix + key, message)
    return row


def _note_unknown(shape: Shape, given: Row, path: str, problems: Problems) -> None:
    for key in given:
        if key not in shape.keys:
            free = [known for known in shape.keys if known not in given]
            problems.add(
                f"{path}.{key}" if path else key, _("is not a known key.") + nearest(key, free)
            )
