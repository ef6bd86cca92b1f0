"""What each answer of the marketplace means for a message."""

from __future__ import annotations

from datetime import timedelta

import pytest
import requests

from sellers.marketplace import outbox
from sellers.models import SellerAccount
from tests.sellers.outbound import (
    HOST,
    INVOICE_URL,
    NOW,
    ORDER,
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


@pytest.fixture
def clock() -> Hands:
    return Hands()


@pytest.fixture
def acme(db) -> SellerAccount:
    return an_account()


def test_delivers_and_keeps_the_receipt(acme, oms, clock):
    oms.post(INVOICE_URL, json=RECEIPT)
    message = promise(acme)

    assert run(clock) == 1

    message = now_of(message)
    assert message.status == Status.DELIVERED
    assert message.receipt == RECEIPT["receipt"]
    assert message.settled_at == NOW
    assert message.lease is None
    assert outcomes(message) == [("delivered", 200)]
    assert run(clock) == 0


def test_sends_the_accounts_credentials_the_stored_bytes_and_a_trace(acme, oms, clock):
    oms.post(INVOICE_URL, json=RECEIPT)
    message = promise(acme, payload={"invoiceNumber": "NF-1", "courier": "Expresso São João"})
    run(clock)

    request = oms.calls[0].request
    assert request.headers["X-VTEX-API-AppKey"] == "acme-key"
    assert request.headers["X-VTEX-API-AppToken"] == "acme-token"
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["traceparent"].split("-")[1] == message.traceparent.split("-")[1]
    assert request.body == message.body.encode()


def test_accepts_an_empty_204(acme, oms, clock):
    oms.post(f"{ORDER_URL}/start-handling", status=204)
    message = start_handling(acme)
    run(clock)
    assert now_of(message).status == Status.DELIVERED
    assert oms.calls[0].request.body is None


@pytest.mark.parametrize("status", [400, 403, 409, 405, 413, 422])
def test_takes_a_refusal_for_an_answer_and_keeps_its_words(acme, oms, clock, status):
    error = {"error": {"code": "OMS007", "message": "Invoice value is wrong", "exception": None}}
    oms.post(INVOICE_URL, json=error, status=status)
    message = promise(acme)
    run(clock)
    clock.move(hours=1)
    run(clock)

    assert len(oms.calls) == 1
    message = now_of(message)
    assert message.status == Status.REJECTED
    assert message.last_error == f"HTTP {status}: OMS007: Invoice value is wrong"
    assert outcomes(message) == [("rejected", status)]


def test_does_not_follow_a_redirect(acme, oms, clock):
    oms.post(INVOICE_URL, status=307, headers={"Location": "https://elsewhere.example/"})
    message = promise(acme)
    run(clock)
    assert now_of(message).status == Status.REJECTED
    assert len(oms.calls) == 1


def test_gives_a_fresh_order_some_minutes_to_be_known_everywhere(acme, oms, clock):
    oms.post(INVOICE_URL, json={"error": {"code": "1", "message": "Not found"}}, status=404)
    message = promise(acme)
    run(clock)
    assert now_of(message).status == Status.PENDING
    clock.move(minutes=2)
    run(clock)
    assert now_of(message).status == Status.PENDING
    clock.move(minutes=4)
    run(clock)
    assert now_of(message).status == Status.REJECTED
    assert len(oms.calls) == 3


@pytest.mark.parametrize(
    ("kind", "method"), [(Kind.TRACKING, "PATCH"), (Kind.TRACKING_EVENTS, "PUT")]
)
def test_gives_a_fresh_invoice_some_minutes_before_its_tracking_is_refused(
    acme, oms, clock, kind, method
):
    """The marketplace accepts an invoice before it acts on it; tracking follows in a moment."""
    oms.post(INVOICE_URL, json=RECEIPT)
    oms.add(method, f"{INVOICE_URL}/NF-1", status=404, body="Invoice Not Found")
    promise(acme)
    path = f"/api/oms/pvt/orders/{ORDER}/invoice/NF-1"
    behind = promise(acme, kind=kind, method=method, path=path, payload={"trackingNumber": "T1"})
    run(clock)
    run(clock)
    assert now_of(behind).status == Status.PENDING
    clock.move(minutes=1)
    oms.replace(method, f"{INVOICE_URL}/NF-1", json=RECEIPT)
    run(clock)
    assert now_of(behind).status == Status.DELIVERED


def test_takes_404_on_the_start_of_handling_for_an_answer(acme, oms, clock):
    oms.post(f"{ORDER_URL}/start-handling", status=404)
    message = start_handling(acme)
    run(clock)
    assert now_of(message).status == Status.REJECTED


def test_counts_an_order_that_moved_on_as_handled(acme, oms, clock):
    oms.post(f"{ORDER_URL}/start-handling", status=409, json={"error": {"code": "OMS003"}})
    message = start_handling(acme)
    run(clock)
    assert now_of(message).status == Status.DELIVERED
    assert outcomes(message) == [("already-moved-on", 409)]


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
def test_tries_again_after_weather(acme, oms, clock, status):
    oms.post(f"{ORDER_URL}/start-handling", status=status)
    message = start_handling(acme)
    run(clock)
    message = now_of(message)
    assert message.status == Status.PENDING
    assert NOW + timedelta(seconds=3) < message.due_at < NOW + timedelta(seconds=7)
    assert run(clock) == 0

    oms.replace("POST", f"{ORDER_URL}/start-handling", status=204)
    clock.move(seconds=10)
    run(clock)
    assert now_of(message).status == Status.DELIVERED
    assert message.last_error == ""
    assert message.attempts_made == 2


def test_waits_longer_the_longer_it_fails_and_gives_up_after_a_day(acme, oms, clock):
    oms.post(f"{ORDER_URL}/start-handling", status=500)
    message = start_handling(acme)
    waits = []
    while message.status == Status.PENDING:
        clock.now = max(clock.now + timedelta(minutes=20), message.due_at)
        run(clock)
        message = now_of(message)
        waits.append(message.due_at - clock.now)
    assert message.status == Status.EXHAUSTED
    assert timedelta(hours=24) <= clock.now - message.trying_since < timedelta(hours=25)
    assert waits[0] < timedelta(seconds=7)
    assert max(waits) <= timedelta(seconds=375)
    assert message.settled_at == clock.now


@pytest.mark.parametrize(
    ("headers", "at_least", "at_most"),
    [
        ({}, 60, 66),
        ({"Retry-After": "90"}, 90, 99),
        ({"Retry-After": "Mon, 02 Mar 2026 12:03:20 GMT"}, 200, 220),
        ({"Retry-After": "soon"}, 60, 66),
        ({"Retry-After": "99999999"}, 21600, 23760),
    ],
)
def test_leaves_the_marketplace_alone_for_as_long_as_it_asks(
    acme, oms, clock, headers, at_least, at_most
):
    oms.post(INVOICE_URL, status=429, headers=headers)
    message = promise(acme)
    run(clock)
    assert now_of(message).status == Status.PENDING
    assert at_least <= (message.due_at - NOW).total_seconds() <= at_most

    promise(acme, subject="2-01")
    clock.move(seconds=at_least - 1)
    assert run(clock) == 0
    assert len(oms.calls) == 1


def test_pauses_only_the_account_that_was_asked_to_slow_down(acme, oms, clock):
    rival = an_account("rival", marketplace_url="https://other.vtexcommercestable.com.br")
    oms.post(INVOICE_URL, status=429)
    oms.post(
        f"https://other.vtexcommercestable.com.br/api/oms/pvt/orders/{ORDER}/invoice", json=RECEIPT
    )
    promise(acme)
    run(clock)
    theirs = promise(rival)
    promise(acme, subject="2-01")
    assert run(clock) == 1
    assert now_of(theirs).status == Status.DELIVERED


def test_refused_credentials_pause_the_account_and_say_so_once(acme, oms, clock):
    oms.post(INVOICE_URL, status=401)
    messages = [promise(acme)] + [promise(acme, subject=f"{n}-01") for n in range(2, 20)]
    for message in messages[1:]:
        oms.post(f"{HOST}/api/oms/pvt/orders/{message.subject}/invoice", status=401)
    run(clock)
    clock.move(minutes=5)
    assert run(clock) == 0
    states = [now_of(message).status for message in messages]
    assert states.count(Status.UNAUTHORISED) == 1
    assert states.count(Status.PENDING) == len(messages) - 1


def test_new_credentials_set_everything_going_again(acme, oms, clock):
    refused = oms.post(INVOICE_URL, status=401)
    stopped = promise(acme)
    run(clock)
    waiting = promise(acme, subject="2-01")
    oms.post(f"{HOST}/api/oms/pvt/orders/2-01/invoice", json=RECEIPT)
    assert run(clock) == 0

    oms.remove(refused)
    oms.post(INVOICE_URL, json=RECEIPT)
    assert outbox.resume(account=acme, actor=None, now=clock()) == 1
    run(clock)
    assert now_of(stopped).status == Status.DELIVERED
    assert now_of(waiting).status == Status.DELIVERED


def test_sends_nothing_before_what_was_promised_earlier_for_the_same_order(acme, oms, clock):
    oms.post(INVOICE_URL, status=400)
    tracking = {
        "kind": Kind.TRACKING,
        "method": "PATCH",
        "path": f"/api/oms/pvt/orders/{ORDER}/invoice/NF-1",
    }
    patched = oms.patch(f"{INVOICE_URL}/NF-1", json=RECEIPT)
    first, second = promise(acme), promise(acme, **tracking)
    run(clock)
    assert now_of(first).status == Status.REJECTED
    assert now_of(second).status == Status.PENDING
    assert patched.call_count == 0

    outbox.dismiss(first, reason="Sent by hand.", actor=None, now=clock())
    run(clock)
    assert now_of(first).status == Status.SUPERSEDED
    assert now_of(second).status == Status.DELIVERED


def test_looks_an_unanswered_invoice_up_before_it_is_sent_again(acme, oms, clock):
    oms.post(INVOICE_URL, body=requests.ReadTimeout())
    message = promise(acme)
    run(clock)
    assert now_of(message).in_doubt
    assert outcomes(message) == [("unanswered", None)]

    packages = [{"invoiceNumber": "NF-1", "invoiceValue": 9508}]
    oms.get(ORDER_URL, json={"packageAttachment": {"packages": packages}})
    clock.move(seconds=10)
    run(clock)
    message = now_of(message)
    assert message.status == Status.DELIVERED
    assert not message.in_doubt
    assert [call.request.method for call in oms.calls] == ["POST", "GET"]
    assert outcomes(message)[-1] == ("found", 200)


def test_sends_the_same_bytes_again_when_the_order_does_not_show_the_invoice(acme, oms, clock):
    oms.post(INVOICE_URL, body=requests.ConnectionError("reset"))
    message = promise(acme)
    run(clock)
    oms.replace("POST", INVOICE_URL, json=RECEIPT)
    oms.get(ORDER_URL, json={"packageAttachment": {"packages": []}})
    clock.move(seconds=10)
    run(clock)
    assert now_of(message).status == Status.DELIVERED
    posts = [call.request.body for call in oms.calls if call.request.method == "POST"]
    assert posts == [message.body.encode()] * 2


def test_never_overwrites_an_invoice_of_the_same_number_and_another_value(acme, oms, clock):
    oms.post(INVOICE_URL, status=504)
    message = promise(acme)
    run(clock)
    packages = [{"invoiceNumber": "NF-1", "invoiceValue": "9507"}]
    oms.get(ORDER_URL, json={"packageAttachment": {"packages": packages}})
    clock.move(seconds=10)
    run(clock)
    assert now_of(message).status == Status.REJECTED
    assert "another value" in message.last_error
    assert [call.request.method for call in oms.calls] == ["POST", "GET"]


@pytest.mark.parametrize("status", [500, 429])
def test_stays_in_doubt_while_the_order_cannot_be_read(acme, oms, clock, status):
    oms.post(INVOICE_URL, body=requests.ReadTimeout())
    oms.get(ORDER_URL, status=status)
    message = promise(acme)
    run(clock)
    clock.move(seconds=10)
    run(clock)
    assert now_of(message).status == Status.PENDING
    assert message.in_doubt
    assert [call.request.method for call in oms.calls] == ["POST", "GET"]


def test_an_unreadable_order_document_settles_nothing(acme, oms, clock):
    oms.post(INVOICE_URL, body=requests.ReadTimeout())
    oms.get(ORDER_URL, body=b'{"packageAttachment": {"packages": [')
    message = promise(acme)
    run(clock)
    clock.move(seconds=10)
    run(clock)
    assert now_of(message).status == Status.PENDING
    assert message.in_doubt


def test_a_call_that_never_left_is_not_looked_up(acme, oms, clock):
    oms.post(INVOICE_URL, body=requests.ConnectTimeout())
    message = promise(acme)
    run(clock)
    assert not now_of(message).in_doubt
    assert outcomes(message) == [("unreachable", None)]


def test_keeps_personal_data_out_of_what_it_stores(acme, oms, clock):
    error = {
        "error": {
            "code": "1",
            "message": f"{ORDER}: buyer ana@example.com, CPF 123.456.789-09, +55 11 99999-8888",
        },
        "clientProfileData": {"firstName": "Ana"},
    }
    oms.post(INVOICE_URL, json=error, status=400)
    message = promise(acme)
    run(clock)
    attempt = message.attempts.get()
    for stored in (attempt.response, attempt.detail, now_of(message).last_error):
        assert ORDER in stored
        for secret in ("ana@", "123.456", "99999", "Ana"):
            assert secret not in stored


def test_never_logs_what_it_sends_or_hears(acme, oms, clock, caplog):
    oms.post(INVOICE_URL, status=400, json={"error": {"message": "Ana Souza is unknown"}})
    with caplog.at_level("DEBUG"):
        promise(acme, payload={"courier": "Ana Souza"})
        run(clock)
    assert "Ana" not in caplog.text
    assert "acme-token" not in caplog.text
