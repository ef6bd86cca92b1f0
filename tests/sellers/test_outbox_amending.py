"""A refused message is corrected in its place: other bytes, same turn."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import requests

from sellers.errors import Conflict
from sellers.marketplace import outbox
from sellers.marketplace.looking import look
from sellers.models import OutboxMessage, SellerAccount, StaffDecision, User
from tests.sellers.outbound import (
    INVOICE_URL,
    NOW,
    ORDER_URL,
    RECEIPT,
    Hands,
    Kind,
    Status,
    an_account,
    now_of,
    outcomes,
    promise,
    run,
    start_handling,
)

pytestmark = pytest.mark.django_db
MENDED = {"type": "Output", "invoiceNumber": "NF-2", "invoiceValue": 9508}


@pytest.fixture
def acme(db) -> SellerAccount:
    return an_account()


@pytest.fixture
def clock() -> Hands:
    return Hands()


def refused(account, oms, clock, status: int = 400) -> OutboxMessage:
    oms.post(INVOICE_URL, status=status, json={"error": {"code": "1", "message": "No."}})
    message = promise(account)
    run(clock)
    return now_of(message)


def amend(message: OutboxMessage, **facts) -> OutboxMessage:
    given = {"payload": MENDED, "path": message.path, "reason": "typo", "actor": None, "now": NOW}
    return outbox.amend(message, **given | facts)


def test_sends_what_was_corrected_before_what_waited_behind_it(acme, oms, clock):
    message = refused(acme, oms, clock)
    behind = promise(acme, kind=Kind.TRACKING, method="PATCH", path="/t", payload={"a": 1})
    oms.replace("POST", INVOICE_URL, json=RECEIPT)
    oms.patch(f"{INVOICE_URL.partition('/api')[0]}/t", json=RECEIPT)
    amend(message)
    run(clock)
    assert [call.request.method for call in oms.calls] == ["POST", "POST", "PATCH"]
    assert json.loads(oms.calls[1].request.body) == MENDED
    assert now_of(message).status == now_of(behind).status == Status.DELIVERED


def test_keeps_what_had_been_sent_and_who_corrected_it(acme, oms, clock):
    message = refused(acme, oms, clock)
    mary = User.objects.create_user("mary")
    before = message.body
    amend(message, actor=mary)
    decision = StaffDecision.objects.get()
    assert (decision.verdict, decision.reason, decision.actor) == ("amend", "typo", mary)
    assert decision.said_before == before
    assert outcomes(message) == [("rejected", 400)]


@pytest.mark.parametrize("status", [Status.PENDING, Status.DELIVERED, Status.SUPERSEDED])
def test_corrects_only_what_was_refused_or_given_up(acme, status):
    message = promise(acme)
    OutboxMessage.objects.filter(pk=message.pk).update(status=status)
    with pytest.raises(Conflict) as caught:
        amend(now_of(message))
    assert caught.value.code == "not-to-be-corrected"
    assert now_of(message).body == message.body


def test_corrects_no_invoice_that_may_have_arrived(acme, oms, clock):
    message = refused(acme, oms, clock)
    OutboxMessage.objects.filter(pk=message.pk).update(in_doubt=True)
    with pytest.raises(Conflict) as caught:
        amend(now_of(message))
    assert caught.value.code == "may-have-arrived"


def test_corrects_tracking_although_a_try_may_have_arrived(acme):
    """Said twice with other data, the later word counts."""
    message = promise(acme, kind=Kind.TRACKING, method="PATCH", path="/t", payload={"a": 1})
    OutboxMessage.objects.filter(pk=message.pk).update(status=Status.REJECTED, in_doubt=True)
    amend(message, payload={"a": 2})
    assert json.loads(now_of(message).body) == {"a": 2}


def test_an_invoice_number_that_is_another_s_can_be_corrected_after_a_lost_answer(acme, oms, clock):
    """Reading the order settles the doubt: under this number it has something else."""
    oms.post(INVOICE_URL, body=requests.ReadTimeout())
    packages = [{"invoiceNumber": "NF-1", "invoiceValue": 1}]
    oms.get(ORDER_URL, json={"packageAttachment": {"packages": packages}})
    message = promise(acme)
    run(clock)
    clock.move(seconds=30)
    run(clock)
    assert now_of(message).status == Status.REJECTED
    amend(message)
    oms.replace("POST", INVOICE_URL, json=RECEIPT)
    run(clock)
    assert now_of(message).status == Status.DELIVERED


def test_a_refused_start_of_handling_holds_nothing_up(acme, oms, clock):
    oms.post(f"{ORDER_URL}/start-handling", status=403)
    oms.post(INVOICE_URL, json=RECEIPT)
    courtesy, invoice = start_handling(acme), promise(acme)
    run(clock)
    assert now_of(courtesy).status == Status.REJECTED
    assert now_of(invoice).status == Status.DELIVERED


@pytest.mark.parametrize("status", [400, 409])
def test_after_a_return_a_refused_cancellation_is_no_fault(acme, oms, clock, status):
    oms.post(f"{ORDER_URL}/cancel", status=status)
    message = promise(
        acme, kind=Kind.CANCEL_RETURNED, path="/api/oms/pvt/orders/1138342255777-01/cancel"
    )
    run(clock)
    assert now_of(message).status == Status.DELIVERED
    assert outcomes(message) == [("already-moved-on", status)]


def test_a_cancellation_that_took_no_effect_is_asked_for_a_second_time(acme, oms, clock):
    """While an order is being handled, cancelling takes two requests."""
    oms.post(f"{ORDER_URL}/cancel", json=RECEIPT)
    oms.get(ORDER_URL, json={"status": "request-cancel"})
    message = promise(acme, kind=Kind.CANCEL, path="/api/oms/pvt/orders/1138342255777-01/cancel")
    run(clock)
    clock.move(seconds=20)
    look(clock=clock)
    run(clock)
    assert [call.request.method for call in oms.calls] == ["POST", "GET", "POST"]
    assert now_of(message).applied == OutboxMessage.Applied.WAITING
    oms.replace("GET", ORDER_URL, json={"status": "canceled"})
    clock.move(seconds=20)
    look(clock=clock)
    assert now_of(message).applied == OutboxMessage.Applied.APPLIED
    assert len(oms.calls) == 4


def test_a_cancellation_without_effect_turns_red(acme, oms, clock):
    oms.post(f"{ORDER_URL}/cancel", json=RECEIPT)
    oms.get(ORDER_URL, json={"status": "handling"})
    message = promise(acme, kind=Kind.CANCEL, path="/api/oms/pvt/orders/1138342255777-01/cancel")
    ends = NOW + timedelta(minutes=10)
    while clock() < ends:
        run(clock)
        clock.move(seconds=30)
        look(clock=clock)
    assert now_of(message).applied == OutboxMessage.Applied.MISSING
    assert [call.request.method for call in oms.calls].count("POST") == 2
