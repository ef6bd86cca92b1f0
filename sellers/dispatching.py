"""Units that leave the building with a package, and come back when it is opened again.

With `sellers.stock`, which offers both, a writer of stock: the same locks, the same ledger. However
many lines a package has, it is the same few statements.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

from sellers import shelves
from sellers.lowering import take
from sellers.models import Hold, StockMovement, User
from sellers.shelves import Change

_Kind = StockMovement.Kind


class Leaving(NamedTuple):
    """Units of one line of an order, each line once. Twice is once, by `cause`."""

    line_index: int
    quantity: int
    cause: str


class Taken(NamedTuple):
    hold: Hold
    units: int
    cause: str


def ship(
    *, seller_order_id: str, leaving: Iterable[Leaving], now: datetime, actor: User | None
) -> None:
    """Held units leave the building, in a package.

    Raises Conflict `not-held` when a line holds fewer; then nothing changed.
    """
    levels = shelves.lock_of_order(seller_order_id)
    held = Hold.objects.filter(seller_order_id=seller_order_id, state=Hold.State.HELD)
    taken = _taken(held.order_by("pk"), _new(leaving, levels))
    _become(taken, Hold.State.SHIPPED)
    changes = [
        Change(levels[hold.level_id], -units, -units, cause, seller_order_id)
        for hold, units, cause in taken
    ]
    shelves.write(changes, kind=_Kind.PICK, now=now, actor=actor)


def unship(
    *, seller_order_id: str, leaving: Iterable[Leaving], now: datetime, actor: User | None
) -> None:
    """Undo `ship`, with the same causes: the units are on the shelf and held again.

    Raises Conflict `not-held` when a line has not shipped that many.
    """
    levels = shelves.lock_of_order(seller_order_id)
    shipped = Hold.objects.filter(seller_order_id=seller_order_id, state=Hold.State.SHIPPED)
    back = [each._replace(cause=f"{each.cause}/undone") for each in leaving]
    taken = _taken(shipped.order_by("-pk"), _new(back, levels))
    _become(taken, Hold.State.HELD)
    changes = [
        Change(levels[hold.level_id], units, units, cause, seller_order_id)
        for hold, units, cause in taken
    ]
    shelves.write(changes, kind=_Kind.PICK, now=now, actor=actor)


def _new(leaving: Iterable[Leaving], levels: Collection[int]) -> list[Leaving]:
    """Without those that have had their effect before."""
    asked = list(leaving)
    known = StockMovement.objects.filter(
        level__in=levels, kind=_Kind.PICK, cause__in=[each.cause for each in asked]
    )
    done = set(known.values_list("cause", flat=True))
    return [each for each in asked if each.cause not in done]


def _taken(holds: Iterable[Hold], leaving: Iterable[Leaving]) -> list[Taken]:
    by_line: dict[int, list[Hold]] = defaultdict(list)
    for hold in holds:
        by_line[hold.line_index].append(hold)
    return [
        Taken(hold, units, each.cause)
        for each in leaving
        for hold, units in take(by_line[each.line_index], each.quantity)
    ]


def _become(taken: Collection[Taken], state: Hold.State) -> None:
    """So many units of these holds change state; the rest of each stays as it is."""
    whole = [hold.pk for hold, units, _cause in taken if units == hold.quantity]
    Hold.objects.filter(pk__in=whole).update(state=state)
    parts = [(hold, units) for hold, units, _cause in taken if units < hold.quantity]
    if not parts:
        return
    Hold.objects.bulk_create(
        Hold(
            level_id=hold.level_id,
            seller_order_id=hold.seller_order_id,
            line_index=hold.line_index,
            quantity=units,
            state=state,
            created_at=hold.created_at,
        )
        for hold, units in parts
    )
    for hold, units in parts:
        hold.quantity -= units
    Hold.objects.bulk_update([hold for hold, _units in parts], ["quantity"])
