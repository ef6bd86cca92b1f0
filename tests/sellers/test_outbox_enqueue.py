from __future__ import annotations

import threading

import orjson
import pytest
from django.db import connection, transaction

from sellers.marketplace import outbox
from sellers.models import OutboxMessage, SellerAccount
from tests.sellers.outbound import NOW, an_account, promise


@pytest.fixture
def account(db) -> SellerAccount:
    return an_account()


@pytest.mark.django_db(transaction=True)
def test_refuses_to_write_outside_the_transaction_of_the_cause(account):
    with pytest.raises(RuntimeError):
        outbox.enqueue(
            account=account,
            subject="1-01",
            kind=OutboxMessage.Kind.INVOICE,
            key="k",
            method="POST",
            path="/x",
            payload={},
            now=NOW,
        )
    assert not OutboxMessage.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_vanishes_with_its_cause(account):
    def cause_that_fails() -> None:
        with transaction.atomic():
            promise(account)
            raise LookupError

    with pytest.raises(LookupError):
        cause_that_fails()
    assert not OutboxMessage.objects.exists()


def test_keeps_the_bytes_that_will_be_sent(account):
    message = promise(account, payload={"nota": "ação", "invoiceValue": 9508})
    message.refresh_from_db()
    assert orjson.loads(message.body) == {"nota": "ação", "invoiceValue": 9508}
    assert message.status == OutboxMessage.Status.PENDING
    assert message.due_at == NOW


def test_sends_no_body_when_there_is_no_payload(account):
    assert promise(account, payload=None).body == ""


def test_makes_a_promise_once_per_account_and_key(account):
    first = promise(account)
    again = promise(account, payload={"invoiceNumber": "NF-2"})
    assert again.pk == first.pk
    assert again.body == first.body
    assert OutboxMessage.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_makes_a_promise_once_when_many_promise_it_at_the_same_moment(account):
    barrier, made = threading.Barrier(8), []

    def rival() -> None:
        barrier.wait()
        try:
            made.append(promise(account).pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=rival) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8 and len(set(made)) == 1
