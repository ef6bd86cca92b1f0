"""What lies on the shelves, as files, counts, corrections and returns have it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from sellers import shelves
from sellers.errors import Conflict, DomainError
from sellers.models import StockLevel, StockMovement, User
from sellers.shelves import Change

_Kind = StockMovement.Kind
_BATCH = 2_000
#: What the column holds.
MOST_UNITS = 2_147_483_647


class LevelEntry(NamedTuple):
    """What one level should be."""

    sku_id: int
    warehouse_id: int
    on_hand: int
    safety: int


def set_levels(
    *,
    entries: Sequence[LevelEntry],
    kind: StockMovement.Kind,
    cause: str,
    now: datetime,
    actor: User | None = None,
) -> int:
    """Make the levels what `entries` say; returns how many changed. Levels not named stay.

    `cause` names this one run (a file and its time, say): the ledger takes it once per level.
    A change of safety alone is no movement of units and leaves no ledger row. Raises Conflict
    `below-held` when units promised to orders would vanish; then nothing changed.
    """
    shelves.require_transaction()
    _open_missing(entries)
    remaining = iter(sorted(entries, key=lambda entry: (entry.sku_id, entry.warehouse_id)))
    levels = _lock_all(entries, now=now)
    changed = 0
    while batch := list(islice(remaining, _BATCH)):
        changed += _set(batch, levels, kind=kind, cause=cause, now=now, actor=actor)
    return changed


def _open_missing(entries: Sequence[LevelEntry]) -> None:
    rows = [StockLevel(sku_id=entry.sku_id, warehouse_id=entry.warehouse_id) for entry in entries]
    StockLevel.objects.bulk_create(rows, batch_size=_BATCH, ignore_conflicts=True)


def _lock_all(entries: Sequence[LevelEntry], *, now: datetime) -> dict[tuple[int, int], StockLevel]:
    locked = shelves.lock(
        StockLevel.objects.filter(
            sku_id__in={entry.sku_id for entry in entries},
            warehouse_id__in={entry.warehouse_id for entry in entries},
        )
    )
    shelves.tidy(locked, now=now)
    return {(level.sku_id, level.warehouse_id): level for level in locked}


def _set(
    entries: Sequence[LevelEntry],
    levels: dict[tuple[int, int], StockLevel],
    *,
    kind: StockMovement.Kind,
    cause: str,
    now: datetime,
    actor: User | None,
) -> int:
    changes, safer = [], []
    for entry in entries:
        level = levels[entry.sku_id, entry.warehouse_id]
        if entry.on_hand != level.on_hand:
            _require_covers_held(level, entry.on_hand)
            changes.append(Change(level, on_hand=entry.on_hand - level.on_hand, cause=cause))
        if entry.safety != level.safety:
            level.safety = entry.safety
            safer.append(level)
    StockLevel.objects.bulk_update(safer, ["safety"])
    shelves.write(changes, kind=kind, now=now, actor=actor)
    return len({change.level.pk for change in changes} | {level.pk for level in safer})


def _require_covers_held(level: StockLevel, on_hand: int) -> None:
    if on_hand < level.held:
        raise Conflict(
            "below-held",
            f"{level.held} units are held for orders; {on_hand} on hand would not cover them.",
        )
    if on_hand > MOST_UNITS:
        raise DomainError("too-many-units", f"A shelf has room for {MOST_UNITS} units.")


def count(
    *,
    sku_id: int,
    warehouse_id: int,
    counted: int,
    cause: str,
    now: datetime,
    actor: User | None,
    note: str = "",
) -> int:
    """Somebody counted the shelf: on hand becomes `counted`. Returns the difference it made.

    Raises Conflict `below-held` when fewer were counted than are promised.
    """
    if counted < 0:
        raise DomainError("negative-count", "A count can't be below zero.")
    level = _lock_one(sku_id, warehouse_id, now=now)
    if _recorded(level, _Kind.COUNT, cause):
        return 0
    _require_covers_held(level, counted)
    change = Change(level, on_hand=counted - level.on_hand, cause=cause)
    shelves.write([change], kind=_Kind.COUNT, now=now, actor=actor, note=note)
    return change.on_hand


def correct(
    *,
    sku_id: int,
    warehouse_id: int,
    on_hand_change: int,
    reason: str,
    cause: str,
    now: datetime,
    actor: User | None,
) -> None:
    """Add or take away units for a `reason` people can read, which is required. Twice is once.

    Raises DomainError `reason-missing` and `nothing-corrected`, Conflict `below-held`.
    """
    if not reason.strip():
        raise DomainError("reason-missing", "A correction needs a reason.")
    if not on_hand_change:
        raise DomainError("nothing-corrected", "A correction of no units corrects nothing.")
    level = _lock_one(sku_id, warehouse_id, now=now)
    if _recorded(level, _Kind.CORRECTION, cause):
        return
    _require_covers_held(level, level.on_hand + on_hand_change)
    change = Change(level, on_hand=on_hand_change, cause=cause)
    shelves.write([change], kind=_Kind.CORRECTION, now=now, actor=actor, note=reason.strip())


def put_back(
    *,
    sku_id: int,
    warehouse_id: int,
    quantity: int,
    cause: str,
    now: datetime,
    actor: User | None,
    seller_order_id: str = "",
) -> None:
    """Returned units are on the shelf and for sale again. Twice is once, by `cause`."""
    if quantity < 1:
        raise DomainError("quantity-not-positive", "A return has at least one unit.")
    level = _lock_one(sku_id, warehouse_id, now=now)
    if _recorded(level, _Kind.RETURN, cause):
        return
    change = Change(level, on_hand=quantity, cause=cause, seller_order_id=seller_order_id)
    shelves.write([change], kind=_Kind.RETURN, now=now, actor=actor)


def _lock_one(sku_id: int, warehouse_id: int, *, now: datetime) -> StockLevel:
    shelves.require_transaction()
    _open_missing([LevelEntry(sku_id, warehouse_id, 0, 0)])
    places = StockLevel.objects.filter(sku_id=sku_id, warehouse_id=warehouse_id)
    (level,) = locked = shelves.lock(places)
    shelves.tidy(locked, now=now)
    return level


def _recorded(level: StockLevel, kind: StockMovement.Kind, cause: str) -> bool:
    return StockMovement.objects.filter(level=level, kind=kind, cause=cause).exists()
