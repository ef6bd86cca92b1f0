"""Units held, released and shipped for orders. The only writers of stock are this module and those
it offers functions of: `sellers.counting`, `sellers.lowering` and `sellers.relocating`.

Everything runs in the caller's transaction, locks the levels it touches in id order first, and
writes the ledger in the same breath. Every effect has a cause, unique in the ledger, so that
nothing happens twice. Callers that decide about an order hold the order's row before they come.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sellers import prepared, shelves
from sellers.counting import LevelEntry, correct, count, put_back, set_levels
from sellers.errors import Conflict
from sellers.lowering import become, lower, pass_on, take
from sellers.models import Hold, StockLevel, StockMovement, User
from sellers.relocating import relocate
from sellers.shelves import Change

__all__ = [
    "LevelEntry",
    "Shortage",
    "Want",
    "available",
    "confirm",
    "correct",
    "count",
    "hold",
    "lock_shelves",
    "lower",
    "pass_on",
    "put_back",
    "release",
    "relocate",
    "set_levels",
    "ship",
    "unship",
]

_Kind = StockMovement.Kind


class Want(NamedTuple):
    """Units of one order line to be held in one warehouse."""

    line_index: int
    sku_id: int
    warehouse_id: int
    quantity: int


class Shortage(Conflict):
    """A level has fewer units than were wanted of it."""


def available(
    *,
    account_id: int,
    sku_ids: Collection[int],
    warehouse_ids: Collection[int] | None = None,
    now: datetime,
) -> dict[int, dict[int, int]]:
    """Units that can be promised at `now`, by SKU and active warehouse; never below zero.

    Holds that have expired by `now` don't count, tidied or not.
    """
    levels = StockLevel.objects.filter(
        sku__account_id=account_id, sku_id__in=sku_ids, warehouse__is_active=True
    )
    if warehouse_ids is not None:
        levels = levels.filter(warehouse_id__in=warehouse_ids)
    found: dict[int, dict[int, int]] = defaultdict(dict)
    for sku_id, warehouse_id, free in shelves.free_units(levels, now=now):
        found[sku_id][warehouse_id] = free
    return dict(found)


def lock_shelves(
    *, sku_ids: Collection[int], warehouse_ids: Collection[int] | None = None, now: datetime
) -> list[StockLevel]:
    """The levels of these SKUs, locked, their expired holds released.

    What they say now stays true until the transaction ends: on hand − safety − held is free.
    """
    levels = StockLevel.objects.filter(sku_id__in=sku_ids)
    if warehouse_ids is not None:
        levels = levels.filter(warehouse_id__in=warehouse_ids)
    locked = shelves.lock(levels)
    shelves.tidy(locked, now=now)
    return locked


# Holds, counters and ledger at once: others wait for these very rows. The cause as line_cause().
_HOLD = """
WITH piece AS (
    SELECT * FROM unnest(%(levels)s::bigint[], %(lines)s::int[], %(units)s::int[])
               AS piece (level_id, line_index, quantity)
), held AS (
    INSERT INTO sellers_hold
           (level_id, seller_order_id, line_index, quantity, state, expires_at, created_at)
    SELECT level_id, %(order)s, line_index, quantity, 'held', %(expires_at)s, %(now)s FROM piece
), counted AS (
    UPDATE sellers_stocklevel level SET held = level.held + taken.units
      FROM (SELECT level_id, sum(quantity) AS units FROM piece GROUP BY level_id) AS taken
     WHERE level.id = taken.level_id
)
INSERT INTO sellers_stockmovement
       (level_id, kind, on_hand_change, held_change, cause, seller_order_id, note, at)
SELECT level_id, 'hold', 0, quantity,
       %(order)s::text || '/' || line_index || '/' || %(cause)s::text, %(order)s, '', %(now)s
  FROM piece
