"""When something changed, as VTEX writes it: six or seven digits of a second, sometimes fewer."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_WRITTEN = re.compile(
    r"\s*(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d+))?\s*(Z|[+-]\d\d:?\d\d)?\s*", re.I | re.A
)
_DIGITS = 7


def canonical(written: str) -> str:
    """`2026-03-02T12:00:00.1234567Z`, whatever zone and precision it came with; "" if unreadable.

    Such texts compare as their moments do, and hook and feed agree about them: the feed may drop
    trailing zeros. No zone means UTC.
    """
    match = _WRITTEN.fullmatch(written)
    if match is None:
        return ""
    day, time, fraction, zone = match.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{time}{_zone(zone)}").astimezone(UTC)
    except (ValueError, OverflowError):
        return ""
    seconds = moment.replace(tzinfo=None).isoformat(timespec="seconds")
    return f"{seconds}.{(fraction or '')[:_DIGITS]:0<{_DIGITS}}Z"


def _zone(written: str | None) -> str:
    return "+00:00" if written in (None, "Z", "z") else written or ""


def written(moment: datetime) -> str:
    """A moment of ours in the same form."""
    return canonical(moment.isoformat())
