"""Reads documents of others: fields found in any case, each value made what it should be.

A shape names its fields as Python does; their wire names follow from that (`item_index`,
itemIndex). Unknown fields are let be. What can't be read is told with the path that leads to it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.dateparse import parse_datetime

from sellers.errors import DomainError

Read = Callable[[Any], Any]
_WIRE_NAMES = {"lock_ttl": "lockTTL"}
_WHOLE = re.compile(r"\s*([+-]?[0-9]{1,20})(?:\.0*)?\s*")
_LONGEST_NUMBER = 100
_FLAGS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False, "": False}


class Unfit(Exception):
    """A value that is not as it should be. `steps` lead to it, the last one first."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.steps: list[str] = []

    @property
    def path(self) -> str:
        return "".join(reversed(self.steps)).lstrip(".") or "body"


class Shape:
    """An object and its fields, each a way of reading it or `needed` around one."""

    def __init__(self, **fields: Read) -> None:
        self.fields = [
            (name, wire_name(name), name.replace("_", ""), read, isinstance(read, needed))
            for name, read in fields.items()
        ]
        self.wire_names = frozenset(wire for _name, wire, *_more in self.fields)

    def read(self, document: Any) -> dict[str, Any]:
        """What the document says of our fields; null is nothing. Raises DomainError."""
        found: dict[str, Any] = read_as(self, document)
        return found

    def __call__(self, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise Unfit("must be an object.")
        found: dict[str, Any] = {}
        others = self._in_other_case(value)
        for name, wire, folded, read, is_needed in self.fields:
            given = value.get(wire)
            if given is None and others:
                given = others.get(folded)
            try:
                if given is not None:
                    found[name] = read(given)
                elif is_needed:
                    is_null = wire in value or folded in others
                    raise Unfit("must not be null." if is_null else "is missing.")
            except Unfit as fault:
                fault.steps.append(f".{wire}")
                raise
        return found

    def _in_other_case(self, value: Mapping[str, Any]) -> dict[str, Any]:
        return {key.casefold(): each for key, each in value.items() if key not in self.wire_names}


class needed:  # noqa: N801 (it reads as a word)
    """A field that must be there, and not null."""

    def __init__(self, read: Read) -> None:
        self.read = read

    def __call__(self, value: Any) -> Any:
        return self.read(value)


def wire_name(field: str) -> str:
    head, *rest = field.split("_")
    return _WIRE_NAMES.get(field) or head + "".join(part.capitalize() for part in rest)


def read_as(read: Read, document: Any) -> Any:
    """Raises DomainError `invalid-field` naming the path of the first fault."""
    try:
        return read(document)
    except Unfit as fault:
        raise DomainError("invalid-field", f"{fault.path}: {fault.reason}") from fault


def many(read: Read, *, most: int | None = None, fewest: int = 0) -> Read:
    def read_all(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise Unfit("must be a list.")
        if len(value) < fewest:
            raise Unfit("must not be empty.")
        if most is not None and len(value) > most:
            raise Unfit(f"must have at most {most} entries.")
        found = []
        for position, each in enumerate(value):
            try:
                found.append(read(each))
            except Unfit as fault:
                fault.steps.append(f"[{position}]")
                raise
        return found

    return read_all


def one_or_many(read: Read, **options: Any) -> Read:
    """Where some of VTEX's pages show an array and others its only element."""
    read_all = many(read, **options)
    return lambda value: read_all([value] if isinstance(value, dict) else value)


def anything(value: Any) -> Any:
    return value


def text(value: Any) -> str:
    """Text as it came, spaces included; a number is its digits."""
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    raise Unfit("must be text.")


def short(most: int) -> Read:
    """Text of so many characters at most."""

    def read(value: Any) -> str:
        found = text(value)
        if len(found) > most:
            raise Unfit(f"must have at most {most} characters.")
        return found

    return read


def whole(*, lowest: int, most: int, unit: str = "a whole number") -> Read:
    """A whole number between bounds, which are said when it is not."""

    def read(value: Any) -> int:
        found = value if type(value) is int else _whole(value)
        if found is None or not lowest <= found <= most:
            raise Unfit(f"must be {unit} from {lowest} to {most}.")
        return found

    return read


def _whole(value: Any) -> int | None:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    digits = _WHOLE.fullmatch(value) if isinstance(value, str) else None
    return int(digits[1]) if digits else None


def number(*, digits: int, lowest: int | None = None) -> Read:
    """A decimal of so many digits before the point, rounded to four places after it."""

    def read(value: Any) -> Decimal:
        found = _decimal(value)
        if found.adjusted() < digits:
            found = round(found, 4)  # which may carry over into one digit more
        if found.adjusted() >= digits:
            raise Unfit("must be a number of fewer digits.")
        if lowest is not None and found < lowest:
            raise Unfit(f"must be a number from {lowest}.")
        return found

    return read


def _decimal(value: Any) -> Decimal:
    written = str(value) if isinstance(value, (int, float, str)) else ""
    try:
        found = Decimal(written.strip()) if len(written) <= _LONGEST_NUMBER else None
    except InvalidOperation:
        found = None
    if found is None or not found.is_finite():
        raise Unfit("must be a number.")
    return found


def flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    known = _FLAGS.get(str(value).casefold()) if isinstance(value, (int, str)) else None
    if known is None:
        raise Unfit("must be true or false.")
    return known


def moment(value: Any) -> datetime:
    """A date and time, in UTC where no zone is named."""
    try:
        found = parse_datetime(value) if isinstance(value, str) else None
        if found is not None:
            return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        pass
    raise Unfit("must be a date and time such as 2026-01-31T12:00:00Z.")
