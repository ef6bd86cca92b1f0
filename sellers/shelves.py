"""Stock levels under lock, and the ledger row that goes with every change.

The ground floor of `sellers.stock`, which is the only caller. Locks are taken on StockLevel rows,
in id order, before anything is decided; docs/locking.md names the races.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import connection
from django.db.models import QuerySet

from sellers import prepared
from sellers.models import Hold, StockLevel, StockMovement, User

Kind = StockMovement.Kind


@dataclass(slots=True)
class Change:
    """Units that come to or leave one level. `cause` is unique per level and kind."""

    level: StockLevel
    on_hand: int = 0
    held: int = 0
    cause: str = ""
    seller_order_id: str = ""


def require_transaction() -> None:
    """Raises RuntimeError outside a transaction, where a lock would end with its statement."""
    if not connection.in_atomic_block:
        raise RuntimeError("Stock changes in the transaction of what causes them.")


def lock(levels: QuerySet[StockLevel]) -> list[StockLevel]:
    """These levels, held until the transaction ends.

    In id order, so that two callers who want the same rows queue up instead of deadlocking.
    """
    require_transaction()
    return list(levels.select_for_update(of=("self",), no_key=True).order_by("pk"))


def lock_of_order(seller_order_id: str) -> dict[int, StockLevel]:
    """Every level this order has or had units of, locked, by id.

    All of them at once, whichever line is meant: a caller that goes line by line would otherwise
    collect its locks in line order.
    """
    ids = Hold.objects.filter(seller_order_id=seller_order_id).values("level_id")
    return {level.pk: level for level in lock(StockLevel.objects.filter(pk__in=ids))}


_FREE = """
SELECT level.sku_id, level.warehouse_id,
       greatest(0, level.on_hand - level.safety - level.held
                 + CASE WHEN level.held > 0 THEN coalesce((
                       SELECT sum(hold.quantity) FROM sellers_hold hold
                        WHERE hold.level_id = level.id
                          AND hold.state = 'held' AND hold.expires_at <= %(now)s
                   ), 0) ELSE 0 END)::int
  FROM sellers_stocklevel level
  JOIN sellers_warehouse warehouse ON warehouse.id = level.warehouse_id
 WHERE level.sku_id = ANY(%(skus)s)
   AND warehouse.account_id = %(account)s AND warehouse.is_active
"""


def free_units(
    *, account_id: int, sku_ids: Collection[int], now: datetime
) -> Iterable[tuple[int, int, int]]:
    """(SKU, warehouse, free): on hand − safety − held, holds expired by `now` not counted."""
    return prepared.execute(_FREE, {"account": account_id, "skus": list(sku_ids), "now": now})


_HAS_EXPIRED = """
SELECT 1 FROM sellers_hold
 WHERE level_id = ANY(%(levels)s) AND state = 'held' AND expires_at <= %(now)s
 LIMIT 1
"""


def tidy(levels: Sequence[StockLevel], *, now: datetime) -> int:
    """Release the expired holds on locked `levels`; returns how many there were."""
    held = [level.pk for level in levels if level.held]
    if not held or not prepared.execute(_HAS_EXPIRED, {"levels": held, "now": now}):
        return 0
    expired = list(
        Hold.objects.filter(level__in=levels, state=Hold.State.HELD, expires_at__lte=now)
    )
    let_go(expired, levels={level.pk: level for level in levels}, now=now, cause="expired")
    return len(expired)


def let_go(
    holds: Collection[Hold],
    *,
    levels: dict[int, StockLevel],
    now: datetime,
    cause: str,
    actor: User | None = None,
) -> None:
    """Release live `holds` whose `levels` are locked."""
    if not holds:
        return
    Hold.objects.filter(pk__in=[hold.pk for hold in holds]).update(state=Hold.State.RELEASED)
    changes = [
        Change(
            levels[hold.level_id],
            held=-hold.quantity,
            cause=line_cause(hold.seller_order_id, hold.line_index, cause),
            seller_order_id=hold.seller_order_id,
        )
        for hold in holds
    ]
    write(changes, kind=Kind.RELEASE, now=now, actor=actor)


def line_cause(seller_order_id: str, line_index: int, cause: str) -> str:
    """What makes a movement of an order's line unique: order, line, and why."""
    return f"{seller_order_id}/{line_index}/{cause}"


def write(
    changes: Sequence[Change],
    *,
    kind: StockMovement.Kind,
    now: datetime,
    actor: User | None = None,
    note: str = "",
) -> None:
    """Apply `changes` to their locked levels and write the ledger, in two statements.

    The counters move by relative amounts, and the objects are left as the database has them.
    Changes of one level for one cause are one movement. Raises IntegrityError when a cause is
    used again or a constraint would break.
    """
    changes = _merged(changes)
    _apply(changes)
    StockMovement.objects.bulk_create(
        StockMovement(
            level=change.level,
            kind=kind,
            on_hand_change=change.on_hand,
            held_change=change.held,
            cause=change.cause,
            seller_order_id=change.seller_order_id,
            note=note,
            actor=actor,
            at=now,
        )
        for change in changes
    )


def _merged(changes: Iterable[Change]) -> list[Change]:
    merged: dict[tuple[int, str], Change] = {}
    for change in changes:
        known = merged.setdefault(
            (change.level.pk, change.cause), replace(change, on_hand=0, held=0)
        )
        known.on_hand += change.on_hand
        known.held += change.held
    return list(merged.values())


# One statement for all levels: this is written while others wait for these very rows.
_MOVE = """
UPDATE sellers_stocklevel level
   SET on_hand = level.on_hand + change.on_hand, held = level.held + change.held
  FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS change (id, on_hand, held)
 WHERE level.id = change.id
"""


def _apply(changes: Iterable[Change]) -> None:
    on_hand: dict[StockLevel, int] = defaultdict(int)
    held: dict[StockLevel, int] = defaultdict(int)
    for change in changes:
        on_hand[change.level] += change.on_hand
        held[change.level] += change.held
    levels = list(on_hand)
    if not levels:
        return
    with connection.cursor() as cursor:
        columns = [level.pk for level in levels], list(on_hand.values()), list(held.values())
        cursor.execute(_MOVE, columns)
    for level in levels:
        level.on_hand += on_hand[level]
        level.held += held[level]
