"""Asking for a report's file."""

from __future__ import annotations

from typing import Any

from jobs.asking import enqueue
from jobs.models import Job
from reporting.asking import Asking
from reporting.jobs import KIND
from sellers.models import SellerAccount


def ask(asking: Asking, format_: str, *, user: Any) -> Job:
    """The job that makes it, in the transaction of its cause; `user` None: the clock asks.

    Raises PermissionDenied when `user` may not ask for files of reports.
    """
    return enqueue(
        KIND,
        {
            "report": asking.report.slug,
            "format": format_,
            "asked": dict(asking.asked),
            "now": asking.now.isoformat(),
        },
        user=user,
        now=asking.now,
        about=_about(asking),
        time_zone=zone_name(),
    )


def _about(asking: Asking) -> str:
    told = ", ".join(text for _label, text in asking.told())
    return f"{asking.report.title}: {told}" if told else str(asking.report.title)


def zone_name() -> str:
    """On whose clocks a file says when it was asked for: those of the first account."""
    first = SellerAccount.objects.order_by("pk").values_list("timezone", flat=True).first()
    return first or "UTC"
