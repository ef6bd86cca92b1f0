"""Units of one line of an order held in another warehouse instead.

With `sellers.stock`, which offers it, a writer of stock: the same locks, the same ledger.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from sellers import shelves
from sellers.errors import Conflict
from sellers.lowering import become, take
from sellers.models import Hold, StockLevel, StockMovement, User
from sellers.shelves import Change

_Kind = StockMovement.Kind


def relocate(
    *,
    seller_order_id: str,
    line_index: int,
    level: StockLevel,
    to: StockLevel,
    quantity: int,
    cause: str,
    now: datetime,
    actor: User | None,
) -> None:
    """`quantity` units that a line holds on `level` are held on `to`, of the same SKU, instead.

    Nobody else can take them in between. Raises Conflict `not-held` when the line holds fewer
    there, `not-available` when `to` has too little; then nothing changed.
    """
    if to.sku_id != level.sku_id:
        raise ValueError("Units of a SKU stay units of that SKU.")
    here, there = _lock(seller_order_id, level, to, now=now)
    if there.on_hand - there.safety - there.held < quantity:
        raise Conflict("not-available", "The units are not available any more.")
    live = Hold.objects.filter(
        seller_order_id=seller_order_id, line_index=line_index, level=here, state=Hold.State.HELD
    )
    for held, units in take(live.order_by("-pk"), quantity):
        become(held, units, Hold.State.RELEASED)
    Hold.objects.create(
        level=there,
        seller_order_id=seller_order_id,
        line_index=line_index,
        quantity=quantity,
        created_at=now,
    )
    left = Change(here, held=-quantity, cause=cause, seller_order_id=seller_order_id)
    shelves.write([left], kind=_Kind.RELEASE, now=now, actor=actor)
    come = Change(there, held=quantity, cause=cause, seller_order_id=seller_order_id)
    shelves.write([come], kind=_Kind.HOLD, now=now, actor=actor)


def _lock(
    seller_order_id: str, level: StockLevel, to: StockLevel, *, now: datetime
) -> tuple[StockLevel, StockLevel]:
    """Both levels and all others of the order at once, in id order, as every caller locks them."""
    of_order = Hold.objects.filter(seller_order_id=seller_order_id).values("level_id")
    levels = StockLevel.objects.filter(Q(pk__in=[level.pk, to.pk]) | Q(pk__in=of_order))
    locked = shelves.lock(levels)
    shelves.tidy(locked, now=now)
    by_id = {each.pk: each for each in locked}
    return by_id[level.pk], by_id[to.pk]
