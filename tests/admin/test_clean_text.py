"""A NUL in what somebody sends: refused in words, and never a fault of ours.

Files of any bytes are the matter of their own readers' tests.
"""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from orders.models import Order
from tests.invoicing.table import packed, packer

ADDRESSES = [
    "/admin/reports/mapping/?q=%00",
    "/admin/radar/?q=%00",
    "/admin/sellers/outboxmessage/?state=%00",
    "/admin/orders/order/?status__exact=%00",
    "/admin/orders/order/?a%00b=1",
    "/admin/invoicing/package/pack/R-%00/",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_nul_in_an_address_is_refused_in_words(address: str, administrator: Client):
    answer = administrator.get(address)
    assert answer.status_code == 400
    assert "Type it anew" in answer.content.decode()


@pytest.mark.parametrize("field", ["code", "gesture", "action", "package"])
def test_a_nul_in_a_gesture_is_refused_and_packs_nothing(field: str, scene: Order, db: None):
    before = packed(scene)
    fields = {"gesture": uuid4().hex, "action": "scan", "code": "1001"}
    fields[field] = fields.get(field, "") + "\0"
    address = reverse("admin:packing_gesture", args=[scene.seller_order_id])
    client = packer("nils")
    answer = client.post(address, fields, headers={"X-Requested-With": "fetch"})
    assert answer.status_code == 400
    assert "NUL" in answer.json()["error"]
    assert client.post(address, fields).status_code == 400
    assert packed(scene) == before


def test_reads_the_refusal_in_ones_own_language(db: None):
    answer = packer(language="pt-br").get("/admin/radar/?q=%00")
    assert "Digite de novo" in answer.content.decode()


def test_a_stranger_is_refused_likewise(db: None):
    assert Client().get("/admin/?q=%00").status_code == 400
    login = {"username": "a\0b", "password": "x"}
    assert Client().post("/admin/login/", login).status_code == 400
