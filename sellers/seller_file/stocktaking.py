"""The stock part of a seller file: what lies in the warehouses, told to the stock ledger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _

from sellers import stock
from sellers.models import SellerAccount, StockLevel, StockMovement, User, Warehouse
from sellers.seller_file.catalogue import sku_ids
from sellers.seller_file.merging import Counts
from sellers.seller_file.problems import Problems
from sellers.seller_file.progress import Progress
from sellers.seller_file.reading import Row
from sellers.stock import LevelEntry

BATCH = 2_000
#: The place of a row in the file, and what it asks for.
Entry = tuple[int, LevelEntry]


@dataclass
class Sorted:
    """The file's rows, by what is to be done about them."""

    opening: list[Entry] = field(default_factory=list)
    differing: list[Entry] = field(default_factory=list)
    same: int = 0


def take_stock(
    rows: list[Row],
    *,
    account: SellerAccount,
    cause: str,
    now: datetime,
    actor: User | None,
    problems: Problems,
    progress: Progress,
) -> Counts:
    """Set the levels that differ; levels the file leaves out stay.

    Raises SellerFileError when units that the file no longer has are held for orders.
    """
    found = _sort(rows, account)
    counts = Counts(len(found.opening), len(found.differing), found.same)
    if not counts.changed:
        return counts
    _lock(found, now, problems)
    done = 0
    for kind, entries in _batches(found):
        progress("stock", done, counts.changed)
        stock.set_levels(entries=entries, kind=kind, cause=cause, now=now, actor=actor)
        done += len(entries)
    progress("stock", done, counts.changed)
    return counts


def _sort(rows: list[Row], account: SellerAccount) -> Sorted:
    skus, stored, found = sku_ids(account), _stored(account), Sorted()
    warehouses = dict(Warehouse.objects.filter(account=account).values_list("code", "pk"))
    for index, row in enumerate(rows):
        entry = LevelEntry(
            sku_id=skus[row["sku"]],
            warehouse_id=warehouses[row["warehouse"]],
            on_hand=row["on_hand"],
            safety=row["safety"],
        )
        level = stored.get((entry.sku_id, entry.warehouse_id))
        if level is None:
            found.opening.append((index, entry))
        elif level == (entry.on_hand, entry.safety):
            found.same += 1
        else:
            found.differing.append((index, entry))
    return found


def _stored(account: SellerAccount) -> dict[tuple[int, int], tuple[int, int]]:
    columns = ("sku_id", "warehouse_id", "on_hand", "safety")
    levels = StockLevel.objects.filter(sku__account=account).values_list(*columns)
    return {
        (sku_id, warehouse_id): (on_hand, safety)
        for sku_id, warehouse_id, on_hand, safety in levels.iterator()
    }


def _lock(found: Sorted, now: datetime, problems: Problems) -> None:
    """Every level at once, in id order, before the first batch: orders lock them in this order too.

    Expired holds are tidied by it, so that they stand in nobody's way.
    """
    sku_ids = {entry.sku_id for _index, entry in (*found.opening, *found.differing)}
    locked = stock.lock_shelves(sku_ids=sku_ids, now=now)
    held = {(level.sku_id, level.warehouse_id): level.held for level in locked}
    for index, entry in found.differing:
        promised = held[entry.sku_id, entry.warehouse_id]
        if entry.on_hand < promised:
            problems.add(
                f"stock[{index}].on_hand",
                _("must not be below the %(held)d units held for orders, got %(on_hand)d")
                % {"held": promised, "on_hand": entry.on_hand},
            )
    problems.settle()


def _batches(found: Sorted) -> Iterator[tuple[StockMovement.Kind, list[LevelEntry]]]:
    for kind, entries in (
        (StockMovement.Kind.OPENING, found.opening),
        (StockMovement.Kind.IMPORT, found.differing),
    ):
        for start in range(0, len(entries), BATCH):
            yield kind, [entry for _index, entry in entries[start : start + BATCH]]
