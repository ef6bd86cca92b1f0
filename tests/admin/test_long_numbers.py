"""A number of thousands of digits, where an id or a count is expected: none that we know."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from invoicing.models import Carrier, Manifest
from orders.models import Order
from tests.builders import a_seller, a_warehouse

LONG = "9" * 5_000
CAPTURES = "/admin/simulation/simulationcapture/"


@pytest.mark.parametrize(
    "address",
    [
        f"{CAPTURES}?after=2026-03-10T10:00:00%2B00:00,{LONG}",
        f"{CAPTURES}?account={LONG}",
        f"/admin/sellers/sku/?account={LONG}",
        f"/admin/sellers/stocklevel/?warehouse={LONG}",
        f"/admin/sellers/user/?role={LONG}",
        f"/admin/attention/?p={LONG}",
    ],
)
def test_a_page_is_shown_all_the_same(address: str, scene: Order, administrator: Client):
    a_seller("other")
    a_warehouse("rj")
    assert administrator.get(address, follow=True).status_code == 200


def test_no_carrier_has_such_an_id(administrator: Client):
    answer = administrator.post(reverse("admin:manifest_desk"), {"carrier": LONG})
    assert answer.status_code == 404
    assert not Manifest.objects.exists()


def test_nothing_is_taken_off_a_manifest(administrator: Client):
    carrier = Carrier.objects.create(name="Aurora")
    administrator.post(reverse("admin:manifest_desk"), {"carrier": carrier.pk})
    address = reverse("admin:manifest_gesture", args=[Manifest.objects.get().pk])
    fields = {"action": "off", "entry": LONG}
    assert administrator.post(address, fields, follow=True).status_code == 200
