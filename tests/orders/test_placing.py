"""POST /pvt/orders: taken whole or not at all, once, with stock held."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest

from orders.models import Order, OrderLine, PersonalData
from orders.timeline import story_of
from sellers.models import Hold, SellerAccount, StockMovement
from tests.builders import Line, a_placement, a_policy, a_sku, a_warehouse
from tests.orders.conftest import Marketplace, error_of, everything, fill, levels


def test_answers_the_order_with_our_reservation_id_and_holds_its_stock(vtex, acme):
    answer = vtex.place(a_placement(Line(quantity=3, freight=990)))
    assert answer.status_code == 200
    (body,) = json.loads(answer.content)
    order = Order.objects.get()
    assert body["orderId"] == order.seller_order_id
    assert body["marketplaceOrderId"] == "1138342255777-01"
    assert body["followUpEmail"] == acme.follow_up_email
    assert body["allowMultipleDeliveries"] is True
    assert levels() == {("1001", "sp"): (10, 3)}
    assert order.status == "reserved"


def test_gives_every_order_an_id_that_can_be_printed_and_not_be_guessed(vtex):
    ids = {vtex.placed(a_placement(order_id=f"{number}-01")) for number in range(8)}
    assert len(ids) == 8
    assert all(re.fullmatch(r"R-[2-9B-DF-HJ-NP-TV-XZ]{12}", each) for each in ids)


def test_mirrors_a_single_object(vtex):
    answer = vtex.post("/pvt/orders", a_placement())
    assert answer.status_code == 200
    assert json.loads(answer.content)["orderId"] == Order.objects.get().seller_order_id


@pytest.mark.parametrize("path", ["/pvt/orders", "/pvt/orders/", "/api/pvt/orders"])
def test_answers_at_every_form_of_its_address(vtex, path):
    assert vtex.post(path + "?sc=1&an=bigstore", [a_placement()]).status_code == 200


def test_keeps_every_field_that_was_sent(vtex):
    sent = a_placement(futureField={"deep": [1, 2.5, None, "ü"]}, marketingData={"utmSource": "x"})
    (body,) = json.loads(vtex.place(sent).content)
    assert {key: body[key] for key in sent} == sent
    assert PersonalData.objects.get().document == sent


def test_reads_keys_in_any_case_and_numbers_as_text(vtex):
    sent = a_placement(Line(quantity=2, freight=990))
    loud = {key[0].upper() + key[1:]: value for key, value in sent.items()}
    loud["Items"] = [
        {key.capitalize(): value for key, value in item.items()}
        | {"Quantity": "2", "Price": "1700"}
        for item in sent["items"]
    ]
    assert vtex.place(loud).status_code == 200
    assert OrderLine.objects.get().quantity == 2
    assert Order.objects.get().items_cents == 3400


def test_adds_up_goods_discounts_services_and_freight_in_cents(vtex):
    fill("2002", 5, price_cents=199)
    placement = a_placement(
        Line(quantity=2, discount=150, services=300, freight=990),
        Line("2002", quantity=3, price=199, freight=990),
    )
    placement["items"][1]["unitMultiplier"] = 0.3
    placement["marketplacePaymentValue"] = 3400 - 150 + 300 + 990 + 179 + 990
    vtex.placed(placement)
    order = Order.objects.get()
    assert (order.items_cents, order.discounts_cents) == (3579, 150)
    assert (order.services_cents, order.freight_cents) == (300, 1980)
    assert order.payment_value_cents == 5709
    assert order.flagged_at is None


@pytest.mark.parametrize("multiplier", [0, None])
def test_counts_a_multiplier_of_zero_or_null_as_one(vtex, multiplier):
    placement = a_placement()
    placement["items"][0]["unitMultiplier"] = multiplier
    vtex.placed(placement)
    assert OrderLine.objects.get().items_cents == 1700


def test_keeps_two_lines_of_one_sku_apart_but_counts_them_together(vtex):
    line = Line(quantity=5, freight=990)
    vtex.placed(a_placement(line, line))
    assert list(OrderLine.objects.values_list("index", "quantity")) == [(0, 5), (1, 5)]
    assert levels() == {("1001", "sp"): (10, 10)}
    before = everything()
    refusal = vtex.place(a_placement(Line(freight=990), order_id="2-01"))
    assert refusal.status_code == 409
    assert everything() == before


def test_refuses_two_lines_that_only_together_exceed_the_stock(vtex):
    line = Line(quantity=6, freight=990)
    before = everything()
    refusal = vtex.place(a_placement(line, line))
    assert refusal.status_code == 409
    assert error_of(refusal)["message"] == (
        "Not enough stock: [0].items[1]: 6 of SKU 1001 asked, 4 available."
    )
    assert everything() == before


def test_takes_all_orders_of_a_call_or_none(vtex):
    before = everything()
    refusal = vtex.place(
        a_placement(Line(quantity=8, freight=990), order_id="1-01"),
        a_placement(Line(quantity=3, freight=990), order_id="2-01"),
    )
    assert refusal.status_code == 409
    assert everything() == before


def test_splits_a_line_only_when_no_warehouse_has_all_of_it(vtex, acme):
    fill("1001", 4, warehouse="rj")
    fill("1001", 2)
    a_policy("both", a_warehouse("sp"), a_warehouse("rj"))
    vtex.placed(a_placement(Line(quantity=3, freight=990), sla="both"))
    assert levels() == {("1001", "rj"): (4, 3), ("1001", "sp"): (2, 0)}
    vtex.placed(a_placement(Line(quantity=3, freight=990), sla="both", order_id="2-01"))
    assert levels() == {("1001", "rj"): (4, 4), ("1001", "sp"): (2, 2)}
    whole, parted = Order.objects.order_by("pk")
    takes = parted.timeline.get(code="held").facts["takes"]
    assert {take["warehouse"]: take["quantity"] for take in takes} == {"sp": 2, "rj": 1}
    assert "all from the first of its warehouses that has everything" in _held(whole)
    assert "no warehouse has everything: from as few as possible" in _held(parted)


def _held(order: Order) -> str:
    """What the timeline says of where the units are held, and why."""
    (happening,) = [each for each in story_of(order) if each.title == "Stock held"]
    return happening.detail


def test_answers_a_retry_with_the_same_bytes_and_holds_nothing_more(vtex):
    first = vtex.place(a_placement())
    before = everything()
    again = vtex.place(a_placement())
    assert again.status_code == 200
    assert again.content == first.content
    assert everything() == before


def test_refuses_the_same_id_with_other_content_and_tells_staff(vtex):
    vtex.placed(a_placement())
    held = levels()
    refusal = vtex.place(a_placement(Line(quantity=2, freight=990)))
    assert refusal.status_code == 409
    assert error_of(refusal)["code"] == "other-content"
    assert levels() == held
    order = Order.objects.get()
    assert order.flagged_at is not None
    assert order.timeline.filter(code="other-content").count() == 1
    vtex.place(a_placement(Line(quantity=2, freight=990)))
    assert order.timeline.filter(code="other-content").count() == 1


def test_refuses_to_place_a_cancelled_order_again(vtex):
    ours = vtex.placed(a_placement())
    vtex.cancel(ours)
    refusal = vtex.place(a_placement())
    assert refusal.status_code == 409
    assert levels() == {("1001", "sp"): (10, 0)}


def test_gives_rivals_their_own_order_of_the_same_id(vtex, acme):
    rival = _rival()
    ours, theirs = vtex.placed(a_placement()), Marketplace(rival).placed(a_placement())
    assert ours != theirs
    assert Marketplace(rival).fulfill(ours).status_code == 404


def _rival() -> SellerAccount:
    from tests.builders import a_seller

    rival = a_seller("rival")
    fill("1001", 10, account=rival)
    a_policy("normal", account=rival)
    return rival


@pytest.mark.parametrize(
    ("lines", "sla", "named"),
    [
        ([Line("nope")], "normal", "nope"),
        ([Line("retired")], "normal", "retired"),
        ([Line()], "teleport", "teleport"),
        ([Line(quantity=11)], "normal", "11 of SKU 1001 asked, 10 available"),
    ],
)
def test_refuses_what_it_cannot_sell_and_names_it(vtex, lines, sla, named):
    a_sku("retired", is_active=False)
    before = everything()
    refusal = vtex.place(a_placement(*lines, sla=sla))
    assert refusal.status_code in (400, 409)
    assert named in error_of(refusal)["message"]
    assert everything() == before


@pytest.mark.parametrize(
    ("lock_ttl", "expected"),
    [
        ("2h", timedelta(hours=2)),
        ("8d", timedelta(days=8)),
        ("99d", timedelta(days=30)),
        (None, timedelta(days=7)),
        ("", timedelta(days=7)),
        ("007m", timedelta(minutes=7)),
    ],
)
def test_holds_for_the_lock_ttl_within_the_accounts_bounds(vtex, lock_ttl, expected):
    vtex.placed(a_placement(lock_ttl=lock_ttl))
    order, hold = Order.objects.get(), Hold.objects.get()
    assert hold.expires_at == order.hold_expires_at
    assert order.hold_expires_at == order.placed_at + expected


def test_holds_for_the_longest_lock_ttl_of_the_lines(vtex):
    placement = a_placement(Line(freight=990), Line(freight=990), lock_ttl="1h")
    placement["shippingData"]["logisticsInfo"][1]["lockTTL"] = "3h"
    vtex.placed(placement)
    order = Order.objects.get()
    assert order.hold_expires_at == order.placed_at + timedelta(hours=3)


def test_writes_the_ledger_with_the_hold(vtex):
    ours = vtex.placed(a_placement(Line(quantity=4, freight=990)))
    movement = StockMovement.objects.get(kind="hold")
    assert (movement.held_change, movement.on_hand_change) == (4, 0)
    assert movement.seller_order_id == ours


@pytest.mark.parametrize(
    ("rule", "percent", "cents", "status", "flagged"),
    [
        ("accept", 0, 0, 200, False),
        ("flag", 0, 0, 200, True),
        ("refuse", 0, 0, 409, False),
        ("refuse", 0, 100, 200, False),
        ("refuse", 6, 0, 200, False),
        ("refuse", 5, 99, 409, False),
    ],
)
def test_follows_the_price_rule_beyond_the_tolerance(
    vtex, acme, rule, percent, cents, status, flagged
):
    """1600 against our 1700: 100 cents, 5.88 percent."""
    acme.price_rule = rule
    acme.price_tolerance_percent, acme.price_tolerance_cents = percent, cents
    acme.save()
    answer = vtex.place(a_placement(Line(price=1600, freight=990)))
    assert answer.status_code == status
    if status == 409:
        assert "[0].items[0].price: 1600 placed, 1700 ours" in error_of(answer)["message"]
    assert Order.objects.filter(flagged_at__isnull=False).exists() == flagged


def test_follows_the_price_rule_for_freight_too(vtex, acme):
    """990 is ours; within 10 cents of it is the same."""
    acme.price_rule, acme.price_tolerance_cents = "refuse", 10
    acme.save()
    refusal = vtex.place(a_placement(Line(freight=979)))
    assert refusal.status_code == 409
    assert (
        error_of(refusal)["message"] == "Prices differ: [0].items[0].freight: 979 placed, 990 ours."
    )
    assert vtex.place(a_placement(Line(freight=980))).status_code == 200


def test_flags_what_we_would_not_have_delivered_at_all(vtex):
    """No freight of ours to compare with: the postal code is nowhere."""
    placement = a_placement()
    placement["shippingData"]["address"]["postalCode"] = "K1A 0B1"
    vtex.placed(placement)
    order = Order.objects.get()
    assert order.flagged_at is not None
    (row,) = order.timeline.get(code="price-differs").facts["differences"]
    assert (row["what"], row["placed_cents"], row["ours_cents"]) == ("freight", 990, None)


def test_counts_every_unit_of_a_bundle_item_when_it_adds_up(vtex):
    placement = a_placement()
    placement["items"][0]["bundleItems"] = [{"id": 1, "name": "Gift", "price": 1, "quantity": 99}]
    vtex.placed(placement)
    order = Order.objects.get()
    assert order.flagged_at is not None
    (row,) = order.timeline.get(code="total-differs").facts["differences"]
    assert row["ours_cents"] - row["placed_cents"] == 99
    paid = placement["marketplacePaymentValue"] + 99
    more = {"marketplaceOrderId": "2-01", "marketplacePaymentValue": paid}
    vtex.placed(placement | more)
    assert Order.objects.get(marketplace_order_id="2-01").flagged_at is None


def test_flags_an_order_that_does_not_add_up_with_both_sums(vtex):
    vtex.placed(a_placement(marketplacePaymentValue=9999))
    entry = Order.objects.get().timeline.get(code="total-differs")
    (row,) = entry.facts["differences"]
    assert (row["placed_cents"], row["ours_cents"]) == (9999, 2690)
