"""Which warehouse serves which line. Pure; the quote and the placement both ask here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

from simulation.types import Line, SkuId, Sourcing, Take, WarehouseId

Shelves = Mapping[SkuId, Mapping[WarehouseId, int]]

# Sets of warehouses are tried one by one up to this many; beyond it the largest holders go first.
MOST_TRIED = 2_000


def source(
    *, lines: Sequence[Line], shelves: Shelves, preference: Sequence[WarehouseId]
) -> Sourcing:
    """Decide which warehouses send how many units of each line.

    `shelves` are available units by SKU and warehouse; only warehouses in `preference`, best
    first, are used. Fewest parcels first: one warehouse for everything if any can, else the
    smallest set; among equals the preferred one. A SKU is divided only when no chosen warehouse
    has all of it. The order of the lines does not matter, except that lines of one SKU are served
    in the order of their positions. What is missing is told in `short`; the rest is still taken.
    """
    wanted = _wanted(lines)
    needs = {sku: min(units, _held(shelves, sku, preference)) for sku, units in wanted.items()}
    chosen = _fewest(needs, shelves, preference)
    takes: list[Take] = []
    short: dict[int, int] = {}
    for sku in sorted(wanted):
        parts = _divide(needs[sku], shelves.get(sku, {}), chosen)
        _hand_out([line for line in lines if line.sku == sku], parts, takes, short)
    return Sourcing(tuple(sorted(takes, key=lambda take: take.line)), short)


def alone(
    units: int, *, shelf: Mapping[WarehouseId, int], preference: Iterable[WarehouseId]
) -> WarehouseId | None:
    """The warehouse that sends all of one SKU's units, which is what `source` decides if any can:
    the first that has them."""
    for warehouse in preference:
        if 0 < units <= shelf.get(warehouse, 0):
            return warehouse
    return None


def without(shelves: Shelves, sourcing: Sourcing) -> dict[SkuId, dict[WarehouseId, int]]:
    """The shelves once `sourcing` was taken from them, for the next group of lines."""
    rest = {sku: dict(by_warehouse) for sku, by_warehouse in shelves.items()}
    for take in sourcing.takes:
        rest[take.sku][take.warehouse] -= take.quantity
    return rest


def _wanted(lines: Iterable[Line]) -> dict[SkuId, int]:
    wanted: dict[SkuId, int] = {}
    for line in lines:
        wanted[line.sku] = wanted.get(line.sku, 0) + line.quantity
    return wanted


def _held(shelves: Shelves, sku: SkuId, warehouses: Iterable[WarehouseId]) -> int:
    shelf = shelves.get(sku, {})
    return sum(max(0, shelf.get(warehouse, 0)) for warehouse in warehouses)


def _fewest(
    needs: Mapping[SkuId, int], shelves: Shelves, preference: Sequence[WarehouseId]
) -> tuple[WarehouseId, ...]:
    """The smallest set that covers all needs, in order of preference."""
    wanted = [sku for sku, units in needs.items() if units]
    able = [w for w in dict.fromkeys(preference) if any(_has(shelves, sku, w) for sku in wanted)]
    tried = 0
    for size in range(1, len(able) + 1):
        for candidate in combinations(able, size):
            if all(_held(shelves, sku, candidate) >= needs[sku] for sku in wanted):
                return candidate
            if (tried := tried + 1) >= MOST_TRIED:
                return _largest_first(needs, shelves, able)
    return ()


def _has(shelves: Shelves, sku: SkuId, warehouse: WarehouseId) -> bool:
    return shelves.get(sku, {}).get(warehouse, 0) > 0


def _largest_first(
    needs: Mapping[SkuId, int], shelves: Shelves, able: Sequence[WarehouseId]
) -> tuple[WarehouseId, ...]:
    """A small set, not always the smallest: each time whoever covers most of what is missing."""
    missing = dict(needs)
    chosen: set[WarehouseId] = set()
    while any(missing.values()):
        covers = {
            w: sum(min(units, _held(shelves, sku, (w,))) for sku, units in missing.items())
            for w in able
            if w not in chosen
        }
        best = max(covers, key=covers.__getitem__)  # the first, so the preferred, among equals
        chosen.add(best)
        for sku in missing:
            missing[sku] -= min(missing[sku], _held(shelves, sku, (best,)))
    return tuple(w for w in able if w in chosen)


def _divide(
    units: int, shelf: Mapping[WarehouseId, int], chosen: Sequence[WarehouseId]
) -> list[tuple[WarehouseId, int]]:
    """Whole from the preferred warehouse that has all of it, else piece by piece."""
    whole = alone(units, shelf=shelf, preference=chosen)
    if whole is not None:
        return [(whole, units)]
    parts = []
    for warehouse in chosen:
        part = min(units, max(0, shelf.get(warehouse, 0)))
        if part:
            parts.append((warehouse, part))
            units -= part
    return parts


def _hand_out(
    lines: Iterable[Line],
    parts: list[tuple[WarehouseId, int]],
    takes: list[Take],
    short: dict[int, int],
) -> None:
    """Give the parts to the lines of one SKU, by position; what is left open is short."""
    for line in sorted(lines):
        missing = line.quantity
        while missing and parts:
            warehouse, units = parts.pop(0)
            given = min(units, missing)
            takes.append(Take(line.position, line.sku, warehouse, given))
            missing -= given
            if units > given:
                parts.insert(0, (warehouse, units - given))
        if missing:
            short[line.position] = missing
