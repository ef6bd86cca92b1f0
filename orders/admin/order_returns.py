"""What came back of an order, for its page: what, in which state, where it went, who took it in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from orders.models import Order
from sellers.admin.base import local


@dataclass(frozen=True)
class ShownReturn:
    title: str
    state: str
    colour: str
    contents: list[str]
    taken_in: str


def shown_returns(order: Order, *, zone: ZoneInfo) -> list[ShownReturn]:
    """In the order in which they came: two queries, whatever their number."""
    # Orders know that returns exist, not how they are made.
    returns: Iterable[Any] = (
        order.returns.select_related("received_by", "invoice")
        .prefetch_related("items__line", "items__warehouse")
        .order_by("number")
    )
    return [_shown(one, zone) for one in returns]


def _shown(taken_in: Any, zone: ZoneInfo) -> ShownReturn:
    state, colour = _state(taken_in)
    who = taken_in.received_by
    told = [local(taken_in.received_at, zone), (who.get_full_name() or str(who)) if who else ""]
    return ShownReturn(
        title=_("Return %(number)s") % {"number": taken_in.number},
        state=state,
        colour=colour,
        contents=[_content(item) for item in taken_in.items.all()],
        taken_in=" · ".join(filter(None, told)),
    )


def _state(taken_in: Any) -> tuple[str, str]:
    if taken_in.undone_at:
        return _("taken back"), "info"
    if taken_in.invoice is None or taken_in.invoice.voided_at:
        return _("waits for its return invoice"), "warning"
    return _("return invoice %(number)s") % {"number": taken_in.invoice.number}, "success"


def _content(item: Any) -> str:
    facts = {
        "units": item.quantity,
        "name": item.line.name,
        "condition": item.get_condition_display(),
        "warehouse": item.warehouse,
        "reason": item.scrap_reason,
    }
    if item.warehouse is None:
        return _("%(units)s × %(name)s, %(condition)s: scrapped, %(reason)s") % facts
    return _("%(units)s × %(name)s, %(condition)s: back in %(warehouse)s") % facts
