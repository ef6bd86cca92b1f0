"""What an invoice is worth: pure arithmetic, for any money and any way of packing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoicing.billing import LineMoney, Part, bill, share_of, unit_price
from sellers.errors import DomainError

CENTS = st.integers(0, 10_000)


@st.composite
def a_line(draw: st.DrawFn) -> LineMoney:
    goods = draw(st.integers(0, 100_000))
    return LineMoney(
        index=0,
        quantity=draw(st.integers(1, 12)),
        goods=goods,
        discount=draw(st.integers(0, goods)),
        services=draw(CENTS),
        freight=draw(CENTS),
    )


@st.composite
def a_packed_order(draw: st.DrawFn) -> tuple[list[LineMoney], list[dict[int, int]]]:
    """Lines, and packages (units by line) that hold all of them in some order."""
    lines = [
        LineMoney(index, line.quantity, line.goods, line.discount, line.services, line.freight)
        for index, line in enumerate(draw(st.lists(a_line(), min_size=1, max_size=5)))
    ]
    units = draw(st.permutations([line.index for line in lines for _u in range(line.quantity)]))
    packages, rest = [], list(units)
    while rest:
        size = draw(st.integers(1, len(rest)))
        packages.append({index: rest[:size].count(index) for index in set(rest[:size])})
        rest = rest[size:]
    return lines, packages


def invoices(lines: list[LineMoney], packages: list[dict[int, int]], *, pays: int) -> list[int]:
    before = dict.fromkeys(range(len(lines)), 0)
    values: list[int] = []
    for package in packages:
        parts = [Part(lines[i], before[i], quantity) for i, quantity in sorted(package.items())]
        for index, quantity in package.items():
            before[index] += quantity
        outside = sum(line.quantity for line in lines) - sum(before.values())
        made = bill(parts, pays=pays, invoiced=sum(values), units_outside=outside)
        assert sum(made.line_values().values()) == made.value
        values.append(made.value)
    return values


def worth(line: LineMoney) -> int:
    return line.goods - line.discount + line.services + line.freight


@given(a_packed_order(), st.integers(-500, 500))
def test_invoices_add_up_to_what_the_marketplace_pays(
    packed: tuple[list[LineMoney], list[dict[int, int]]], gap: int
) -> None:
    lines, packages = packed
    units = sum(line.quantity for line in lines)
    pays = max(sum(worth(line) for line in lines) + gap, units)
    values = invoices(lines, packages, pays=pays)
    assert sum(values) == pays
    assert min(values) >= 1


@given(a_packed_order(), st.integers(1, 12))
def test_an_order_worth_less_than_a_cent_a_unit_adds_up_or_is_refused(
    packed: tuple[list[LineMoney], list[dict[int, int]]], pays: int
) -> None:
    lines, packages = packed
    values = invoices_or_nothing_left(lines, packages, pays=pays)
    if values is not None:
        assert sum(values) == pays
        assert min(values) >= 1


def invoices_or_nothing_left(
    lines: list[LineMoney], packages: list[dict[int, int]], *, pays: int
) -> list[int] | None:
    """None when a package was refused because no cent was left for it."""
    try:
        return invoices(lines, packages, pays=pays)
    except DomainError as refusal:
        if refusal.code != "nothing-left":
            raise
        return None


@given(a_packed_order())
def test_while_money_suffices_a_package_is_worth_its_own_units(
    packed: tuple[list[LineMoney], list[dict[int, int]]],
) -> None:
    lines, packages = packed
    rich = [LineMoney(x.index, x.quantity, x.goods + 100 * x.quantity, 0, 0, 0) for x in lines]
    values = invoices(rich, packages, pays=sum(worth(line) for line in rich))
    for package, value in zip(packages, values, strict=True):
        exact = sum(worth(rich[i]) * n / rich[i].quantity for i, n in package.items())
        assert abs(value - exact) <= len(package)


@given(a_line(), st.data())
def test_the_shares_of_a_line_add_up_whatever_the_split(
    line: LineMoney, data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, line.quantity))
    shares = [share_of(Part(line, 0, cut)), share_of(Part(line, cut, line.quantity - cut))]
    assert sum(share.freight for share in shares) == line.freight
    assert sum(share.discount for share in shares) == line.discount
    assert sum(share.total for share in shares) == worth(line)


def test_four_times_17_less_3_in_two_packages_reconciles_to_65() -> None:
    line = LineMoney(index=0, quantity=4, goods=68, discount=3)
    values = invoices([line], [{0: 2}, {0: 2}], pays=65)
    assert sorted(values) == [32, 33]


def test_a_gift_alone_in_a_package_is_invoiced_with_a_cent() -> None:
    paid, gift = LineMoney(0, 1, goods=1000), LineMoney(1, 1, goods=0)
    assert invoices([paid, gift], [{0: 1}, {1: 1}], pays=1000) == [999, 1]
    assert invoices([paid, gift], [{1: 1}, {0: 1}], pays=1000) == [1, 999]
    assert invoices([paid, gift], [{0: 1, 1: 1}], pays=1000) == [1000]


def test_the_last_invoice_takes_what_is_left_when_the_order_does_not_add_up() -> None:
    line = LineMoney(index=0, quantity=2, goods=2000)
    last = bill([Part(line, 1, 1)], pays=2007, invoiced=1000, units_outside=0)
    assert (last.value, last.adjustment, last.closing) == (1007, 7, True)


def test_refuses_an_empty_package() -> None:
    with pytest.raises(DomainError) as refusal:
        bill([], pays=100, invoiced=0, units_outside=1)
    assert refusal.value.code == "empty-package"


def test_refuses_an_order_the_marketplace_pays_nothing_for() -> None:
    line = LineMoney(index=0, quantity=1, goods=0)
    with pytest.raises(DomainError) as refusal:
        bill([Part(line, 0, 1)], pays=0, invoiced=0, units_outside=0)
    assert refusal.value.code == "nothing-left"


@pytest.mark.parametrize(
    ("lines", "price"),
    [
        ([LineMoney(0, 4, goods=68, discount=3)], 16),  # 16.25
        ([LineMoney(0, 2, goods=33)], 17),  # 16.5, halves up
        ([LineMoney(0, 1, goods=1000), LineMoney(1, 2, goods=1900)], 967),  # 966.67
        ([LineMoney(0, 1, goods=0)], 0),
    ],
)
def test_one_wire_price_per_sku_is_the_rounded_average(lines: list[LineMoney], price: int) -> None:
    assert unit_price(lines) == price
