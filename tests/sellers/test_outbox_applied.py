"""The second tick: accepted is not yet applied."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import requests

from sellers.marketplace import breaker, looking, outbox
from sellers.marketplace.looking import look
from sellers.models import OutboxMessage
from tests.sellers.outbound import (
    HOST,
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


def accepted(account, count: int) -> None:
    """Messages of as many orders, delivered a while ago and not yet seen."""
    for number in range(count):
        promise(account, subject=f"{account.slug}-{number}-01")
    mine = OutboxMessage.objects.filter(account=account)
    facts = {"applied": Applied.WAITING, "settled_at": NOW, "look_at": NOW}
    mine.update(status=Status.DELIVERED, **facts)


def orders_of(account) -> re.Pattern[str]:
    return re.compile(re.escape(account.marketplace_url) + "/api/oms/pvt/orders/.*")


def states_of(account) -> list[str]:
    return list(OutboxMessage.objects.filter(account=account).values_list("applied", flat=True))


@pytest.fixture
def rival(db):
    return an_account("rival", marketplace_url="https://rival.example")


def test_a_look_goes_on_until_nothing_is_due(acme, oms, clock, settings):
    settings.OUTBOUND_BURST = 1000
    accepted(acme, 120)
    oms.get(orders_of(acme), json=the_order(a_package()))
    assert look(clock=clock) == 120
    assert set(states_of(acme)) == {Applied.APPLIED}


def test_a_marketplace_that_answers_nobody_is_left_alone_and_keeps_no_other_waiting(
    acme, rival, oms, clock
):
    accepted(acme, 40)
    accepted(rival, 10)
    oms.get(orders_of(acme), body=requests.ReadTimeout())
    oms.get(orders_of(rival), json=the_order(a_package()))
    look(clock=clock)
    assert set(states_of(rival)) == {Applied.APPLIED}
    assert set(states_of(acme)) == {Applied.WAITING}
    asked = [call for call in oms.calls if call.request.url.startswith(acme.marketplace_url)]
    # Five failures open the circuit; who was under way by then had been let through.
    assert 5 <= len(asked) <= 4 + looking.CREW
    clock.move(seconds=5)
    assert breaker.resting(now=clock()) == [acme.pk]


def test_stops_looking_where_the_key_may_not_read_orders(acme, oms, clock):
    message = delivered(acme, oms, clock)
    oms.get(ORDER_URL, status=403)
    look(clock=clock)
    assert now_of(message).applied == Applied.UNWATCHED


def test_leaves_a_marketplace_alone_whose_circuit_is_open(acme, oms, clock):
    delivered(acme, oms, clock)
    breaker.failed(account_id=acme.pk, now=clock(), rest=timedelta(minutes=1))
    assert look(clock=clock) == 0


def test_shows_refused_credentials_to_nobody_again(acme, oms, clock):
    message = delivered(acme, oms, clock)
    promise(acme, subject="other-01")
    oms.post(f"{HOST}/api/oms/pvt/orders/other-01/invoice", status=401)
    oms.get(ORDER_URL, json=the_order(a_package()))
    run(clock)
    assert look(clock=clock) == 0
    outbox.resume(account=acme, actor=None, now=clock())
    assert look(clock=clock) == 1
    assert now_of(message).applied == Applied.APPLIED


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
