"""POST /pvt/orders/<id>/cancel: at once before handling, by people afterwards."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from orders import moving
from orders.models import Order, PersonalData
from orders.states import Status
from sellers.models import Hold, StockMovement
from tests.builders import a_placement
from tests.orders.conftest import error_of, everything, levels


def test_gives_the_stock_back_and_confirms_at_once(vtex):
    ours = vtex.placed(a_placement())
    answer = vtex.cancel(ours, reason="Out of stock")
    assert answer.status_code == 200
    body = json.loads(answer.content)
    assert set(body) == {"date", "marketplaceOrderId", "orderId", "receipt"}
    assert (body["marketplaceOrderId"], body["orderId"]) == ("1138342255777-01", ours)
    assert body["receipt"]
    assert levels() == {("1001", "sp"): (10, 0)}
    order = Order.objects.get()
    assert (order.status, order.cancel_reason) == ("cancelled", "Out of stock")


def test_cancels_an_authorised_order_nobody_has_begun(vtex):
    ours = vtex.placed(a_placement())
    vtex.fulfill(ours)
    assert vtex.cancel(ours).status_code == 200
    assert levels() == {("1001", "sp"): (10, 0)}


def test_answers_a_second_notice_alike_and_releases_once(vtex):
    ours = vtex.placed(a_placement())
    first = vtex.cancel(ours)
    before = everything()
    assert vtex.cancel(ours).content == first.content
    assert everything() == before
    assert StockMovement.objects.filter(kind="release").count() == 1


def test_keeps_everything_the_request_said(vtex):
    ours = vtex.placed(a_placement())
    sent = {
        "cancellationRequestId": "85835ab408514b52aa139e4236ce0c33",
        "cancellationRequestDate": "2024-03-04T15:45:02.1306363+00:00",
        "reason": "Out of stock",
        "requestedByUser": True,
        "future": [1],
    }
    vtex.cancel(ours, **sent)
    kept = PersonalData.objects.get().cancellation
    assert kept == sent | {"marketplaceOrderId": "1138342255777-01"}


@pytest.mark.parametrize("path", ["ours", "1138342255777-01", "anything"])
def test_finds_the_order_by_its_body_whatever_the_path(vtex, path):
    ours = vtex.placed(a_placement())
    assert vtex.cancel(ours if path == "ours" else path).status_code == 200


@pytest.mark.parametrize("path", ["ours", "1138342255777-01"])
def test_finds_the_order_by_either_id_of_the_path_when_the_body_says_nothing(vtex, path):
    ours = vtex.placed(a_placement())
    path_id = ours if path == "ours" else path
    assert vtex.post(f"/pvt/orders/{path_id}/cancel", {}).status_code == 200


def test_cancels_neither_when_path_and_body_name_two_orders(vtex):
    first = vtex.placed(a_placement())
    second = vtex.placed(a_placement(order_id="2-01"))
    vtex.fulfill(second, "2-01")
    before = everything()
    for path_id in (second, "2-01"):
        refusal = vtex.cancel(path_id, "1138342255777-01")
        assert refusal.status_code == 409
        assert error_of(refusal)["code"] == "other-order"
    assert everything() == before
    assert vtex.cancel(first, "1138342255777-01").status_code == 200


def test_does_not_know_other_orders(vtex):
    vtex.placed(a_placement())
    answer = vtex.cancel("R-X", "9-01")
    assert answer.status_code == 404
    error_of(answer)


def _under_way(vtex) -> Order:
    ours = vtex.placed(a_placement())
    vtex.fulfill(ours)
    order = Order.objects.get()
    return moving.move(order, Status.HANDLING, now=timezone.now(), code="handling-started")


def test_puts_the_request_before_staff_once_handling_began(vtex):
    order = _under_way(vtex)
    answer = vtex.cancel(order.seller_order_id, reason="Changed my mind")
    assert (answer.status_code, answer.content) == (200, b"")
    order.refresh_from_db()
    assert order.status == "cancel-requested"
    assert order.cancel_reason == "Changed my mind"
    assert order.cancel_asked_at is not None
    assert order.cancel_decide_by == order.cancel_asked_at + timedelta(days=30)
    assert levels() == {("1001", "sp"): (10, 1)}
    assert vtex.cancel(order.seller_order_id).content == b""
    assert order.timeline.filter(code="cancel-asked").count() == 1


def test_refuses_once_everything_is_invoiced(vtex):
    order = _under_way(vtex)
    moving.move(order, Status.INVOICED, now=timezone.now(), code="invoiced")
    answer = vtex.cancel(order.seller_order_id)
    assert answer.status_code == 409
    assert error_of(answer)["code"] == "invoiced"
    assert Hold.objects.get().state == "held"
    order.refresh_from_db()
    assert order.status == "invoiced"
    assert order.flagged_at is not None
