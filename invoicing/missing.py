"""Units that turn out to be missing at the packing table: told to a manager, as pickers do it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from datetime import datetime

from django.db.models import Sum
from django.utils.translation import gettext as _

from invoicing import contents
from invoicing.models import ShortPick
from invoicing.picking import shorts
from orders.models import Order, OrderLine
from sellers.errors import Conflict
from sellers.models import Hold, User, Warehouse


def report(
    *,
    order: Order,
    line_ids: Collection[int],
    reason: str,
    words: str,
    now: datetime,
    actor: User,
) -> int:
    """All units of these lines that are neither packed nor reported yet are not there; how many.

    Raises Conflict `nothing-missing` when there are none, and as `shorts.report` does.
    """
    left, known = contents.remaining(order), reported(order)
    lines = [line for line in order.lines.order_by("index") if line.pk in line_ids]
    told = 0
    for line in lines:
        for warehouse, units in _places(order, line, left[line.pk] - known[line.pk]):
            shorts.report(
                order=order,
                line=line,
                warehouse=warehouse,
                quantity=units,
                reason=reason,
                words=words,
                now=now,
                actor=actor,
            )
            told += units
    if not told:
        raise Conflict("nothing-missing", _("Nothing of it is missing."))
    return told


def reported(order: Order) -> Counter[int]:
    """Units by line that a manager knows of, decided or not, and that have not come since."""
    shown = ShortPick.objects.filter(order=order).missing().values_list("line")
    return Counter(dict(shown.annotate(units=Sum("quantity")).order_by()))


def _places(order: Order, line: OrderLine, quantity: int) -> Iterator[tuple[Warehouse, int]]:
    """Where the units should have come from: the place that is asked last first."""
    holds = Hold.objects.filter(
        seller_order_id=order.seller_order_id, line_index=line.index, state=Hold.State.HELD
    )
    for hold in holds.select_related("level__warehouse").order_by("-pk"):
        units = min(hold.quantity, quantity)
        if units > 0:
            quantity -= units
            yield hold.level.warehouse, units
