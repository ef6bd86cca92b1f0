from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sellers.rates import Cell, overlaps, range_fault


@st.composite
def cells(draw: st.DrawFn) -> Cell:
    start, end = sorted(draw(st.tuples(st.integers(0, 30), st.integers(0, 30))))
    width = draw(st.sampled_from([2, 3]))
    weight = draw(st.sampled_from([None, 0, 1000]))
    return Cell(
        draw(st.sampled_from(["BRA", "ARG"])), f"{start:0{width}}", f"{end:0{width}}", weight
    )


def meet(one: Cell, other: Cell) -> bool:
    same_table = (one.country, one.max_weight_g) == (other.country, other.max_weight_g)
    if not same_table or len(one.postal_from) != len(other.postal_from):
        return False
    return int(one.postal_from) <= int(other.postal_to) and int(other.postal_from) <= int(
        one.postal_to
    )


@given(st.lists(cells(), max_size=12))
def test_finds_an_overlap_exactly_where_two_cells_meet(table):
    found = [(overlap.first, overlap.second) for overlap in overlaps(table)]
    pairs = {(i, j) for j in range(len(table)) for i in range(j) if meet(table[i], table[j])}

    assert set(found) <= pairs
    assert bool(found) == bool(pairs)


def test_names_each_cell_that_begins_inside_an_earlier_one():
    table = [
        Cell("BRA", "00", "50", None),
        Cell("BRA", "10", "20", None),
        Cell("BRA", "30", "60", None),
        Cell("BRA", "61", "99", None),
    ]

    assert [(o.first, o.second) for o in overlaps(table)] == [(0, 1), (0, 2)]


def test_takes_ranges_that_touch_in_different_weight_bands_for_sound():
    table = [Cell("BRA", "00", "50", 1000), Cell("BRA", "00", "50", None)]

    assert list(overlaps(table)) == []


def test_refuses_ranges_that_are_no_ranges():
    assert range_fault(Cell("BRA", "00", "9", None)) is not None
    assert range_fault(Cell("BRA", "10", "09", None)) is not None
    assert range_fault(Cell("BRA", "1a", "20", None)) is not None
    assert range_fault(Cell("BRA", "", "", None)) is not None
    assert range_fault(Cell("BRA", "10", "10", None)) is None
