from __future__ import annotations

import threading
from datetime import UTC, datetime

import orjson
import pytest
from django.db import connection, transaction

from sellers.marketplace import outbox
from sellers.models import OutboxMessage, SellerAccount

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def account(db) -> SellerAccount:
    return SellerAccount.objects.create(
        slug="acme",
        name="Acme",
        seller_id="acme",
        marketplace_account="bigstore",
        marketplace_url="https://bigstore.vtexcommercestable.com.br",
        app_key="key",
        app_token="token",
    )


def promise(account: SellerAccount, key: str = "invoice:1", **facts) -> OutboxMessage:
    with transaction.atomic():
        return outbox.enqueue(
            **{
                "account": account,
                "subject": "1138342255777-01",
                "kind": OutboxMessage.Kind.INVOICE,
                "key": key,
                "method": "POST",
                "path": "/api/oms/pvt/orders/1138342255777-01/invoice",
                "payload": {"invoiceNumber": "NF-1", "invoiceValue": 9508},
                "now": NOW,
            }
            | facts
        )


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
