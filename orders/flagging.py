"""Problems that a manager should look at: written on the timeline, raised on the order."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from orders import moving
from orders.models import Order, TimelineEntry
from sellers.models import User


def raise_to_staff(
    order: Order, *, code: str, now: datetime, facts: dict[str, Any] | None = None
) -> None:
    """Put a problem before staff. The same one again, with the same facts, is one problem."""
    last = order.timeline.filter(kind=TimelineEntry.Kind.PROBLEM).order_by("-id").first()
    if last is not None and (last.code, last.facts) == (code, facts or {}):
        return
    moving.record(order, kind=TimelineEntry.Kind.PROBLEM, code=code, now=now, facts=facts)
    Order.objects.filter(pk=order.pk).update(flagged_at=now)
    order.flagged_at = now


def settle(order: Order, *, now: datetime, actor: User) -> None:
    """A manager has looked at it."""
    if Order.objects.filter(pk=order.pk, flagged_at__isnull=False).update(flagged_at=None):
        moving.record(order, kind=TimelineEntry.Kind.NOTE, code="seen", now=now, actor=actor)
    order.flagged_at = None


def settle_problem(order: Order, *, code: str, now: datetime, actor: User) -> None:
    """The problem `code` is out of the way; the flag falls unless another one waits behind it."""
    seen = order.timeline.filter(code="seen").order_by("-id").values_list("id", flat=True).first()
    waiting = order.timeline.filter(kind=TimelineEntry.Kind.PROBLEM, id__gt=seen or 0)
    if not waiting.exclude(code=code).exists():
        settle(order, now=now, actor=actor)
