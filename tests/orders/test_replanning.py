"""A change to the unit and to the cent: pure arithmetic, for any lines and any change."""

from __future__ import annotations

import json
from decimal import Decimal

from hypothesis import assume, given
from hypothesis import strategies as st

from invoicing.billing import LineMoney, Part, bill
from orders.models import OrderLine
from orders.modifications import Addition, Modification, Removal, Swap
from orders.replanning import Offered, Plan, plan_from, plan_of
from sellers.errors import DomainError
from sellers.money import line_total

CENTS = st.integers(0, 5_000)
REFS = ("A", "B", "C")
OFFERED = {ref: Offered(number, ref, 100 * (number + 1)) for number, ref in enumerate(REFS)}


@st.composite
def lines(draw: st.DrawFn) -> list[OrderLine]:
    """Lines with ids of their own, some of the same SKU, some weighed."""
    found = []
    for index in range(draw(st.integers(1, 4))):
        ref, quantity, price = draw(st.sampled_from(REFS)), draw(st.integers(1, 6)), draw(CENTS)
        multiplier = draw(st.sampled_from([Decimal(1), Decimal("0.3")]))
        goods = line_total(price_cents=price, quantity=quantity, unit_multiplier=multiplier)
        found.append(
            OrderLine(
                index=index,
                ref=ref,
                unique_id=f"U{index}",
                sku_id=OFFERED[ref].sku_id,
                quantity=quantity,
                price_cents=price,
                unit_multiplier=multiplier,
                items_cents=goods,
                discount_cents=draw(st.integers(0, goods)),
                services_cents=draw(CENTS),
                freight_cents=draw(CENTS),
                policy_ref="normal",
            )
        )
    return found


@st.composite
def modifications(draw: st.DrawFn, order: list[OrderLine]) -> Modification:
    swaps = [draw(_swap(order)) for _each in range(draw(st.integers(0, 3)))]
    return Modification(
        request_id="1",
        reason="",
        swaps=tuple(swaps),
        manual_cents=draw(st.integers(-300, 300)),
        document={},
        fingerprint="",
    )


@st.composite
def _swap(draw: st.DrawFn, order: list[OrderLine]) -> Swap:
    removals = [
        Removal(line.ref, line.unique_id, draw(st.integers(1, line.quantity)), None)
        for line in draw(st.lists(st.sampled_from(order), max_size=2, unique_by=id))
    ]
    additions = [
        Addition(
            ref=draw(st.sampled_from(REFS)),
            unique_id="",
            quantity=draw(st.integers(1, 4)),
            seller="",
            price_cents=draw(st.none() | CENTS),
            unit_multiplier=None,
            discount_cents=draw(st.integers(0, 50)),
            services_cents=draw(st.integers(0, 50)),
            freight_cents=draw(st.none() | CENTS),
            policy_ref="",
            channel="",
        )
        for _each in range(draw(st.integers(0, 2)))
    ]
    return Swap(tuple(removals), tuple(additions))


@st.composite
def changes(draw: st.DrawFn) -> tuple[list[OrderLine], Plan, int]:
    """Lines, a plan for them, and what the marketplace paid before."""
    order = draw(lines())
    pays = sum(line.total_cents for line in order) + draw(st.integers(-20, 20))
    try:
        return order, plan_of(order, draw(modifications(order)), offered=OFFERED, pays=pays), pays
    except DomainError:
        assume(False)
        raise


def after(order: list[OrderLine], plan: Plan) -> list[LineMoney]:
    """The lines as the plan leaves them."""
    found = {line.index: _money(line) for line in order}
    for row in plan.lowered:
        found[row.line] = LineMoney(
            row.line,
            row.quantity,
            row.items_cents,
            row.discount_cents,
            row.services_cents,
            row.freight_cents,
        )
    for new in plan.added:
        assert new.line not in found
        found[new.line] = LineMoney(
            new.line,
            new.quantity,
            new.items_cents,
            new.discount_cents,
            new.services_cents,
            new.freight_cents,
        )
    return list(found.values())


def _money(line: OrderLine) -> LineMoney:
    return LineMoney(
        line.index,
        line.quantity,
        line.items_cents,
        line.discount_cents,
        line.services_cents,
        line.freight_cents,
    )


def worth(line: LineMoney) -> int:
    return line.goods - line.discount + line.services + line.freight


@given(changes())
def test_pays_less_or_more_by_exactly_what_the_lines_lose_and_gain(
    change: tuple[list[OrderLine], Plan, int],
) -> None:
    order, plan, _pays = change
    before = sum(line.total_cents for line in order)
    lines_after = sum(worth(line) for line in after(order, plan))
    assert plan.payment_cents == lines_after - before + plan.manual_cents


@given(changes(), st.data())
def test_invoices_add_up_to_what_the_marketplace_pays_after_a_change(
    change: tuple[list[OrderLine], Plan, int], data: st.DataObject
) -> None:
    order, plan, before = change
    left, pays = [line for line in after(order, plan) if line.quantity], before + plan.payment_cents
    units = data.draw(st.permutations([line.index for line in left for _u in range(line.quantity)]))
    by_index, packed = {line.index: line for line in left}, {line.index: 0 for line in left}
    values: list[int] = []
    while units:
        size = data.draw(st.integers(1, len(units)))
        box, units = units[:size], units[size:]
        parts = [Part(by_index[i], packed[i], box.count(i)) for i in sorted(set(box))]
        for index in box:
            packed[index] += 1
        try:
            made = bill(parts, pays=pays, invoiced=sum(values), units_outside=len(units))
        except DomainError as refusal:
            # Too few cents for so many boxes: said, and nothing was invoiced wrongly.
            if refusal.code != "nothing-left":
                raise
            return
        values.append(made.value)
    assert sum(values) == pays


@given(changes())
def test_units_are_released_passed_on_or_found_anew_and_none_is_lost(
    change: tuple[list[OrderLine], Plan, int],
) -> None:
    order, plan, _pays = change
    removed = sum(row.before - row.quantity for row in plan.lowered)
    added = sum(row.quantity for row in plan.added)
    released = sum(plan.to_release(row) for row in plan.lowered)
    held = sum(plan.to_hold(row) for row in plan.added)
    kept = sum(row.quantity for row in plan.kept)
    assert (removed, added) == (released + kept, held + kept)
    assert all(row.quantity >= 0 and plan.to_release(row) >= 0 for row in plan.lowered)
    assert all(plan.to_hold(row) >= 0 for row in plan.added)
    skus = {line.index: line.sku_id for line in order} | {row.line: row.sku for row in plan.added}
    assert all(skus[row.line] == skus[row.to] for row in plan.kept)


@given(changes())
def test_a_plan_survives_being_stored(change: tuple[list[OrderLine], Plan, int]) -> None:
    _order, plan, _pays = change
    assert plan_from(json.loads(json.dumps(plan.document()))) == plan
