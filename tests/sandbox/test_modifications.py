"""Changes of an order, agreed on in four steps."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.client import StandInError
from tests.sandbox.conftest import Running, Seller

MUGS = {"id": "mug", "quantity": 3}
TEA = {"id": "tea", "quantity": 1}


def a_paid_order(facing: Running, **more: Any) -> str:
    placed = facing.control.place([MUGS | more, TEA], fulfill=True, handling=True)["orders"][0]
    return str(placed["marketplaceOrderId"])


def asked(facing: Running, order: str, quantity: int = 1) -> str:
    told = facing.control.change(order, [{"id": "mug", "quantity": quantity}])
    assert told["httpStatus"] == 200
    return str(told["changeRequestId"])


def agree(facing: Running, order: str, change: str, kind: str) -> int:
    tail = f"/changes/{change}/send-agreement"
    return facing.order_call("POST", order, tail, {"agreementType": kind}).status_code


def state(facing: Running, order: str) -> str:
    return str(facing.control.order(order)["changes"][-1]["status"])


def test_changes_the_order_only_once_both_sides_have_confirmed(facing: Running, seller: Seller):
    order = a_paid_order(facing, discountCents=4)
    before = facing.control.order(order)
    change = asked(facing, order)
    assert seller.calls("/changes") == [
        {
            "changeRequestId": change,
            "reason": "The client does not want them",
            "remove": [{"items": [{"id": "mug", "quantity": 1}]}],
        }
    ]
    assert [agree(facing, order, change, "Acknowledgment") for _ in range(2)] == [200, 200]
    assert state(facing, order) == "waiting-confirmation"
    facing.control.confirm_change(order)
    assert seller.calls("/send-agreement") == [{"agreementType": "Confirmation"}]
    assert facing.control.order(order)["value"] == before["value"]
    assert [agree(facing, order, change, "Confirmation") for _ in range(2)] == [200, 200]
    after = facing.control.order(order)
    assert [line["quantity"] for line in after["items"]] == [2, 1]
    # A mug, a third of its discount (4 rounds to 3 of 4) and a third of the freight of 100.
    assert before["value"] - after["value"] == 17 - 1 + 33
    assert facing.anomalies() == []


def test_a_refused_change_leaves_the_order_as_it_was(facing: Running, seller: Seller):
    order = a_paid_order(facing)
    change = asked(facing, order)
    path = f"/api/order-system/orders/{order}/changes/{change}/cancel"
    assert facing.call("POST", path, {"reason": "Packed already"}).status_code == 200
    assert state(facing, order) == "canceled"
    assert agree(facing, order, change, "Acknowledgment") == 409
    assert facing.anomalies() == ["change-out-of-turn"]


def test_a_seller_that_knows_no_changes_ends_them(facing: Running, seller: Seller):
    order = a_paid_order(facing)
    seller.fail_next = [404]
    told = facing.control.change(order, [{"id": "mug", "quantity": 1}])
    assert told["httpStatus"] == 404
    assert state(facing, order) == "canceled"


def test_lists_a_confirmation_out_of_turn_and_an_unknown_change(facing: Running, seller: Seller):
    order = a_paid_order(facing)
    change = asked(facing, order)
    assert agree(facing, order, change, "Confirmation") == 409
    assert agree(facing, order, "nobody", "Acknowledgment") == 404
    assert agree(facing, order, change, "Perhaps") == 400
    assert facing.anomalies() == ["change-out-of-turn", "unknown-change"]


def test_takes_no_invoice_while_a_change_is_open(facing: Running, seller: Seller):
    order = a_paid_order(facing)
    asked(facing, order)
    assert facing.invoice(order, "1", 17).status_code == 400
    assert facing.anomalies() == ["invoice-during-change"]


@pytest.mark.parametrize(
    "remove",
    [
        [{"id": "mug", "quantity": 4}],
        [{"id": "pot", "quantity": 1}],
        [{"id": "mug", "quantity": 3}, {"id": "tea", "quantity": 1}],
    ],
)
def test_proposes_nothing_impossible(facing: Running, seller: Seller, remove: list[dict[str, Any]]):
    order = a_paid_order(facing)
    with pytest.raises(StandInError):
        facing.control.change(order, remove)
    assert seller.calls("/changes") == []


def test_one_change_at_a_time_and_none_after_an_invoice(facing: Running, seller: Seller):
    order = a_paid_order(facing)
    change = asked(facing, order)
    with pytest.raises(StandInError, match="SalesOrderSystem014"):
        facing.control.change(order, [{"id": "mug", "quantity": 1}])
    agree(facing, order, change, "Acknowledgment")
    facing.control.confirm_change(order)
    agree(facing, order, change, "Confirmation")
    facing.invoice(order, "1", 17)
    with pytest.raises(StandInError, match="SalesOrderSystem046"):
        facing.control.change(order, [{"id": "mug", "quantity": 1}])
