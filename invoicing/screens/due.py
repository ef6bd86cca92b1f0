"""How long there is until an order must be handed over, in words, colour and shape."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

SOON = timedelta(hours=2)


@dataclass(frozen=True)
class Due:
    """`level` is calm, soon or late; `sign` its shape for those who see no colour."""

    level: str
    sign: str
    text: str


def due(due_at: datetime | None, *, now: datetime) -> Due:
    if due_at is None:
        return Due("calm", "○", _("no time set"))
    left = due_at - now
    if left < timedelta(0):
        return Due("late", "▲", _("late by %(time)s") % {"time": _span(-left)})
    level, sign = ("soon", "◆") if left <= SOON else ("calm", "●")
    return Due(level, sign, _("%(time)s left") % {"time": _span(left)})


def _span(span: timedelta) -> str:
    minutes = int(span.total_seconds()) // 60
    if minutes < 60:
        return _("%(minutes)d min") % {"minutes": minutes}
    if minutes < 48 * 60:
        return _("%(hours)d h %(minutes)02d min") % {
            "hours": minutes // 60,
            "minutes": minutes % 60,
        }
    return _("%(days)d days") % {"days": minutes // (24 * 60)}
