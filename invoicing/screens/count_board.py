"""What the counting screen shows: what was counted beside the books, and what was not yet."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

from invoicing.models import CountedSku, StockCount
from invoicing.picking import bins
from invoicing.picking.away import holders
from invoicing.stocktaking import Effect, effects_of
from sellers.models import Sku, User

#: So many items of a place are listed before they are counted.
MOST_LISTED = 300


@dataclass(frozen=True)
class CountRow:
    """A counted item; `promised` names the orders whose units were not found."""

    counted: CountedSku
    effect: Effect
    promised: list[tuple[str, int]]

    @property
    def sku(self) -> Sku:
        return self.effect.sku

    @property
    def state(self) -> str:
        if self.effect.uncovered:
            return "conflict"
        if self.counted.difference == 0:
            return "same"
        return "more" if self.counted.difference > 0 else "fewer"

    @property
    def away(self) -> int:
        """Units too many or too few, without the sign."""
        return abs(self.counted.difference)


@dataclass(frozen=True)
class CountBoard:
    stock_count: StockCount
    rows: list[CountRow]
    uncounted: list[Sku]
    may_record: bool

    @property
    def latest(self) -> CountRow | None:
        return max(self.rows, key=lambda row: (row.counted.at, row.counted.pk), default=None)

    @property
    def others(self) -> list[CountRow]:
        return [row for row in self.rows if row is not self.latest]

    @property
    def differing(self) -> int:
        return sum(row.state != "same" for row in self.rows)

    @property
    def more(self) -> int:
        return sum(max(row.counted.difference, 0) for row in self.rows)

    @property
    def fewer(self) -> int:
        return sum(max(-row.counted.difference, 0) for row in self.rows)

    @property
    def conflicts(self) -> list[CountRow]:
        return [row for row in self.rows if row.effect.uncovered]

    @property
    def key(self) -> str:
        """A fresh gesture id for each plain form."""
        return uuid4().hex


def board_of(stock_count: StockCount, *, reader: User) -> CountBoard:
    counted = {row.sku_id: row for row in stock_count.counted.order_by("pk")}
    rows = [
        CountRow(counted[effect.sku.pk], effect, _promised(stock_count, effect))
        for effect in effects_of(stock_count)
    ]
    return CountBoard(
        stock_count=stock_count,
        rows=sorted(rows, key=lambda row: (bins.walk_key(row.sku.bin_location), row.sku.ref)),
        uncounted=_uncounted(stock_count, set(counted)),
        may_record=reader.has_perm("sellers.change_stocklevel"),
    )


def _promised(stock_count: StockCount, effect: Effect) -> list[tuple[str, int]]:
    if not effect.uncovered:
        return []
    return holders(warehouse_id=stock_count.warehouse_id, sku_id=effect.sku.pk)[:20]


def _uncounted(stock_count: StockCount, counted: set[int]) -> list[Sku]:
    """What the books have at that place and nobody counted yet, in the order of the walk."""
    if not stock_count.bin:
        return []
    there = Sku.objects.filter(
        account=stock_count.warehouse.account_id,
        bin_location__startswith=stock_count.bin,
        levels__warehouse=stock_count.warehouse,
        levels__on_hand__gt=0,
    ).exclude(pk__in=counted)
    listed = there.order_by("bin_location", "pk")[:MOST_LISTED]
    return sorted(listed, key=lambda sku: (bins.walk_key(sku.bin_location), sku.ref))
