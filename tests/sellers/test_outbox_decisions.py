"""What staff can decide about a message."""

from __future__ import annotations

from datetime import timedelta

import pytest
import requests

from sellers.errors import Conflict
from sellers.marketplace import outbox
from sellers.models import OutboxMessage, StaffDecision, User
from tests.sellers.outbound import (
    INVOICE_URL,
    NOW,
    ORDER_URL,
    RECEIPT,
    Hands,
    Status,
    an_account,
    now_of,
    promise,
    run,
)

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=3)


@pytest.fixture
def acme():
    return an_account()


@pytest.fixture
def mary():
    return User.objects.create_user("mary", password="x")


def refused(account, oms) -> OutboxMessage:
    oms.post(INVOICE_URL, status=400, json={"error": {"code": "1", "message": "No."}})
    message = promise(account)
    run(Hands())
    return now_of(message)


def codes(decide, *args, **kwargs) -> str:
    with pytest.raises(Conflict) as caught:
        decide(*args, **kwargs)
    return caught.value.code


def test_sends_the_same_bytes_again(acme, mary, oms):
    message = refused(acme, oms)
    oms.replace("POST", INVOICE_URL, json=RECEIPT)
    outbox.resend(message, actor=mary, now=LATER)
    assert message.status == Status.PENDING
    assert message.settled_at is None
    clock = Hands()
    clock.now = LATER
    run(clock)
    assert now_of(message).status == Status.DELIVERED
    assert oms.calls[0].request.body == oms.calls[1].request.body
    decision = StaffDecision.objects.get()
    assert (decision.verdict, decision.actor, decision.at) == ("resend", mary, LATER)


def test_gives_what_is_sent_again_a_fresh_day_of_patience(acme, mary, oms):
    message = refused(acme, oms)
    OutboxMessage.objects.filter(pk=message.pk).update(trying_since=NOW - timedelta(hours=30))
    oms.replace("POST", INVOICE_URL, status=503)
    outbox.resend(message, actor=mary, now=NOW)
    run(Hands())
    assert now_of(message).status == Status.PENDING


def test_dismisses_with_a_reason_and_keeps_who_and_why(acme, mary, oms):
    message = refused(acme, oms)
    outbox.dismiss(message, reason=" Sent by hand ", actor=mary, now=LATER)
    assert message.status == Status.SUPERSEDED
    assert message.settled_at == LATER
    decision = StaffDecision.objects.get()
    assert (decision.verdict, decision.reason, decision.actor) == ("dismiss", "Sent by hand", mary)


def test_dismisses_nothing_without_a_reason(acme, mary, oms):
    message = refused(acme, oms)
    assert codes(outbox.dismiss, message, reason=" ", actor=mary, now=LATER) == "reason-missing"
    assert now_of(message).status == Status.REJECTED
    assert not StaffDecision.objects.exists()


@pytest.mark.parametrize("status", [Status.DELIVERED, Status.SUPERSEDED])
def test_decides_nothing_about_what_is_settled(acme, mary, status):
    message = promise(acme)
    OutboxMessage.objects.filter(pk=message.pk).update(status=status)
    for decide, extra in ((outbox.resend, {}), (outbox.dismiss, {"reason": "x"})):
        assert codes(decide, message, actor=mary, now=NOW, **extra) == "not-to-be-sent"
    assert now_of(message).status == status


def test_decides_nothing_while_a_message_is_being_sent(acme, mary):
    message = promise(acme)
    outbox.claim_due(now=NOW, limit=1)
    for decide, extra in (
        (outbox.resend, {}),
        (outbox.dismiss, {"reason": "x"}),
        (outbox.withdraw, {"reason": "x"}),
    ):
        assert codes(decide, message, actor=mary, now=NOW, **extra) == "being-sent"


def test_withdraws_what_certainly_was_not_received(acme, mary, oms):
    message = promise(acme)
    outbox.withdraw(message, reason="Package opened again", actor=mary, now=NOW)
    assert message.status == Status.SUPERSEDED
    assert run(Hands()) == 0


def test_withdraws_nothing_that_may_have_been_received(acme, mary, oms):
    oms.post(INVOICE_URL, body=requests.ReadTimeout())
    message = promise(acme)
    run(Hands())
    withdrawn = codes(outbox.withdraw, message, reason="x", actor=mary, now=LATER)
    assert withdrawn == "may-have-arrived"
    assert now_of(message).status == Status.PENDING


def test_withdraws_nothing_a_dead_worker_may_have_sent(acme, mary):
    message = promise(acme)
    outbox.claim_due(now=NOW, limit=1)
    withdrawn = codes(outbox.withdraw, message, reason="x", actor=mary, now=LATER)
    assert withdrawn == "may-have-arrived"


def test_looks_up_what_a_dead_worker_may_have_sent_even_when_staff_sends_it_again(acme, mary, oms):
    message = promise(acme)
    outbox.claim_due(now=NOW, limit=1)
    outbox.resend(message, actor=mary, now=LATER)
    packages = [{"invoiceNumber": "NF-1", "invoiceValue": 9508}]
    oms.get(ORDER_URL, json={"packageAttachment": {"packages": packages}})
    clock = Hands()
    clock.now = LATER
    run(clock)
    assert now_of(message).status == Status.DELIVERED
    assert [call.request.method for call in oms.calls] == ["GET"]
