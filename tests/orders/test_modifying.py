"""Changes of orders: asked by the marketplace, decided by staff, confirmed, then carried out."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from invoicing import packing
from invoicing.models import Invoice, Package
from orders.agreeing import accept_change, finish_change, refuse_change
from orders.erasing import erase_personal_data
from orders.models import Order, OrderChange, OrderLine
from orders.states import Status
from sellers import stock
from sellers.errors import Conflict, DomainError
from sellers.models import Hold, OutboxMessage, StockMovement
from tests.builders import Line, a_placement
from tests.orders.changing import CHANGE_ID, Asking, adding, item, patch, removing, replacing, units
from tests.orders.conftest import error_of, everything, fill, levels


@pytest.fixture
def market(vtex) -> Asking:
    """An authorised order of five units of 1001, at 1700 less a discount, and freight."""
    fill("2002", 3, price_cents=900)
    line = Line(quantity=5, freight=990, discount=250)
    vtex.fulfill(vtex.placed(a_placement(line)))
    return Asking(vtex)


def order() -> Order:
    return Order.objects.get()


def accept(change: OrderChange) -> None:
    accept_change(change=change, now=timezone.now(), actor=None)


def agreed(market: Asking, body: dict[str, Any]) -> OrderChange:
    """A change gone the whole way."""
    change = market.asked(body)
    accept(change)
    answer = market.confirm()
    assert answer.status_code == 200, answer.content
    change.refresh_from_db()
    return change


def a_package(units: int) -> Package:
    package = packing.open_package(order=order(), now=timezone.now(), actor=None)
    line = order().lines.get(index=0)
    packing.put(package=package, line=line, quantity=units, now=timezone.now(), actor=None)
    return package


# --- asking ---------------------------------------------------------------------------------------


def test_keeps_a_change_for_staff_and_moves_nothing(market):
    before = levels()
    answer = market.ask(removing(item(quantity=2), future=[1]))
    body = json.loads(answer.content)
    assert answer.status_code == 202
    assert body["requestId"] == body["changeRequestId"] == CHANGE_ID
    assert body["orderId"] == "1138342255777-01"
    assert body["status"] == "waiting-acknowledgement"
    assert body["remove"] == [{"items": [{"id": "1001", "quantity": 2}]}]
    change = OrderChange.objects.get()
    assert change.status == "received"
    assert change.document and change.document["future"] == [1]
    assert levels() == before
    assert units(order()) == {0: ("1001", 5)}
    assert order().change_asked_at
    assert order().timeline.filter(code="change-asked").count() == 1
    assert not OutboxMessage.objects.exists()


@pytest.mark.parametrize(
    "path",
    [
        "/pvt/orders/{}/changes",
        "/pvt/orders/{}/changes/",
        "/api/pvt/orders/{}/changes",
        "/api/order-system/orders/{}/changes",
        "/order-system/orders/{}/changes/",
    ],
)
@pytest.mark.parametrize("method", ["post", "patch"])
def test_answers_at_every_documented_address(market, path, method):
    vtex, body = market.vtex, removing(item())
    call = vtex.post if method == "post" else lambda *given: patch(vtex, *given)
    for name in (market.theirs, order().seller_order_id):
        assert call(path.format(name), body).status_code == 202
    assert OrderChange.objects.count() == 1


def test_takes_the_same_change_once(market):
    first = market.ask(removing(item()))
    before = everything()
    assert market.ask(removing(item())).content == first.content
    assert everything() == before
    assert OrderChange.objects.count() == 1


def test_refuses_the_same_id_with_other_content(market):
    market.asked(removing(item()))
    assert error_of(market.ask(removing(item(quantity=2))))["code"] == "other-content"


def test_names_a_change_that_comes_without_an_id_and_knows_it_again(market):
    body = removing(item()) | {"changeRequestId": None}
    first = json.loads(market.ask(body).content)["requestId"]
    assert json.loads(market.ask(body).content)["requestId"] == first
    assert OrderChange.objects.get().change_request_id == first


def test_takes_the_name_that_the_agreement_gives(market):
    change = market.asked(removing(item()) | {"changeRequestId": None})
    assert market.agree("Acknowledgment").status_code == 202
    change.refresh_from_db()
    assert (change.change_request_id, change.is_named_by_us) == (CHANGE_ID, False)
    assert market.agree("Acknowledgment", "another").status_code == 404


def test_has_one_change_at_a_time(market):
    market.asked(removing(item()))
    answer = market.ask(removing(item()) | {"changeRequestId": "another"})
    assert answer.status_code == 409
    assert "SalesOrderSystem014" in error_of(answer)["message"]


def test_previews_without_keeping_anything(market):
    before = everything()
    body = json.loads(market.preview(removing(item(quantity=2), manualDiscountValue=10)).content)
    # Of 5 × 1700 − 250 + 990, two units: 3400 − 100 + 396; and ten cents off.
    assert body["totalChangeValue"] == -3400 + 100 - 396 - 10
    assert {row["id"]: row["value"] for row in body["totals"]} == {
        "Items": -3400,
        "Discounts": 100,
        "Services": 0,
        "Shipping": -396,
        "ManualValues": -10,
    }
    assert everything() == before
    assert not OrderChange.objects.exists()


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "nothing-asked"),
        ({"remove": []}, 400, "nothing-asked"),
        (removing(item(quantity=6)), 409, "too-many"),
        (removing(item(quantity=5)), 409, "nothing-left"),
        (removing(item("9999")), 400, "not-in-order"),
        (removing(item(quantity=0)), 400, "invalid-field"),
        (removing(item(quantity=-1)), 400, "invalid-field"),
        (removing({"id": "1001"}), 400, "invalid-field"),
        ({"remove": "all"}, 400, "invalid-field"),
        ({"replace": [{"from": {"items": [item()]}}]}, 400, "invalid-field"),
        ({"manualDiscountValue": -1}, 400, "invalid-field"),
        ({"manualDiscountValue": 10_000_000}, 409, "nothing-to-pay"),
        (removing(item(), manualDiscountValue=1.5), 400, "invalid-field"),
        (adding(item("9999")), 400, "unknown-sku"),
        (adding(item("2002", 4)), 409, "not-available"),
        (removing(item(), changeRequestId="x" * 61), 400, "invalid-field"),
        (removing(item(), changeRequestId=".."), 400, "invalid-field"),
    ],
)
def test_refuses_what_makes_no_sense_and_keeps_nothing(market, body, status, code):
    before = everything()
    for answer in (market.ask(body), market.preview(body)):
        assert (answer.status_code, error_of(answer)["code"]) == (status, code)
    assert everything() == before
    assert not OrderChange.objects.exists()


@pytest.mark.parametrize("path", ["", "/preview", f"/{CHANGE_ID}/send-agreement"])
@pytest.mark.parametrize("body", [b"not json", b"[]", b"null", b'{"remove": [null]}'])
def test_answers_nonsense_with_a_400(market, path, body):
    answer = market.vtex.post(market.path + path, body)
    assert answer.status_code == 400
    error_of(answer)


def test_does_not_add_what_is_not_sold_now(market, acme):
    acme.skus.filter(ref="2002").update(is_active=False)
    assert error_of(market.ask(adding(item("2002"))))["code"] == "inactive-sku"


def test_knows_no_change_of_an_unknown_order(vtex):
    nowhere = Asking(vtex, "999-01")
    for answer in (nowhere.ask(removing(item())), nowhere.confirm(), nowhere.withdraw()):
        assert answer.status_code == 404
        error_of(answer)


def test_changes_no_order_before_its_payment_or_after_its_cancellation(vtex):
    ours = vtex.placed(a_placement(Line(quantity=2, freight=990)))
    market = Asking(vtex)
    assert error_of(market.ask(removing(item())))["code"] == "not-changeable"
    vtex.cancel(ours)
    assert error_of(market.ask(removing(item())))["code"] == "not-changeable"


def test_changes_no_order_that_has_an_invoice(market):
    packing.close(package=a_package(2), now=timezone.now(), actor=None)
    answer = market.ask(removing(item()))
    assert answer.status_code == 409
    assert "SalesOrderSystem046" in error_of(answer)["message"]


def test_needs_the_credentials_like_every_call_about_orders(market, acme):
    acme.inbound_app_key, acme.inbound_app_token = "key", "token"
    acme.save()
    for answer in (market.ask({}), market.preview({}), market.confirm(), market.withdraw()):
        assert answer.status_code == 401


# --- which line -----------------------------------------------------------------------------------


@pytest.fixture
def twins(vtex) -> Asking:
    """The same SKU on two lines, told apart by their unique ids."""
    placement = a_placement(Line(quantity=2, freight=990), Line(quantity=3, freight=990))
    for number, each in enumerate(placement["items"]):
        each["uniqueId"] = f"UNIQUE{number}"
    vtex.fulfill(vtex.placed(placement))
    return Asking(vtex)


def test_takes_units_off_the_line_of_that_unique_id(twins):
    agreed(twins, removing(item(quantity=1, uniqueId="UNIQUE1")))
    assert units(order()) == {0: ("1001", 2), 1: ("1001", 2)}


def test_asks_for_the_unique_id_when_lines_look_alike(twins):
    answer = twins.ask(removing(item()))
    assert answer.status_code == 409
    assert "SalesOrderSystem026" in error_of(answer)["message"]


def test_tells_lines_of_one_sku_apart_by_their_price(vtex):
    lines = (Line(price=1700, freight=990), Line(price=1500, quantity=2, freight=990))
    vtex.fulfill(vtex.placed(a_placement(*lines)))
    agreed(Asking(vtex), removing(item(price=1500)))
    assert units(order()) == {0: ("1001", 1), 1: ("1001", 1)}


# --- agreeing -------------------------------------------------------------------------------------


def test_acknowledges_once_staff_accept(market):
    accept(market.asked(removing(item())))
    message = OutboxMessage.objects.get()
    assert (message.kind, message.method) == ("change-agreement", "POST")
    assert message.path == (
        f"/api/oms/pvt/orders/1138342255777-01/changes/{CHANGE_ID}/send-agreement"
        "?accountName=bigstore"
    )
    assert json.loads(message.body) == {"agreementType": "Acknowledgment"}
    assert units(order()) == {0: ("1001", 5)}


def test_says_that_it_agrees_only_when_it_does(market):
    change = market.asked(removing(item()))
    undecided = market.agree("Acknowledgment")
    assert undecided.status_code == 202
    assert "agreementType" not in json.loads(undecided.content)
    assert error_of(market.confirm())["code"] == "not-acknowledged"
    accept(change)
    decided = market.agree("Acknowledgment")
    assert decided.status_code == 200
    assert json.loads(decided.content)["agreementType"] == "Acknowledgment"


def test_refuses_an_agreement_of_another_kind(market):
    market.asked(removing(item()))
    assert "SalesOrderSystem035" in error_of(market.agree("Perhaps"))["message"]


def test_carries_the_change_out_on_the_confirmation_and_only_once(market):
    accept(market.asked(removing(item(quantity=2))))
    first = market.confirm()
    before = everything()
    assert first.status_code == 200
    assert json.loads(first.content)["agreementType"] == "Confirmation"
    assert market.confirm().content == first.content
    assert everything() == before
    assert [json.loads(each.body) for each in OutboxMessage.objects.order_by("id")] == [
        {"agreementType": "Acknowledgment"},
        {"agreementType": "Confirmation"},
    ]
    assert OrderChange.objects.get().status == "applied"
    assert order().change_asked_at is None


def test_gives_back_the_units_and_the_cents_of_what_is_removed(market):
    paid = order().payment_value_cents
    agreed(market, removing(item(quantity=2)))
    line = order().lines.get()
    assert levels()["1001", "sp"] == (10, 3)
    assert (line.quantity, line.items_cents, line.discount_cents, line.freight_cents) == (
        3,
        5100,
        150,
        594,
    )
    assert order().payment_value_cents == paid - 3400 + 100 - 396 == line.total_cents
    release = StockMovement.objects.get(kind="release")
    assert release.cause == f"{order().seller_order_id}/0/change/{OrderChange.objects.get().pk}"
    assert release.held_change == -2


def test_holds_what_is_added_from_the_moment_staff_accept(market):
    change = market.asked(adding(item("2002", 2, price=800), freight=300))
    assert levels()["2002", "sp"] == (3, 0)
    accept(change)
    assert levels()["2002", "sp"] == (3, 2)
    paid = order().payment_value_cents
    assert market.confirm().status_code == 200
    line = order().lines.get(index=1)
    assert (line.ref, line.quantity, line.price_cents, line.freight_cents) == ("2002", 2, 800, 300)
    assert (line.policy_ref, line.name) == ("normal", "Item 2002")
    assert order().payment_value_cents == paid + 1900
    assert levels()["2002", "sp"] == (3, 2)


def test_accepts_nothing_that_is_sold_out_meanwhile(market):
    change = market.asked(adding(item("2002", 2)))
    market.vtex.placed(
        a_placement(Line("2002", quantity=2, price=900, freight=990), order_id="2-01")
    )
    before = everything()
    with pytest.raises(Conflict) as refusal:
        accept(change)
    assert refusal.value.code == "not-available"
    assert everything() == before


def test_adds_at_our_price_when_the_marketplace_names_none(market):
    agreed(market, adding(item("2002")))
    line = order().lines.get(index=1)
    assert (line.price_cents, line.freight_cents) == (900, 0)


def test_replaces_by_taking_off_and_adding_with_the_freight_of_what_went(market):
    paid = order().payment_value_cents
    agreed(market, replacing(item(quantity=5), item("2002", 2)))
    assert units(order()) == {0: ("1001", 0), 1: ("2002", 2)}
    assert levels() == {("1001", "sp"): (10, 0), ("2002", "sp"): (3, 2)}
    line = order().lines.get(index=1)
    assert (line.items_cents, line.freight_cents) == (1800, 990)
    assert order().payment_value_cents == paid - 8500 + 250 + 1800 == line.total_cents


def test_lowers_the_line_itself_when_fewer_units_replace_it_on_the_same_terms(market):
    a_package(3)
    agreed(market, replacing(item(quantity=5), item(quantity=3, unitMultiplier=1)))
    assert units(order()) == {0: ("1001", 3)}


def test_keeps_the_units_it_holds_when_only_the_price_changes(market):
    fill("1001", 5)  # not a unit is free beside those of the order
    agreed(market, replacing(item(quantity=5), item(quantity=5, price=1600)))
    assert units(order()) == {0: ("1001", 0), 1: ("1001", 5)}
    assert levels()["1001", "sp"] == (5, 5)
    held = Hold.objects.filter(state="held").values_list("line_index", "quantity")
    assert list(held) == [(1, 5)]


def test_a_discount_by_hand_is_taken_off_what_the_marketplace_pays(market):
    paid = order().payment_value_cents
    agreed(market, {"changeRequestId": CHANGE_ID, "reason": "", "manualDiscountValue": 333})
    assert order().payment_value_cents == paid - 333
    package = a_package(5)
    assert packing.close(package=package, now=timezone.now(), actor=None).value_cents == paid - 333


def test_can_be_changed_again_afterwards(market):
    agreed(market, adding(item("2002"), freight=100))
    change = market.asked(removing(item("2002")) | {"changeRequestId": "second"})
    accept(change)
    assert market.confirm("second").status_code == 200
    assert units(order()) == {0: ("1001", 5), 1: ("2002", 0)}
    assert levels()["2002", "sp"] == (3, 0)


# --- refusing, withdrawing, cancelling ------------------------------------------------------------


def test_refusing_withdraws_the_change_at_the_marketplace_with_the_reason(market):
    change = market.asked(removing(item()))
    refuse_change(change=change, reason="Packed already", now=timezone.now(), actor=None)
    message = OutboxMessage.objects.get()
    assert message.kind == "change-refusal"
    assert message.path == (f"/api/order-system/orders/1138342255777-01/changes/{CHANGE_ID}/cancel")
    assert json.loads(message.body) == {"reason": "Packed already"}
    assert order().change_asked_at is None
    for answer in (market.confirm(), market.agree("Acknowledgment")):
        assert error_of(answer)["code"] == "change-over"
    assert units(order()) == {0: ("1001", 5)}


def test_refuses_with_a_reason_only(market):
    change = market.asked(removing(item()))
    with pytest.raises(DomainError) as refusal:
        refuse_change(change=change, reason=" ", now=timezone.now(), actor=None)
    assert refusal.value.code == "reason-missing"


def test_decides_once(market: Asking) -> None:
    change = market.asked(removing(item()))
    accept(change)
    with pytest.raises(Conflict):
        accept(change)
    market.confirm()
    again: list[Callable[[], object]] = [
        lambda: refuse_change(change=change, reason="late", now=timezone.now(), actor=None),
        lambda: finish_change(change=change, now=timezone.now(), actor=None),
    ]
    for decide in again:
        with pytest.raises(Conflict):
            decide()
    assert OutboxMessage.objects.count() == 2


def test_a_yes_taken_back_gives_back_what_was_held_for_it(market):
    change = market.asked(adding(item("2002", 2)))
    accept(change)
    refuse_change(change=change, reason="Broken", now=timezone.now(), actor=None)
    assert levels()["2002", "sp"] == (3, 0)
    assert error_of(market.confirm())["code"] == "change-over"


def test_the_marketplace_withdraws_a_change_and_its_units_are_free(market):
    accept(market.asked(adding(item("2002", 2))))
    assert market.withdraw().status_code == 200
    assert levels()["2002", "sp"] == (3, 0)
    before = everything()
    assert json.loads(market.withdraw().content)["status"] == "canceled"
    assert everything() == before
    assert error_of(market.confirm())["code"] == "change-over"
    assert a_package(1).pk


def test_withdraws_nothing_that_is_carried_out(market):
    agreed(market, removing(item()))
    answer = market.withdraw()
    assert (answer.status_code, error_of(answer)["code"]) == (409, "applied")


def test_a_cancelled_order_has_no_open_change_and_holds_nothing(market):
    accept(market.asked(adding(item("2002", 2))))
    market.vtex.cancel(order().seller_order_id)
    assert order().status == Status.CANCELLED
    assert levels() == {("1001", "sp"): (10, 0), ("2002", "sp"): (3, 0)}
    assert OrderChange.objects.get().status == "cancelled"
    assert error_of(market.confirm())["code"] == "change-over"


# --- packing and invoicing ------------------------------------------------------------------------


def test_nothing_is_packed_or_invoiced_while_a_change_is_open(market: Asking) -> None:
    package = a_package(2)
    change = market.asked(removing(item()))
    steps: list[Callable[[], object]] = [lambda: a_package(1), lambda: _close(package)]
    for step in steps:
        with pytest.raises(Conflict) as refusal:
            step()
        assert refusal.value.code == "change-open"
    assert "until a manager has decided" in refusal.value.message
    package.refresh_from_db()
    assert packing.can_close(package) is False
    accept(change)
    with pytest.raises(Conflict) as refusal:
        _close(package)
    assert "once the marketplace confirms" in refusal.value.message
    market.confirm()
    assert _close(package).value_cents > 0


def _close(package: Package) -> Invoice:
    return packing.close(package=package, now=timezone.now(), actor=None)


def test_units_that_are_packed_must_come_out_before_staff_can_accept(market):
    package = a_package(5)
    change = market.asked(removing(item(quantity=2)))
    with pytest.raises(Conflict) as refusal:
        accept(change)
    assert refusal.value.code == "packed"
    line = OrderLine.objects.get()
    packing.take_out(package=package, line=line, quantity=2, now=timezone.now(), actor=None)
    accept(change)
    assert market.confirm().status_code == 200
    assert _close(package).value_cents == order().payment_value_cents


def test_a_confirmed_change_that_cannot_be_carried_out_waits_for_staff(market):
    accept(market.asked(removing(item(quantity=2))))
    # Somebody gave the order's stock away behind its back.
    with transaction.atomic():
        stock.release(seller_order_id=order().seller_order_id, now=timezone.now(), cause="lost")
    answer = market.confirm()
    assert answer.status_code == 202
    assert "agreementType" not in json.loads(answer.content)
    change = OrderChange.objects.get()
    assert change.status == "confirmed"
    assert order().flagged_at
    assert units(order()) == {0: ("1001", 5)}
    with pytest.raises(Conflict):
        finish_change(change=change, now=timezone.now(), actor=None)
    level = Hold.objects.get().level
    with transaction.atomic():
        want = stock.Want(0, level.sku_id, level.warehouse_id, 5)
        stock.hold(
            seller_order_id=order().seller_order_id,
            wants=[want],
            expires_at=None,
            now=timezone.now(),
            cause="found",
        )
    finish_change(change=change, now=timezone.now(), actor=None)
    assert units(order()) == {0: ("1001", 3)}
    assert OutboxMessage.objects.filter(body__contains="Confirmation").count() == 1


def test_erasing_a_shoppers_data_empties_what_the_change_said_of_them(market):
    body = removing(item()) | {"reason": "Ask filomena@example.com", "client": "Filomena"}
    market.asked(body)
    market.vtex.cancel(order().seller_order_id)
    assert erase_personal_data(order=order(), now=timezone.now(), actor=None)
    change = OrderChange.objects.get()
    assert change.document is None
    assert "filomena" not in change.reason
    assert change.plan["lowered"]
