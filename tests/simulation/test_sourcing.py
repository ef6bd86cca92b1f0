"""Which warehouse serves: fewest parcels, then preference."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation import sourcing
from simulation.core import source, without
from simulation.types import Line, Take


def lines(*wanted: tuple[int, int]) -> list[Line]:
    return [Line(position, sku, units) for position, (sku, units) in enumerate(wanted)]


def test_takes_everything_from_the_preferred_warehouse_that_has_it_all() -> None:
    shelves = {1: {10: 5, 20: 5}, 2: {10: 5, 20: 5}}
    found = source(lines=lines((1, 2), (2, 3)), shelves=shelves, preference=[20, 10])
    assert found.takes == (Take(0, 1, 20, 2), Take(1, 2, 20, 3))
    assert found.complete


def test_one_parcel_beats_preference() -> None:
    shelves = {1: {10: 5, 20: 5}, 2: {20: 5}}
    found = source(lines=lines((1, 2), (2, 3)), shelves=shelves, preference=[10, 20])
    assert found.warehouses == (20,)


def test_two_warehouses_beat_three() -> None:
    shelves = {1: {10: 4, 20: 1, 30: 2}, 2: {20: 9, 30: 9}}
    found = source(lines=lines((1, 6), (2, 1)), shelves=shelves, preference=[10, 20, 30])
    assert set(found.warehouses) == {10, 30}


def test_divides_a_line_only_when_nobody_chosen_has_all_of_it() -> None:
    shelves = {1: {10: 2, 20: 3}}
    found = source(lines=lines((1, 4)), shelves=shelves, preference=[10, 20])
    assert found.takes == (Take(0, 1, 10, 2), Take(0, 1, 20, 2))


def test_lines_of_one_sku_are_counted_together() -> None:
    shelves = {1: {10: 3, 20: 6}}
    found = source(lines=lines((1, 3), (1, 3)), shelves=shelves, preference=[10, 20])
    assert found.takes == (Take(0, 1, 20, 3), Take(1, 1, 20, 3))


def test_tells_what_is_short_and_takes_the_rest() -> None:
    shelves = {1: {10: 3}, 2: {}}
    found = source(lines=lines((1, 2), (1, 2), (2, 1), (3, 1)), shelves=shelves, preference=[10])
    assert found.short == {1: 1, 2: 1, 3: 1}
    assert found.takes == (Take(0, 1, 10, 2), Take(1, 1, 10, 1))


def test_uses_only_warehouses_of_the_policy() -> None:
    found = source(lines=lines((1, 1)), shelves={1: {10: 3}}, preference=[20])
    assert (found.takes, found.short) == ((), {0: 1})


def test_what_one_group_took_is_gone_for_the_next() -> None:
    shelves = {1: {10: 3, 20: 1}}
    first = source(lines=lines((1, 2)), shelves=shelves, preference=[10, 20])
    assert without(shelves, first) == {1: {10: 1, 20: 1}}
    assert shelves == {1: {10: 3, 20: 1}}


skus, places = st.integers(1, 3), st.integers(1, 4)
stock = st.dictionaries(skus, st.dictionaries(places, st.integers(0, 6)))
orders = st.lists(st.tuples(skus, st.integers(1, 6)), min_size=1, max_size=5)
preferences = st.permutations([1, 2, 3, 4])


@given(orders, stock, preferences)
def test_takes_what_is_asked_and_never_more_than_there_is(
    wanted: Any, shelves: Any, preference: Any
) -> None:
    asked = lines(*wanted)
    found = source(lines=asked, shelves=shelves, preference=preference)
    by_line: dict[int, int] = defaultdict(int)
    by_shelf: dict[tuple[int, int], int] = defaultdict(int)
    for take in found.takes:
        assert take.quantity > 0
        by_line[take.line] += take.quantity
        by_shelf[take.sku, take.warehouse] += take.quantity
    for line in asked:
        assert by_line[line.position] + found.short.get(line.position, 0) == line.quantity
    for (sku, place), units in by_shelf.items():
        assert units <= shelves[sku][place]
    for sku in {line.sku for line in asked}:
        needed = sum(line.quantity for line in asked if line.sku == sku)
        there = sum(shelves.get(sku, {}).values())
        missing = sum(found.short.get(line.position, 0) for line in asked if line.sku == sku)
        assert missing == max(0, needed - there)


@given(orders, stock, preferences)
def test_no_smaller_set_of_warehouses_would_do(wanted: Any, shelves: Any, preference: Any) -> None:
    asked = lines(*wanted)
    found = source(lines=asked, shelves=shelves, preference=preference)
    if not found.complete:
        return
    needs: dict[int, int] = defaultdict(int)
    for line in asked:
        needs[line.sku] += line.quantity
    for fewer in combinations(preference, len(found.warehouses) - 1):
        assert not all(
            sum(shelves.get(sku, {}).get(place, 0) for place in fewer) >= units
            for sku, units in needs.items()
        )


@given(orders, stock, preferences, st.randoms(use_true_random=False))
def test_the_order_of_the_lines_does_not_matter(
    wanted: Any, shelves: Any, preference: Any, random: Any
) -> None:
    asked = lines(*wanted)
    shuffled = list(asked)
    random.shuffle(shuffled)
    assert source(lines=asked, shelves=shelves, preference=preference) == source(
        lines=shuffled, shelves=shelves, preference=preference
    )


@given(orders, stock, preferences)
def test_too_many_warehouses_to_try_them_all_still_take_everything(
    wanted: Any, shelves: Any, preference: Any
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sourcing, "MOST_TRIED", 1)
        found = source(lines=lines(*wanted), shelves=shelves, preference=preference)
    full = source(lines=lines(*wanted), shelves=shelves, preference=preference)
    assert sum(found.short.values()) == sum(full.short.values())
