"""Every call about an order is to be read on its page: what was said, what was answered."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
from django.test import Client
from django.urls import reverse

from orders.models import Order
from orders.timeline import Happening
from sellers.marketplace import outbox
from sellers.marketplace.looking import look
from tests.builders import a_seller, an_order, staff
from tests.sellers.outbound import HOST, RECEIPT, Hands, Kind, promise, run

pytestmark = pytest.mark.django_db
MENDED = {"type": "Output", "invoiceNumber": "NF-2", "invoiceValue": 9508}


@pytest.fixture
def order(db: None) -> Order:
    a_seller(marketplace_url=HOST)
    return an_order()


@pytest.fixture
def clock() -> Hands:
    return Hands()


def order_url(order: Order) -> str:
    return f"{HOST}/api/oms/pvt/orders/{order.marketplace_order_id}"


def calls_on_the_page(order: Order) -> list[Happening]:
    client = Client()
    client.force_login(staff("mona", role="Manager"))
    page = client.get(reverse("admin:orders_order_change", args=[order.pk])).context["page"]
    return [event for _when, event in page.story if " ms" in event.detail]


def the_order(*packages: dict[str, Any]) -> dict[str, Any]:
    return {
        "status": "invoice",
        "clientProfileData": {"firstName": "Filomena"},
        "packageAttachment": {"packages": list(packages)},
    }


def test_each_try_shows_what_was_sent_then_although_it_was_corrected(order, oms, clock):
    url = f"{order_url(order)}/invoice"
    oms.post(url, status=400, json={"error": {"code": "1", "message": "No."}})
    message = promise(order.account, subject=order.marketplace_order_id)
    first = message.body
    run(clock)
    clock.move(seconds=30)
    outbox.amend(message, payload=MENDED, path=message.path, reason="typo", actor=None, now=clock())
    oms.replace("POST", url, json=RECEIPT)
    clock.move(seconds=30)
    run(clock)
    refused, told = calls_on_the_page(order)
    assert (refused.title, refused.said) == ("Telling the marketplace: invoice", first)
    assert refused.detail.startswith("attempt 1 · 400 · refused · 1: No.")
    assert (told.title, json.loads(told.said)) == ("Marketplace told: invoice", MENDED)
    assert "b7d3" in told.answered


def test_reading_the_order_is_told_as_well_and_nobody_in_it(order, oms, clock):
    url = f"{order_url(order)}/invoice"
    oms.post(url, body=requests.ReadTimeout())
    oms.get(order_url(order), json=the_order())
    promise(order.account, subject=order.marketplace_order_id)
    run(clock)
    clock.move(seconds=30)
    oms.replace("POST", url, json=RECEIPT)
    run(clock)
    clock.move(seconds=20)
    look(clock=clock)
    package = {"invoiceNumber": "NF-1", "invoiceValue": 9508, "courier": "Filomena's"}
    oms.replace("GET", order_url(order), json=the_order(package))
    clock.move(minutes=2)
    look(clock=clock)
    calls = calls_on_the_page(order)
    looked = "Looked for in the marketplace's order: invoice"
    assert [call.title for call in calls] == [
        "Telling the marketplace: invoice",
        looked,
        "Marketplace told: invoice",
        looked,
        looked,
    ]
    assert [call.detail.split(" · ")[:2] for call in calls[1::2]] == [
        ["200", "not to be seen in the order"],
        ["200", "not to be seen in the order"],
    ]
    assert calls[-1].detail.startswith("200 · seen in the order")
    shown = {"invoiceNumber": "NF-1", "invoiceValue": 9508, "trackingNumber": None}
    assert json.loads(calls[-1].answered) == {"status": "invoice", "packages": [shown]}
    assert [bool(call.said) for call in calls] == [True, False, True, False, False]
    assert "Filomena" not in str(calls)


def test_one_reading_for_several_messages_is_told_once(order, oms, clock):
    invoice_url = f"{order_url(order)}/invoice"
    oms.post(invoice_url, json=RECEIPT)
    oms.patch(f"{invoice_url}/NF-1", json=RECEIPT)
    promise(order.account, subject=order.marketplace_order_id)
    promise(
        order.account,
        subject=order.marketplace_order_id,
        kind=Kind.TRACKING,
        method="PATCH",
        path=f"/api/oms/pvt/orders/{order.marketplace_order_id}/invoice/NF-1",
        payload={"trackingNumber": "T1"},
    )
    run(clock)
    run(clock)
    package = {"invoiceNumber": "NF-1", "invoiceValue": 9508, "trackingNumber": "T1"}
    oms.get(order_url(order), json=the_order(package))
    clock.move(minutes=1)
    look(clock=clock)
    *_told, looked = calls_on_the_page(order)
    assert looked.title == "Looked for in the marketplace's order: invoice, tracking"
    assert len(_told) == 2
