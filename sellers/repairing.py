"""A shelf on which level, ledger and live holds disagree, brought to agree with what is provable.

Held: the live holds are right, as each names its order and line. On hand: the ledger is right, as
nobody can edit it, unless it never saw these units arrive, or the caller has counted the shelf and
trusts the level. Whatever changes leaves a correction in the ledger, with the reason.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q, Sum

from sellers import shelves
from sellers.errors import Conflict, DomainError
from sellers.models import Hold, StockLevel, StockMovement, User

_Kind = StockMovement.Kind
#: Movements that bring units to a shelf for the first time, or say how many lie there.
_ARRIVALS = (_Kind.OPENING, _Kind.IMPORT, _Kind.COUNT, _Kind.CORRECTION, _Kind.RETURN)


class Trust(StrEnum):
    """Which of two disagreeing numbers of units on hand is believed."""

    LEDGER = "ledger"
    LEVEL = "level"


class _Sums(NamedTuple):
    on_hand: int
    held: int
    saw_arrivals: bool


@transaction.atomic
def repair(
    *,
    level_id: int,
    stray_hold_ids: Collection[int] = (),
    trust: Trust = Trust.LEDGER,
    reason: str,
    cause: str,
    now: datetime,
    actor: User | None,
) -> None:
    """Make one shelf agree with itself; `stray_hold_ids` are holds to let go first.

    Callers lock the orders of stray holds before. `cause` names this run. Raises DomainError
    `reason-missing`, Conflict `needs-count` when no number can be proved; then nothing changed.
    """
    if not reason.strip():
        raise DomainError("reason-missing", "A repair needs a reason.")
    # The level's row, like everybody who changes stock (race: a placement on this very shelf).
    (level,) = shelves.lock(StockLevel.objects.filter(pk=level_id))
    rows = _let_go(level, stray_hold_ids, cause=cause)
    level.held += sum(row.held_change for row in rows)
    ledger, live = _sums(level, rows), _live_units(level)
    believes_level = trust == Trust.LEVEL or not ledger.saw_arrivals
    on_hand = level.on_hand if believes_level else ledger.on_hand
    _require_possible(on_hand, live)
    if rest := _difference(level, ledger, on_hand=on_hand, held=live, cause=cause):
        rows.append(rest)
    for row in rows:
        row.note, row.at, row.actor = f"{row.note}{reason.strip()}"[:300], now, actor
    StockMovement.objects.bulk_create(rows)
    StockLevel.objects.filter(pk=level.pk).update(on_hand=on_hand, held=live)


def _let_go(level: StockLevel, hold_ids: Collection[int], *, cause: str) -> list[StockMovement]:
    strays = Hold.objects.filter(level=level, pk__in=hold_ids, state=Hold.State.HELD)
    rows = [
        StockMovement(
            level=level,
            kind=_Kind.CORRECTION,
            held_change=-stray.quantity,
            cause=f"{cause}/hold/{stray.pk}",
            seller_order_id=stray.seller_order_id,
        )
        for stray in strays.order_by("pk")
    ]
    strays.update(state=Hold.State.RELEASED)
    return rows


def _sums(level: StockLevel, rows: Collection[StockMovement]) -> _Sums:
    """What the ledger says, with the rows about to be written."""
    movements = StockMovement.objects.filter(level=level)
    sums = movements.aggregate(on_hand=Sum("on_hand_change"), held=Sum("held_change"))
    arrivals = movements.filter(~Q(on_hand_change=0), kind__in=_ARRIVALS)
    return _Sums(
        on_hand=sums["on_hand"] or 0,
        held=(sums["held"] or 0) + sum(row.held_change for row in rows),
        saw_arrivals=arrivals.exists(),
    )


def _live_units(level: StockLevel) -> int:
    live = Hold.objects.filter(level=level, state=Hold.State.HELD)
    return live.aggregate(units=Sum("quantity"))["units"] or 0


def _require_possible(on_hand: int, held: int) -> None:
    if not 0 <= held <= on_hand:
        raise Conflict(
            "needs-count",
            f"{held} units are promised to orders and {on_hand} would be on hand: "
            "cancel an order, or count the shelf and repair with the level trusted.",
        )


def _difference(
    level: StockLevel, ledger: _Sums, *, on_hand: int, held: int, cause: str
) -> StockMovement | None:
    """The row that makes the ledger add up; also when only the level was wrong, to say so."""
    is_right = (ledger.on_hand, ledger.held) == (on_hand, held)
    told = ", ".join(
        f"{name} {was} → {becomes}"
        for name, was, becomes in (("on hand", level.on_hand, on_hand), ("held", level.held, held))
        if was != becomes
    )
    if is_right and not told:
        return None
    return StockMovement(
        level=level,
        kind=_Kind.CORRECTION,
        on_hand_change=on_hand - ledger.on_hand,
        held_change=held - ledger.held,
        cause=cause,
        note=f"{told}: " if told else "",
    )
