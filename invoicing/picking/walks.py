"""A walk as its picker sees it: shelf by shelf, equal SKUs together, then who gets them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from invoicing.models import PickList, PickSlot
from invoicing.picking import bins
from invoicing.picking.needs import Need, is_stopped, needs_of
from sellers.models import Sku


@dataclass(frozen=True)
class Part:
    """What one order gets of a SKU: its lines of that SKU together."""

    slot: PickSlot
    needs: list[Need]

    @property
    def to_pick(self) -> int:
        return sum(need.to_pick for need in self.needs)

    @property
    def picked(self) -> int:
        return sum(need.picked for need in self.needs)

    @property
    def total(self) -> int:
        return self.picked + self.to_pick

    @property
    def missing(self) -> int:
        return sum(need.missing for need in self.needs)

    @property
    def to_put_back(self) -> int:
        return sum(need.to_put_back for need in self.needs)


@dataclass(frozen=True)
class Row:
    """One SKU of a walk, with the orders that get it in the order of their slots."""

    sku: Sku
    parts: list[Part]

    @property
    def to_pick(self) -> int:
        return sum(part.to_pick for part in self.parts)

    @property
    def picked(self) -> int:
        return sum(part.picked for part in self.parts)

    @property
    def total(self) -> int:
        return self.picked + self.to_pick

    @property
    def missing(self) -> int:
        return sum(part.missing for part in self.parts)

    @property
    def to_put_back(self) -> int:
        return sum(part.to_put_back for part in self.parts)

    @property
    def waiting(self) -> list[Part]:
        """The orders that still get some."""
        return [part for part in self.parts if part.to_pick]

    @property
    def aisle(self) -> str:
        return bins.aisle_of(self.sku.bin_location)

    @property
    def state(self) -> str:
        if self.to_pick:
            return "begun" if self.picked else "untouched"
        return "short" if self.missing else "done"


@dataclass(frozen=True)
class Walk:
    """Everything of a pick list at one moment; rows by bin."""

    pick_list: PickList
    slots: list[PickSlot]
    rows: list[Row] = field(default_factory=list)

    @cached_property
    def ahead(self) -> list[Row]:
        return [row for row in self.rows if row.to_pick]

    @cached_property
    def behind(self) -> list[Row]:
        return [row for row in self.rows if not row.to_pick and (row.picked or row.missing)]

    @cached_property
    def to_put_back(self) -> list[Row]:
        return [row for row in self.rows if row.to_put_back]

    @property
    def to_pick(self) -> int:
        return sum(row.to_pick for row in self.rows)

    @property
    def picked(self) -> int:
        return sum(row.picked for row in self.rows)

    @property
    def total(self) -> int:
        return self.picked + self.to_pick

    @property
    def stopped(self) -> list[PickSlot]:
        return [slot for slot in self.slots if is_stopped(slot.order)]

    def row_of(self, sku_id: int) -> Row | None:
        return next((row for row in self.rows if row.sku.pk == sku_id), None)


def walk_of(pick_list: PickList) -> Walk:
    """The walk as it is now: seven queries, whatever its size."""
    slots = list(pick_list.slots.select_related("order__account").order_by("number"))
    orders = [slot.order for slot in slots]
    needs = needs_of(orders, warehouse_id=pick_list.warehouse_id)
    return Walk(pick_list, slots, _rows(slots, needs))


def _rows(slots: Iterable[PickSlot], needs: dict[int, list[Need]]) -> list[Row]:
    by_sku: dict[Sku, list[Part]] = defaultdict(list)
    for slot in slots:
        of_slot: dict[Sku, list[Need]] = defaultdict(list)
        for need in needs.get(slot.order_id, ()):
            of_slot[need.line.sku].append(need)
        for sku, group in of_slot.items():
            by_sku[sku].append(Part(slot, group))
    rows = [Row(sku, parts) for sku, parts in by_sku.items()]
    return sorted(rows, key=lambda row: (bins.walk_key(row.sku.bin_location), row.sku.ref))
