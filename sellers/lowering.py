"""Units of one line of an order given back, or passed on to another of its lines.

With `sellers.stock`, which offers both, a writer of stock: the same locks, the same ledger.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sellers import shelves
from sellers.errors import Conflict
from sellers.models import Hold, StockMovement, User
from sellers.shelves import Change

_Kind = StockMovement.Kind


def lower(
    *,
    seller_order_id: str,
    line_index: int,
    quantity: int,
    cause: str,
    now: datetime,
    actor: User | None,
) -> None:
    """`quantity` units that a line holds go back to the shelf. Twice is once, by `cause`.

    Raises Conflict `not-held` when the line holds fewer; then nothing changed.
    """
    _let_go(
        seller_order_id=seller_order_id,
        line_index=line_index,
        quantity=quantity,
        cause=cause,
        now=now,
        actor=actor,
    )


def pass_on(
    *,
    seller_order_id: str,
    line_index: int,
    to_line_index: int,
    quantity: int,
    cause: str,
    now: datetime,
    actor: User | None,
) -> None:
    """`quantity` units that a line holds are held for another line of the order instead.

    Nobody else can take them in between. Twice is once, by `cause`. Raises as `lower` does.
    """
    taken = _let_go(
        seller_order_id=seller_order_id,
        line_index=line_index,
        quantity=quantity,
        cause=cause,
        now=now,
        actor=actor,
    )
    Hold.objects.bulk_create(
        Hold(
            level_id=held.level_id,
            seller_order_id=seller_order_id,
            line_index=to_line_index,
            quantity=units,
            created_at=now,
        )
        for held, units in taken
    )
    levels = shelves.lock_of_order(seller_order_id)
    changes = [
        Change(levels[held.level_id], held=units, cause=cause, seller_order_id=seller_order_id)
        for held, units in taken
    ]
    shelves.write(changes, kind=_Kind.HOLD, now=now, actor=actor)


def _let_go(
    *,
    seller_order_id: str,
    line_index: int,
    quantity: int,
    cause: str,
    now: datetime,
    actor: User | None,
) -> list[tuple[Hold, int]]:
    """The holds that gave units, and how many; none when `cause` has had its effect before."""
    levels = shelves.lock_of_order(seller_order_id)
    released = StockMovement.objects.filter(level__in=levels, kind=_Kind.RELEASE, cause=cause)
    if released.exists():
        return []
    live = Hold.objects.filter(
        seller_order_id=seller_order_id, line_index=line_index, state=Hold.State.HELD
    )
    taken = take(live.order_by("-pk"), quantity)
    for held, units in taken:
        become(held, units, Hold.State.RELEASED)
    changes = [
        Change(levels[held.level_id], held=-units, cause=cause, seller_order_id=seller_order_id)
        for held, units in taken
    ]
    shelves.write(changes, kind=_Kind.RELEASE, now=now, actor=actor)
    return taken


def take(holds: Iterable[Hold], quantity: int) -> list[tuple[Hold, int]]:
    """So many units of these holds, first come first; Conflict `not-held` when there are fewer."""
    taken, missing = [], quantity
    for held in holds:
        units = min(held.quantity, missing)
        if units:
            taken.append((held, units))
            missing -= units
    if missing:
        raise Conflict("not-held", "The order does not hold that many units of this line.")
    return taken


def become(held: Hold, units: int, state: Hold.State) -> None:
    """`units` of a hold change state; the rest of it stays as it is."""
    rest = held.quantity - units
    if rest == 0:
        Hold.objects.filter(pk=held.pk).update(state=state)
        return
    Hold.objects.filter(pk=held.pk).update(quantity=rest)
    Hold.objects.create(
        level_id=held.level_id,
        seller_order_id=held.seller_order_id,
        line_index=held.line_index,
        quantity=units,
        state=state,
        created_at=held.created_at,
    )
