"""When an order does not add up: by how much, and which row explains it."""

from __future__ import annotations

import pytest

from orders.gaps import Suspect, gap_of, told
from orders.models import OrderLine


def a_line(name: str, *, goods: int, discount: int = 0, freight: int = 0) -> OrderLine:
    return OrderLine(name=name, items_cents=goods, discount_cents=discount, freight_cents=freight)


LINES = [a_line("Mug", goods=1000, discount=70, freight=990), a_line("Tea", goods=500, freight=10)]
WORTH = 1000 - 70 + 990 + 500 + 10


def test_there_is_none_when_the_rows_add_up() -> None:
    assert gap_of(WORTH, LINES) is None


@pytest.mark.parametrize(
    ("gap", "suspects"),
    [
        (-990, [Suspect("Mug", "freight", 990)]),
        (70, [Suspect("Mug", "discount", 70), Suspect("", "discount", 70)]),
        (-1000, [Suspect("Mug", "goods", 1000), Suspect("", "freight", 1000)]),
        (1, []),
    ],
)
def test_names_the_rows_that_are_exactly_the_difference(gap: int, suspects: list[Suspect]) -> None:
    found = gap_of(WORTH + gap, LINES)
    assert found is not None
    assert found.cents == gap
    assert list(found.suspects) == suspects


def test_says_it_in_words() -> None:
    found = gap_of(WORTH - 990, LINES)
    assert found is not None
    assert told(found, currency="BRL") == [
        "The rows do not add up: the marketplace pays R$ 9,90 less than they are worth.",
        "That is exactly the freight of Mug: R$ 9,90.",
    ]
