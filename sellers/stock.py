"""Units held, released and shipped for orders. The only writers of stock are this module and those
it offers functions of: `sellers.counting`, `sellers.lowering` and `sellers.relocating`.

Everything runs in the caller's transaction, locks the levels it touches in id order first, and
writes the ledger in the same breath. Every effect has a cause, unique in the ledger, so that
nothing happens twice. Callers that decide about an order hold the order's row before they come.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sellers import prepared, shelves
from sellers.counting import LevelEntry, correct, count, put_back, set_levels
from sellers.dispatching import Leaving, ship, unship
from sellers.errors import Conflict
from sellers.lowering import lower, pass_on
from sellers.models import Hold, StockLevel, StockMovement, User
from sellers.relocating import relocate

__all__ = [
    "Leaving",
    "LevelEntry",
    "Promise",
    "Shortage",
    "Want",
    "available",
    "confirm",
    "correct",
    "count",
    "hold",
    "hold_all",
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
    asked = None if warehouse_ids is None else frozenset(warehouse_ids)
    found: dict[int, dict[int, int]] = defaultdict(dict)
    rows = shelves.free_units(account_id=account_id, sku_ids=sku_ids, now=now)
    for sku_id, warehouse_id, free in rows:
        if asked is None or warehouse_id in asked:
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


class Promise(NamedTuple):
    """What is to be held for one order. `expires_at`: None once it is paid."""

    seller_order_id: str
    wants: Sequence[Want]
    expires_at: datetime | None


# Shelves, holds, counters and ledger at once: others wait for these very rows. They are locked in
# id order, all of them, before what is free is looked at; to lock them again costs next to nothing.
_HOLD = """
WITH piece AS (
    SELECT level.id AS level_id, wanted.*,
           -- As line_cause().
           wanted.seller_order_id || '/' || wanted.line_index || '/' || %(cause)s::text AS cause
      FROM unnest(%(orders)s::text[], %(expire)s::timestamptz[], %(lines)s::int[],
                  %(skus)s::bigint[], %(warehouses)s::bigint[], %(units)s::int[])
               AS wanted (seller_order_id, expires_at, line_index,
                          sku_id, warehouse_id, quantity)
      LEFT JOIN sellers_stocklevel level USING (sku_id, warehouse_id)
), taken AS (
    SELECT level_id, sum(quantity) AS units FROM piece GROUP BY level_id
), shelf AS (
    SELECT id, on_hand - safety - held AS free FROM sellers_stocklevel
     WHERE id = ANY(ARRAY(SELECT level_id FROM taken)) ORDER BY id FOR NO KEY UPDATE
), verdict AS (
    SELECT count(*) = (SELECT count(*) FROM taken) AS fits
      FROM shelf JOIN taken ON taken.level_id = shelf.id AND taken.units <= shelf.free
), held AS (
    INSERT INTO sellers_hold
           (level_id, seller_order_id, line_index, quantity, state, expires_at, created_at)
    SELECT level_id, seller_order_id, line_index, quantity, 'held', expires_at,
           %(now)s::timestamptz
      FROM piece, verdict WHERE fits
), counted AS (
    UPDATE sellers_stocklevel level SET held = level.held + taken.units
      FROM taken, verdict WHERE fits AND level.id = taken.level_id
), ledger AS (
    INSERT INTO sellers_stockmovement
           (level_id, kind, on_hand_change, held_change, cause, seller_order_id, note, at)
    SELECT level_id, 'hold', 0, quantity, cause, seller_order_id, '',
           %(now)s::timestamptz
      FROM piece, verdict WHERE fits
)
SELECT fits FROM verdict
"""


def hold(
    *,
    seller_order_id: str,
    wants: Sequence[Want],
    expires_at: datetime | None,
    now: datetime,
    cause: str = "placed",
) -> None:
    """Promise `wants` to an order, as `hold_all` does."""
    hold_all([Promise(seller_order_id, wants, expires_at)], now=now, cause=cause)


def hold_all(promises: Sequence[Promise], *, now: datetime, cause: str = "placed") -> None:
    """Keep all `promises` or none; lines of one SKU count together.

    Raises Shortage when a level has too little; then nothing changed. Holds that have expired still
    count, unless `lock_shelves` tidied them away.
    """
    shelves.require_transaction()
    pieces = _pieces(promises)
    if not pieces:
        return
    orders, expire, lines, skus, warehouses = zip(*pieces, strict=True)
    values = {
        "orders": list(orders),
        "expire": list(expire),
        "lines": list(lines),
        "skus": list(skus),
        "warehouses": list(warehouses),
        "units": list(pieces.values()),
        "cause": cause,
        "now": now,
    }
    if prepared.execute(_HOLD, values) != [(True,)]:
        raise Shortage("not-available", "The units are not available any more.")


def _pieces(
    promises: Iterable[Promise],
) -> Counter[tuple[str, datetime | None, int, int, int]]:
    """Units by order, its end, line, SKU and warehouse: one hold each."""
    pieces: Counter[tuple[str, datetime | None, int, int, int]] = Counter()
    for order, wants, expires_at in promises:
        for line_index, sku_id, warehouse_id, quantity in wants:
            pieces[order, expires_at, line_index, sku_id, warehouse_id] += quantity
    return pieces


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
