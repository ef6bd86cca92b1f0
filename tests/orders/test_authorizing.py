"""POST /pvt/orders/<id>/fulfill: paid, firm, and visible to the warehouse."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from orders import expiring
from orders.models import Order, PersonalData
from sellers.models import Hold
from tests.builders import Line, a_placement
from tests.orders.conftest import error_of, everything, fill, levels


def test_makes_the_reservation_firm_and_answers_a_receipt(vtex):
    ours = vtex.placed(a_placement())
    answer = vtex.fulfill(ours)
    assert answer.status_code == 200
    body = json.loads(answer.content)
    order = Order.objects.get()
    assert set(body) == {"date", "marketplaceOrderId", "orderId", "receipt"}
    assert body["orderId"] == ours
    assert body["marketplaceOrderId"] == "1138342255777-01"
    assert body["receipt"] == order.receipt != ""
    assert order.status == "authorized"
    assert order.due_at is not None
    assert Hold.objects.get().expires_at is None


def test_answers_a_retry_with_the_same_receipt_and_changes_nothing(vtex):
    ours = vtex.placed(a_placement())
    first = vtex.fulfill(ours)
    before = everything()
    assert vtex.fulfill(ours).content == first.content
    assert everything() == before


def test_keeps_payment_data_with_keys_that_differ_by_case_alone(vtex):
    ours = vtex.placed(a_placement())
    payment = {"connectorResponses": {"Message": "a", "message": "b"}}
    assert vtex.fulfill(ours, paymentData=payment).status_code == 200
    assert PersonalData.objects.get().payment == payment


def test_keeps_the_order_group_that_comes_with_the_payment(vtex):
    ours = vtex.placed(a_placement(marketplaceOrderGroup=None))
    assert vtex.fulfill(ours, marketplaceOrderGroup="1138342255777").status_code == 200
    assert Order.objects.get().marketplace_order_group == "1138342255777"
    vtex.fulfill(ours)
    assert Order.objects.get().marketplace_order_group == "1138342255777"


def test_needs_none_of_the_fields_of_a_cancellation(vtex):
    """VTEX's file lists them as required here as well."""
    ours = vtex.placed(a_placement())
    odd = {"cancellationRequestDate": "soon", "requestedByUser": {}, "reason": [1]}
    assert vtex.fulfill(ours, **odd).status_code == 200


def test_accepts_the_body_in_an_array_and_every_address(vtex):
    ours = vtex.placed(a_placement())
    body = [{"marketplaceOrderId": "1138342255777-01"}]
    assert vtex.post(f"/api/pvt/orders/{ours}/fulfill/?sc=1", body).status_code == 200


def test_does_not_know_the_id_of_another_order(vtex):
    answer = vtex.fulfill("R-XXXXXXXXXXXX")
    assert answer.status_code == 404
    assert error_of(answer)["code"] == "unknown-order"


def test_refuses_another_marketplace_id(vtex):
    ours = vtex.placed(a_placement())
    before = everything()
    assert vtex.fulfill(ours, "9-01").status_code == 409
    assert everything() == before


def test_refuses_a_cancelled_order_and_tells_staff(vtex):
    ours = vtex.placed(a_placement())
    vtex.cancel(ours)
    answer = vtex.fulfill(ours)
    assert answer.status_code == 409
    order = Order.objects.get()
    assert order.status == "cancelled"
    assert order.flagged_at is not None


def test_a_payment_notice_sent_again_after_the_cancellation_bothers_nobody(vtex):
    ours = vtex.placed(a_placement())
    assert vtex.fulfill(ours).status_code == 200
    assert vtex.cancel(ours).status_code == 200
    before = everything()
    assert vtex.fulfill(ours).status_code == 409
    assert everything() == before
    assert Order.objects.get().flagged_at is None


def _let_it_expire(*, tidy: bool) -> None:
    past = timezone.now() - timedelta(minutes=1)
    Hold.objects.update(expires_at=past)
    Order.objects.update(hold_expires_at=past)
    if tidy:
        assert expiring.expire_due(now=timezone.now()) == 1


@pytest.mark.parametrize("tidy", [False, True])
def test_takes_the_stock_again_when_the_payment_is_late(vtex, tidy):
    ours = vtex.placed(a_placement(Line(quantity=4, freight=990)))
    _let_it_expire(tidy=tidy)
    assert vtex.fulfill(ours).status_code == 200
    assert Order.objects.get().status == "authorized"
    assert levels() == {("1001", "sp"): (10, 4)}


@pytest.mark.parametrize("tidy", [False, True])
def test_refuses_a_late_payment_whose_stock_went_to_others_and_tells_staff(vtex, tidy):
    ours = vtex.placed(a_placement(Line(quantity=4, freight=990)))
    _let_it_expire(tidy=tidy)
    other = vtex.placed(a_placement(Line(quantity=8, freight=990), order_id="2-01"))
    answer = vtex.fulfill(ours)
    assert answer.status_code == 409
    assert "4 of SKU 1001 asked, 2 available" in error_of(answer)["message"]
    late = Order.objects.get(seller_order_id=ours)
    assert late.flagged_at is not None
    assert late.timeline.filter(kind="problem", code="paid-without-stock").count() == 1
    assert vtex.fulfill(ours).status_code == 409
    assert late.timeline.filter(code="paid-without-stock").count() == 1
    assert vtex.fulfill(other, "2-01").status_code == 200
    fill("1001", 20)
    assert vtex.fulfill(ours).status_code == 200


def test_frees_expired_units_for_others_at_that_very_moment(vtex):
    vtex.placed(a_placement(Line(quantity=10, freight=990)))
    assert vtex.place(a_placement(order_id="2-01")).status_code == 409
    _let_it_expire(tidy=False)
    assert vtex.place(a_placement(order_id="3-01")).status_code == 200
    assert levels() == {("1001", "sp"): (10, 1)}


def test_turns_down_a_payment_once_the_shoppers_data_is_erased(vtex):
    ours = vtex.placed(a_placement())
    PersonalData.objects.update(document=None, erased_at=timezone.now())
    answer = vtex.fulfill(ours)
    assert answer.status_code == 409
    assert error_of(answer)["code"] == "erased"
    order = Order.objects.get()
    assert order.status == "reserved"
    assert order.flagged_at is not None
    assert Hold.objects.get().expires_at is not None
