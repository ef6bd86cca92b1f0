"""What holds for every seller and every cart."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import combinations
from typing import Any
from unittest.mock import patch

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from simulation import promising, wire
from simulation.core import simulate, source
from simulation.types import CHANNELS, Band, Cart, Item, Line, Offer, Policy, Row, Snapshot
from tests.simulation.pure import NOW, a_band, a_cart, a_depot, a_policy, a_snapshot, an_offer

#: So many snapshots and carts are drawn for each test.
drawn = settings(max_examples=40)

PLACES = (1, 2, 3)
REFS = ("a", "b", "c", "d")
ESTIMATE = re.compile(r"[1-9]\d*(bd|d|h|m)")

units = st.integers(0, 8)
estimates = st.builds("{}{}".format, st.integers(1, 9), st.sampled_from(["bd", "d", "h", "m"]))
cells = st.builds(
    lambda start, size, price, estimate: (start, start + size, price, estimate),
    st.sampled_from([0, 22_270_030, 22_270_031]),
    st.sampled_from([0, 1, 50_000_000]),
    st.integers(0, 9_999),
    estimates,
)


@st.composite
def bands(draw: st.DrawFn) -> tuple[Band, ...]:
    weights: list[int | None] = list(draw(st.sets(st.integers(1, 9), max_size=3)))
    weights.sort()
    if draw(st.booleans()) or not weights:
        weights.append(None)
    return tuple(a_band(w and w * 500, draw(cells)) for w in weights)


@st.composite
def policies(draw: st.DrawFn) -> list[Policy]:
    return [
        a_policy(
            number,
            *draw(bands()),
            channel=draw(st.sampled_from(CHANNELS)),
            warehouses=tuple(draw(st.permutations(PLACES))[: draw(st.integers(0, 3))]),
            daily_capacity=draw(st.sampled_from([None, None, 0, 1])),
        )
        for number in range(draw(st.integers(0, 4)))
    ]


@st.composite
def offers(draw: st.DrawFn) -> list[Offer]:
    return [
        an_offer(
            ref,
            draw(st.dictionaries(st.sampled_from(PLACES), units)),
            weight_g=draw(st.sampled_from([0, 250, 500, 1500])),
            is_active=draw(st.integers(0, 9)) > 0,
            price=draw(st.sampled_from([None, 1, 4990])),
        )
        for ref in REFS[:3]
    ]


depots = st.tuples(*(st.builds(a_depot, st.just(p), handling_days=units) for p in PLACES))
snapshots = st.builds(
    lambda depots, policies, offers: a_snapshot(list(depots), policies, offers),
    depots,
    policies(),
    offers(),
)
wanted = st.lists(st.tuples(st.sampled_from(REFS), st.integers(1, 12)), max_size=6)
postal_codes = st.sampled_from([None, "22270030", "22270-031", "99999999"])
carts = st.builds(lambda lines, code: a_cart(*lines, postal_code=code), wanted, postal_codes)
# Of a few units, which most warehouses that have the SKU have all of.
few = st.lists(st.tuples(st.sampled_from(REFS), st.integers(1, 3)), min_size=1, max_size=4)
small_carts = st.builds(lambda lines: a_cart(*lines), few)
# Often within one time of day, in which what is counted in days stays the same and hours do not.
hours = st.sampled_from([0, 1, 2]) | st.integers(0, 60)
moments = hours.map(lambda later: NOW + timedelta(hours=later))
different = st.lists(
    st.tuples(st.sampled_from(REFS), st.integers(1, 12)), max_size=4, unique_by=lambda line: line[0]
)
carts_of_different_skus = st.builds(
    lambda lines, code: a_cart(*lines, postal_code=code), different, postal_codes
)


def rows(cart: Cart, snapshot: Snapshot) -> dict[int, Row]:
    return {row.item.position: row for row in simulate(cart, snapshot, NOW).rows}


def said(row: Row) -> Any:
    """Everything a row says, its place in the cart aside."""
    quotes = [(q.policy.ref, q.price, q.promise, q.warehouses) for q in row.quotes]
    return row.item.ref, row.quantity, row.stock_balance, row.channel_balances, quotes


@drawn
@given(snapshots, carts)
def test_never_promises_more_than_is_available(snapshot: Snapshot, cart: Cart) -> None:
    promised: Counter[str] = Counter()
    for row in rows(cart, snapshot).values():
        units = row.offer.units()
        stock = sum(units.values())
        promised[row.item.ref] += row.quantity
        assert promised[row.item.ref] <= stock
        assert 0 <= row.quantity <= row.item.quantity
        assert row.quantity <= row.stock_balance <= stock
        for quote in row.quotes:
            assert set(quote.warehouses) <= set(quote.policy.warehouses)
            able = sum(units[place] for place in quote.warehouses)
            assert able >= row.quantity


@drawn
@given(snapshots, carts_of_different_skus)
def test_a_line_is_quoted_from_the_warehouses_it_would_be_placed_at(
    snapshot: Snapshot, cart: Cart
) -> None:
    for row in rows(cart, snapshot).values():
        shelves = {row.offer.id: row.offer.units()}
        line = Line(row.item.position, row.offer.id, row.quantity)
        for quote in row.quotes:
            preference = quote.policy.warehouses
            placed = source(lines=[line], shelves=shelves, preference=preference)
            assert placed.complete
            assert quote.warehouses == placed.warehouses


@drawn
@given(snapshots, carts)
def test_what_leaves_the_warehouses_is_what_is_served(snapshot: Snapshot, cart: Cart) -> None:
    served = {at: row.quantity for at, row in rows(cart, snapshot).items()}
    for decision in simulate(cart, snapshot, NOW, trace=True).decisions:
        if decision.code == "quoted" and decision.item is not None:
            sent = sum(each["quantity"] for each in decision.facts["warehouses"])
            assert sent == served[decision.item]


@drawn
@given(snapshots, carts, st.lists(st.tuples(moments, postal_codes), max_size=4), moments)
def test_answers_the_same_whatever_was_asked_before(
    snapshot: Snapshot, cart: Cart, before: list[tuple[datetime, str | None]], now: datetime
) -> None:
    fresh = replace(snapshot, tariff=replace(snapshot.tariff))
    for earlier, code in before:
        simulate(cart._replace(postal_code=code), snapshot, earlier)
    assert wire.render(simulate(cart, snapshot, now)) == wire.render(simulate(cart, fresh, now))


@drawn
@given(snapshots, st.lists(carts, min_size=1, max_size=4))
def test_remembers_few_quotes_and_answers_the_same(snapshot: Snapshot, asked: list[Cart]) -> None:
    fresh = replace(snapshot, tariff=replace(snapshot.tariff))
    with patch.object(promising, "MOST_QUOTES", 3):
        answers = [wire.render(simulate(cart, snapshot, NOW)) for cart in asked * 2]
        for time in snapshot.tariff.times.values():
            taken = [len(quotes) + 1 for quotes in time.quotes.values()]
            assert sum(taken) <= 3 or len(taken) == 1
    assert answers == [wire.render(simulate(cart, fresh, NOW)) for cart in asked * 2]


@drawn
@given(snapshots, carts)
def test_no_quantity_means_no_balance_anywhere_and_no_quotes(
    snapshot: Snapshot, cart: Cart
) -> None:
    for row in rows(cart, snapshot).values():
        if row.quantity == 0:
            assert row.stock_balance == 0
            assert set(row.channel_balances) == {0}
            assert row.quotes == ()


@drawn
@given(snapshots, carts_of_different_skus, st.randoms(use_true_random=False))
def test_the_order_of_the_items_never_matters(snapshot: Snapshot, cart: Cart, random: Any) -> None:
    shuffled = [(item.ref, item.quantity) for item in cart.items]
    random.shuffle(shuffled)
    other = a_cart(*shuffled, postal_code=cart.postal_code)
    assert {row.item.ref: said(row) for row in rows(cart, snapshot).values()} == {
        row.item.ref: said(row) for row in rows(other, snapshot).values()
    }


@drawn
@given(snapshots, carts_of_different_skus)
def test_an_answer_does_not_depend_on_other_skus_in_the_cart(
    snapshot: Snapshot, cart: Cart
) -> None:
    for row in rows(cart, snapshot).values():
        alone = a_cart((row.item.ref, row.item.quantity), postal_code=cart.postal_code)
        found = rows(alone, snapshot)
        # Alone and sold out, the answer is the empty one.
        assert [said(each) for each in found.values()] == ([said(row)] if row.quantity else [])


@drawn
@given(snapshots, carts, st.sampled_from(PLACES), st.integers(1, 5))
def test_more_stock_never_removes_a_quote_for_all_that_was_asked(
    snapshot: Snapshot, cart: Cart, place: int, more: int
) -> None:
    cart = cart._replace(items=cart.items[:1])
    fuller = replace(
        snapshot, offers={ref: restocked(o, place, more) for ref, o in snapshot.offers.items()}
    )
    for position, row in rows(cart, snapshot).items():
        after = rows(cart, fuller)[position]
        assert after.quantity >= row.quantity
        assert after.stock_balance >= row.stock_balance
        if row.quantity == row.item.quantity:
            before = {(quote.policy.ref, quote.price) for quote in row.quotes}
            assert before <= {(quote.policy.ref, quote.price) for quote in after.quotes}


def restocked(offer: Offer, place: int, more: int) -> Offer:
    return offer._replace(
        counts=[
            (at, on_hand + more if at == place else on_hand, *rest)
            for at, on_hand, *rest in offer.counts
        ]
    )


@drawn
@given(st.lists(st.integers(0, 9_999), min_size=3, max_size=3), units, units)
def test_heavier_is_never_cheaper_in_a_table_that_rises(
    prices: list[int], lighter: int, heavier: int
) -> None:
    weights = (1000, 3000, None)
    table = [
        a_band(weight, (0, 99_999_999, price, "1bd"))
        for weight, price in zip(weights, sorted(prices), strict=True)
    ]
    lighter, heavier = sorted((lighter + 1, heavier + 1))
    snapshot = a_snapshot([a_depot(1)], [a_policy(1, *table)], [an_offer("a", {1: 99})])
    light = rows(a_cart(("a", lighter)), snapshot)[0].quotes[0].price
    heavy = rows(a_cart(("a", heavier)), snapshot)[0].quotes[0].price
    assert light <= heavy


@drawn
@given(snapshots, carts)
def test_the_policies_come_in_one_order_for_every_item(snapshot: Snapshot, cart: Cart) -> None:
    pairs: set[tuple[str, str]] = set()
    for row in rows(cart, snapshot).values():
        pairs.update(combinations([quote.policy.ref for quote in row.quotes], 2))
        channels = [quote.policy.channel for quote in row.quotes]
        assert channels == sorted(channels)
    assert not {(second, first) for first, second in pairs} & pairs


@drawn
@given(snapshots, carts)
def test_amounts_are_whole_cents_and_no_estimate_is_zero(snapshot: Snapshot, cart: Cart) -> None:
    for row in rows(cart, snapshot).values():
        assert isinstance(row.offer.price, int) and row.offer.price > 0
        assert isinstance(row.offer.list_price, int) and row.offer.list_price > 0
        for quote in row.quotes:
            assert isinstance(quote.price, int) and quote.price >= 0
            assert ESTIMATE.fullmatch(quote.promise.estimate)
            assert quote.promise.by > NOW


@drawn
@given(snapshots, carts)
def test_the_same_question_has_the_same_bytes(snapshot: Snapshot, cart: Cart) -> None:
    plain = wire.render(simulate(cart, snapshot, NOW))
    assert plain == wire.render(simulate(cart, snapshot, NOW, trace=True))


@settings(max_examples=120)
@given(snapshots, small_carts)
def test_the_short_way_of_usual_lines_comes_to_what_the_long_way_does(
    snapshot: Snapshot, cart: Cart
) -> None:
    """Who traces takes the long way for every line."""
    fresh = replace(snapshot, tariff=replace(snapshot.tariff))
    short, long = simulate(cart, snapshot, NOW), simulate(cart, fresh, NOW, trace=True)
    assert short.rows == long.rows
    assert wire.render(short) == wire.render(long)


@drawn
@given(snapshots, carts)
def test_every_line_without_a_unit_has_a_reason(snapshot: Snapshot, cart: Cart) -> None:
    simulation = simulate(cart, snapshot, NOW)
    served = {row.item.position for row in simulation.rows if row.quantity}
    explained = {d.item for d in simulation.decisions if d.item is not None}
    assert {item.position for item in cart.items} - served == explained


def test_an_odd_line_changes_nothing_about_how_its_neighbours_are_read() -> None:
    usual = {"id": "a", "ID": "b", "quantity": 2, "seller": "1"}
    odd = {"ID": 7, "Quantity": "3"}
    alone = wire.parse(orjson.dumps({"items": [usual]}))
    beside = wire.parse(orjson.dumps({"items": [usual, odd]}))
    assert beside.items == (*alone.items, Item(1, "7", 3, None))
