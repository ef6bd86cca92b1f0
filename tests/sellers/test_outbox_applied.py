"""The second tick: accepted is not yet applied."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import requests

from sellers.marketplace import breaker, outbox
from sellers.marketplace.looking import look
from sellers.models import OutboxMessage
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
)

pytestmark = pytest.mark.django_db
Applied = OutboxMessage.Applied


@pytest.fixture
def acme(db):
    return an_account()


@pytest.fixture
def clock() -> Hands:
    return Hands()


def the_order(*packages: dict[str, Any]) -> dict[str, Any]:
    return {"packageAttachment": {"packages": list(packages)}}


def a_package(value: Any = 9508, tracking: str | None = None) -> dict[str, Any]:
    return {"invoiceNumber": "NF-1", "invoiceValue": value, "trackingNumber": tracking}


def delivered(account, oms, clock) -> OutboxMessage:
    oms.post(INVOICE_URL, json=RECEIPT)
    message = promise(account)
    run(clock)
    clock.move(seconds=20)
    return now_of(message)


def tracked(account, oms, clock, number: str, key: str) -> OutboxMessage:
    oms.patch(f"{INVOICE_URL}/NF-1", json=RECEIPT)
    path = "/api/oms/pvt/orders/1138342255777-01/invoice/NF-1"
    message = promise(
        account,
        kind=Kind.TRACKING,
        method="PATCH",
        path=path,
        key=key,
        payload={"trackingNumber": number},
        now=clock(),
    )
    run(clock)
    return now_of(message)


def test_waits_for_the_second_tick_once_accepted(acme, oms, clock):
    message = delivered(acme, oms, clock)
    assert message.status == Status.DELIVERED
    assert message.applied == Applied.WAITING


@pytest.mark.parametrize("value", [9508, "9508", 9508.0])
def test_ticks_again_once_the_order_shows_the_invoice(acme, oms, clock, value):
    message = delivered(acme, oms, clock)
    oms.get(ORDER_URL, json=the_order(a_package(value)))
    look(clock=clock)
    assert now_of(message).applied == Applied.APPLIED
    assert look(clock=clock) == 0


@pytest.mark.parametrize(
    ("order", "words"),
    [(the_order(), "does not show"), (the_order(a_package(9507)), "another value")],
)
def test_turns_red_within_ten_minutes_when_the_order_does_not_show_it(
    acme, oms, clock, order, words
):
    message = delivered(acme, oms, clock)
    oms.get(ORDER_URL, json=order)
    look(clock=clock)
    assert now_of(message).applied == Applied.WAITING
    while clock() < NOW + timedelta(minutes=9, seconds=30):
        clock.move(seconds=15)
        look(clock=clock)
    assert now_of(message).applied == Applied.MISSING
    assert message.status == Status.DELIVERED
    assert words in message.last_error


def test_looks_once_a_minute_not_more(acme, oms, clock):
    delivered(acme, oms, clock)
    oms.get(ORDER_URL, json=the_order())
    for _ in range(12):
        look(clock=clock)
        clock.move(seconds=10)
    assert len(oms.calls) == 1 + 2


def test_reads_an_order_once_for_all_its_messages(acme, oms, clock):
    message = delivered(acme, oms, clock)
    tracking = tracked(acme, oms, clock, "T1", "tracking")
    oms.get(ORDER_URL, json=the_order(a_package(tracking="T1")))
    clock.move(seconds=20)
    assert look(clock=clock) == 2
    assert now_of(message).applied == now_of(tracking).applied == Applied.APPLIED
    assert [call.request.method for call in oms.calls].count("GET") == 1


def test_a_tracking_number_corrected_since_is_not_missed(acme, oms, clock):
    delivered(acme, oms, clock)
    first = tracked(acme, oms, clock, "T1", "tracking:1")
    second = tracked(acme, oms, clock, "T2", "tracking:2")
    oms.get(ORDER_URL, json=the_order(a_package(tracking="T2")))
    clock.move(minutes=9)
    look(clock=clock)
    assert now_of(first).applied == Applied.UNWATCHED
    assert now_of(second).applied == Applied.APPLIED


def test_an_invoice_found_by_reading_needs_no_second_look(acme, oms, clock):
    oms.post(INVOICE_URL, body=requests.ReadTimeout())
    oms.get(ORDER_URL, json=the_order(a_package()))
    message = promise(acme)
    run(clock)
    clock.move(seconds=10)
    run(clock)
    assert outcomes(message)[-1] == ("found", 200)
    assert now_of(message).applied == Applied.APPLIED


@pytest.mark.parametrize("status", [500, 404, 429])
def test_accuses_nobody_while_the_order_cannot_be_read(acme, oms, clock, status):
    message = delivered(acme, oms, clock)
    oms.get(ORDER_URL, status=status)
    for _ in range(20):
        clock.move(minutes=1)
        look(clock=clock)
    assert now_of(message).applied == Applied.WAITING


def test_stops_looking_where_the_key_may_not_read_orders(acme, oms, clock):
    message = delivered(acme, oms, clock)
    oms.get(ORDER_URL, status=403)
    look(clock=clock)
    assert now_of(message).applied == Applied.UNWATCHED


def test_leaves_a_marketplace_alone_whose_circuit_is_open(acme, oms, clock):
    delivered(acme, oms, clock)
    breaker.failed(account_id=acme.pk, now=clock(), rest=timedelta(minutes=1))
    assert look(clock=clock) == 0


def missing(account, oms, clock) -> OutboxMessage:
    message = delivered(account, oms, clock)
    oms.get(ORDER_URL, json=the_order())
    clock.move(minutes=9)
    look(clock=clock)
    assert now_of(message).applied == Applied.MISSING
    return message


def test_what_is_missing_can_be_sent_again_after_another_look(acme, oms, clock):
    message = missing(acme, oms, clock)
    outbox.resend(message, actor=None, now=clock())
    run(clock)
    assert [call.request.method for call in oms.calls][-2:] == ["GET", "POST"]
    assert now_of(message).status == Status.DELIVERED
    assert message.applied == Applied.WAITING
    posts = [call.request.body for call in oms.calls if call.request.method == "POST"]
    assert posts[0] == posts[1]


def test_what_is_missing_can_be_taken_off_the_list_with_a_reason(acme, oms, clock):
    message = missing(acme, oms, clock)
    outbox.dismiss(message, reason="Seen in the marketplace's admin", actor=None, now=clock())
    assert message.status == Status.DELIVERED
    assert message.applied == Applied.UNWATCHED
