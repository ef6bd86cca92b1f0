"""How long there is until an order must be handed over, in words, colour and shape.

The page keeps counting by itself (static/packing/clock.js), with the words given here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

SOON = timedelta(minutes=60)
#: The level's shape, for those who see no colour.
SIGNS = {"calm": "●", "soon": "◆", "late": "▲"}


@dataclass(frozen=True)
class Due:
    """`level` is calm, soon or late; `at` seconds since 1970, None when no time is set."""

    level: str
    sign: str
    text: str
    at: int | None = None


def due(due_at: datetime | None, *, now: datetime) -> Due:
    if due_at is None:
        return Due("calm", "○", _("no time set"))
    left = due_at - now
    at = int(due_at.timestamp())
    if left < timedelta(0):
        return Due("late", SIGNS["late"], _("late by %(time)s") % {"time": _span(-left)}, at)
    level = "soon" if left <= SOON else "calm"
    return Due(level, SIGNS[level], _("%(time)s left") % {"time": _span(left)}, at)


def _span(span: timedelta) -> str:
    minutes = int(span.total_seconds()) // 60
    if minutes < 60:
        return _("%(minutes)s min") % {"minutes": minutes}
    if minutes < 48 * 60:
        return _("%(hours)s h %(minutes)s min") % {
            "hours": minutes // 60,
            "minutes": f"{minutes % 60:02d}",
        }
    return _("%(days)s days") % {"days": minutes // (24 * 60)}


def clock(now: datetime) -> dict[str, str | int]:
    """What a page needs to count on: the moment, the words with {places}, and the shapes."""
    return {
        "now": int(now.timestamp()),
        "soon": int(SOON.total_seconds()),
        "late": _("late by %(time)s") % {"time": "{time}"},
        "left": _("%(time)s left") % {"time": "{time}"},
        "minutes": _("%(minutes)s min") % {"minutes": "{minutes}"},
        "hours": _("%(hours)s h %(minutes)s min") % {"hours": "{hours}", "minutes": "{minutes}"},
        "days": _("%(days)s days") % {"days": "{days}"},
    }
