"""What the picking screen shows of a walk, and where its picker should go next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from invoicing import contents
from invoicing.models import PickList, PickSlot
from invoicing.picking import bins
from invoicing.picking.needs import is_stopped
from invoicing.picking.walks import Row, Walk, walk_of
from invoicing.screens.due import Due, due
from orders import modifying
from orders.short_reasons import ShortReason
from sellers.models import User


@dataclass(frozen=True)
class SlotCard:
    """One order of the walk: how far it is, or why it stands still."""

    slot: PickSlot
    due: Due
    to_pick: int
    picked: int
    missing: int
    stop: str

    @property
    def state(self) -> str:
        if self.stop:
            return "stopped"
        if self.to_pick:
            return "begun" if self.picked else "untouched"
        return "short" if self.missing else "done"


@dataclass(frozen=True)
class PickBoard:
    walk: Walk
    current: Row | None
    slots: list[SlotCard]
    is_mine: bool

    @property
    def pick_list(self) -> PickList:
        return self.walk.pick_list

    @property
    def later(self) -> list[Row]:
        """What comes after the shelf at hand."""
        return [row for row in self.walk.ahead if row is not self.current]

    @property
    def key(self) -> str:
        """A fresh gesture id for each plain form."""
        return uuid4().hex

    @property
    def reasons(self) -> list[tuple[str, str]]:
        return [(code, str(label)) for code, label in ShortReason.choices]


def board_of(pick_list: PickList, *, reader: User, now: datetime) -> PickBoard:
    walk = walk_of(pick_list)
    return PickBoard(
        walk=walk,
        current=_next(walk),
        slots=[_card(slot, walk, now=now) for slot in walk.slots],
        is_mine=pick_list.owner_id == reader.pk,
    )


def _next(walk: Walk) -> Row | None:
    """Go on from the shelf of the last gesture, round to the first one at the end."""
    if not walk.ahead:
        return None
    last = walk.pick_list.gestures.exclude(answer__sku_id=None).order_by("-pk").first()
    here = walk.row_of(last.answer["sku_id"]) if last and "sku_id" in last.answer else None
    if here is None:
        return walk.ahead[0]
    place = _place(here)
    return next((row for row in walk.ahead if _place(row) >= place), walk.ahead[0])


def _place(row: Row) -> tuple[bins.Key, str]:
    return bins.walk_key(row.sku.bin_location), row.sku.ref


def _card(slot: PickSlot, walk: Walk, *, now: datetime) -> SlotCard:
    parts = [part for row in walk.rows for part in row.parts if part.slot.pk == slot.pk]
    return SlotCard(
        slot=slot,
        due=due(slot.order.due_at, now=now),
        to_pick=sum(part.to_pick for part in parts),
        picked=sum(part.picked for part in parts),
        missing=sum(part.missing for part in parts),
        stop=_why_stopped(slot) if is_stopped(slot.order) else "",
    )


def _why_stopped(slot: PickSlot) -> str:
    order = slot.order
    refusal = contents.why_not_packable(order) or modifying.why_not_pack(order)
    return refusal.message if refusal else ""