"""


def hold(
    *,
    seller_order_id: str,
    wants: Sequence[Want],
    expires_at: datetime | None,
    now: datetime,
    cause: str = "placed",
    levels: Sequence[StockLevel] | None = None,
) -> None:
    """Promise `wants` to an order, all or nothing. `levels`: what lock_shelves gave, when at hand.

    Raises Shortage when a level has too little; then nothing changed.
    """
    if levels is None:
        levels = lock_shelves(sku_ids={want.sku_id for want in wants}, now=now)
    by_place = {(level.sku_id, level.warehouse_id): level for level in levels}
    pieces = _pieces(wants, by_place)
    _require_free(pieces)
    values = {
        "order": seller_order_id,
        "cause": cause,
        "expires_at": expires_at,
        "now": now,
        "levels": [level.pk for _line_index, level in pieces],
        "lines": [line_index for line_index, _level in pieces],
        "units": list(pieces.values()),
    }
    prepared.execute(_HOLD, values)
    for (_line_index, level), quantity in pieces.items():
        level.held += quantity


def _pieces(
    wants: Iterable[Want], by_place: Mapping[tuple[int, int], StockLevel]
) -> Counter[tuple[int, StockLevel]]:
    pieces: Counter[tuple[int, StockLevel]] = Counter()
    for want in wants:
        level = by_place.get((want.sku_id, want.warehouse_id))
        if level is None:
            raise Shortage("not-available", "The warehouse does not have this SKU.")
        pieces[want.line_index, level] += want.quantity
    return pieces


def _require_free(pieces: Mapping[tuple[int, StockLevel], int]) -> None:
    """Lines of one SKU count together."""
    wanted: Counter[StockLevel] = Counter()
    for (_line_index, level), quantity in pieces.items():
        wanted[level] += quantity
    for level, quantity in wanted.items():
        if quantity > level.on_hand - level.safety - level.held:
            raise Shortage("not-available", "The units are not available any more.")


def confirm(*, seller_order_id: str) -> dict[int, int]:
    """The order is paid: its live holds never expire. Returns the units held, by line.

    A hold past its time still confirms, as long as nobody tidied it away.
    """
    shelves.lock_of_order(seller_order_id)
    live = Hold.objects.filter(seller_order_id=seller_order_id, state=Hold.State.HELD)
    live.update(expires_at=None)
    units: Counter[int] = Counter()
    for line_index, quantity in live.values_list("line_index", "quantity"):
        units[line_index] += quantity
    return dict(units)


def release(*, seller_order_id: str, now: datetime, cause: str, actor: User | None = None) -> int:
    """Give back what the order still holds; returns the units. Nothing held: nothing happens."""
    levels = shelves.lock_of_order(seller_order_id)
    live = list(Hold.objects.filter(seller_order_id=seller_order_id, state=Hold.State.HELD))
    shelves.let_go(live, levels=levels, now=now, cause=cause, actor=actor)
    return sum(hold.quantity for hold in live)


def ship(
    *,
    seller_order_id: str,
    line_index: int,
    quantity: int,
    cause: str,
    now: datetime,
    actor: User | None,
) -> None:
    """`quantity` held units of a line leave the building, in a package. Twice is once, by `cause`.

    Raises Conflict `not-held` when the line holds fewer; then nothing changed.
    """
    levels = shelves.lock_of_order(seller_order_id)
    if StockMovement.objects.filter(level__in=levels, kind=_Kind.PICK, cause=cause).exists():
        return
    live = Hold.objects.filter(
        seller_order_id=seller_order_id, line_index=line_index, state=Hold.State.HELD
    )
    taken = take(live.order_by("pk"), quantity)
    for held, units in taken:
        become(held, units, Hold.State.SHIPPED)
    changes = [
        Change(levels[held.level_id], -units, -units, cause, seller_order_id)
        for held, units in taken
    ]
    shelves.write(changes, kind=_Kind.PICK, now=now, actor=actor)


def unship(
    *,
    seller_order_id: str,
    line_index: int,
    quantity: int,
    cause: str,
    now: datetime,
    actor: User | None,
) -> None:
    """Undo `ship`, whose `cause` this is: the units are on the shelf and held again.

    Twice is once. Raises Conflict `not-held` when the line has not shipped that many.
    """
    levels = shelves.lock_of_order(seller_order_id)
    undone = f"{cause}/undone"
    if StockMovement.objects.filter(level__in=levels, kind=_Kind.PICK, cause=undone).exists():
        return
    shipped = Hold.objects.filter(
        seller_order_id=seller_order_id, line_index=line_index, state=Hold.State.SHIPPED
    )
    taken = take(shipped.order_by("-pk"), quantity)
    for held, units in taken:
        become(held, units, Hold.State.HELD)
    changes = [
        Change(levels[held.level_id], units, units, undone, seller_order_id)
        for held, units in taken
    ]
    shelves.write(changes, kind=_Kind.PICK, now=now, actor=actor)
