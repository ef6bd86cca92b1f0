"""Staff decide: the shopper's cancellation, or our own."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.utils import timezone

from invoicing import packing, reopening
from orders import deciding, moving
from orders.models import Order
from orders.states import Status
from sellers.errors import Conflict, DomainError
from sellers.models import OutboxMessage
from tests.builders import Line, a_placement
from tests.orders.conftest import error_of, everything, levels

REQUEST = {"cancellationRequestId": "85835ab408514b52aa139e4236ce0c33"}


def _paid(vtex, **facts) -> Order:
    ours = vtex.placed(a_placement(Line(quantity=2, freight=990), **facts))
    vtex.fulfill(ours)
    return Order.objects.get()


def _asked(vtex) -> Order:
    order = _paid(vtex)
    moving.move(order, Status.HANDLING, now=timezone.now(), code="handling-started")
    vtex.cancel(order.seller_order_id, **REQUEST)
    order.refresh_from_db()
    assert order.status == Status.CANCEL_REQUESTED
    return order


def _when(order: Order) -> dict[str, Any]:
    return {"order": order, "now": timezone.now(), "actor": None}


def test_accepting_gives_the_stock_back_and_is_the_answer_when_vtex_asks_again(vtex):
    order = _asked(vtex)
    deciding.accept_cancellation(**_when(order))
    assert levels() == {("1001", "sp"): (10, 0)}
    answer = vtex.cancel(order.seller_order_id, **REQUEST)
    order.refresh_from_db()
    assert order.status == "cancelled"
    assert json.loads(answer.content)["receipt"] == order.cancel_receipt != ""


def test_accepting_tells_the_marketplace_too(vtex):
    order = _asked(vtex)
    deciding.accept_cancellation(**_when(order))
    message = OutboxMessage.objects.get(kind="cancel")
    assert message.path == "/api/oms/pvt/orders/1138342255777-01/cancel"


def test_refusing_lets_packing_go_on_and_turns_the_second_call_down(vtex):
    order = _asked(vtex)
    deciding.refuse_cancellation(reason="On its way", **_when(order))
    order.refresh_from_db()
    assert order.status == "handling"
    assert levels() == {("1001", "sp"): (10, 2)}
    answer = vtex.cancel(order.seller_order_id, **REQUEST)
    assert answer.status_code == 409
    assert error_of(answer)["code"] == "refused"
    another = vtex.cancel(order.seller_order_id, cancellationRequestId="f" * 32)
    assert (another.status_code, another.content) == (200, b"")


@pytest.mark.parametrize("decide", [deciding.accept_cancellation, deciding.refuse_cancellation])
def test_decides_only_where_something_was_asked(vtex, decide):
    order = _paid(vtex)
    more = {"reason": ""} if decide is deciding.refuse_cancellation else {}
    with pytest.raises(Conflict):
        decide(**_when(order), **more)


def _half_invoiced(vtex) -> Order:
    order = _paid(vtex)
    package = packing.open_package(**_when(order))
    line = order.lines.get()
    packing.put(package=package, line=line, quantity=1, now=timezone.now(), actor=None)
    packing.close(package=package, now=timezone.now(), actor=None)
    order.refresh_from_db()
    return order


def test_refuses_to_cancel_what_is_partly_invoiced_and_sends_nothing(vtex):
    order = _half_invoiced(vtex)
    before = everything()
    with pytest.raises(Conflict) as refusal:
        deciding.cancel_by_seller(reason="Out of stock", **_when(order))
    assert "return invoice" in refusal.value.message
    assert everything() == before
    assert not OutboxMessage.objects.filter(kind="cancel").exists()


def test_counts_closed_packages_when_a_cancellation_is_decided(vtex):
    order = _half_invoiced(vtex)
    answer = vtex.cancel(order.seller_order_id, **REQUEST)
    assert (answer.status_code, answer.content) == (200, b"")
    order.refresh_from_db()
    assert order.cancel_decide_by is not None
    with pytest.raises(Conflict) as refusal:
        deciding.accept_cancellation(**_when(order))
    assert "return invoice" in refusal.value.message
    order.refresh_from_db()
    assert order.status == "cancel-requested"
    deciding.refuse_cancellation(reason="Partly sent", **_when(order))
    package = packing.open_package(**_when(order))
    line = order.lines.get()
    packing.put(package=package, line=line, quantity=1, now=timezone.now(), actor=None)
    packing.close(package=package, now=timezone.now(), actor=None)
    final = vtex.cancel(order.seller_order_id, cancellationRequestId="f" * 32)
    assert (final.status_code, error_of(final)["code"]) == (409, "invoiced")


def test_grants_what_was_invoiced_in_part_once_its_package_is_open_again(vtex):
    order = _half_invoiced(vtex)
    vtex.cancel(order.seller_order_id, **REQUEST)
    deciding.refuse_cancellation(reason="A package has to be opened first", **_when(order))
    reopening.reopen(package=order.packages.get(), now=timezone.now(), actor=None)
    again = vtex.cancel(order.seller_order_id, cancellationRequestId="f" * 32)
    assert (again.status_code, again.content) == (200, b"")
    deciding.accept_cancellation(**_when(order))
    order.refresh_from_db()
    assert order.status == "cancelled"
    assert levels() == {("1001", "sp"): (10, 0)}


def test_cancels_by_ourselves_with_a_reason_once(vtex):
    order = _paid(vtex)
    with pytest.raises(DomainError):
        deciding.cancel_by_seller(reason=" ", **_when(order))
    deciding.cancel_by_seller(reason="Out of stock", **_when(order))
    with pytest.raises(Conflict):
        deciding.cancel_by_seller(reason="Out of stock", **_when(order))
    order.refresh_from_db()
    assert (order.status, order.cancel_reason) == ("cancelled", "Out of stock")
    assert levels() == {("1001", "sp"): (10, 0)}
    message = OutboxMessage.objects.get(kind="cancel")
    assert json.loads(message.body) == {"reason": "Out of stock"}
