"""Handing over in a real browser: one scan box, alarms that wait, no mouse."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from invoicing import packing
from invoicing.models import Carrier, Manifest, ManifestEntry
from orders.models import Order
from tests.browser import packer
from tests.builders import Line, an_order, staff

pytestmark = pytest.mark.django_db(transaction=True)


def packed() -> Order:
    now = timezone.now()
    order = an_order(Line(), now=now)
    package = packing.open_package(order=order, now=now, actor=None)
    packing.put(package=package, line=order.lines.get(), quantity=1, now=now, actor=None)
    packing.close(package=package, now=now, actor=None)
    return order


@pytest.fixture
def van(page: Page, live_server: object, roles: None) -> Page:
    """The postal service's manifest, opened by key."""
    # A migration made it; tests that commit empty every table after them.
    facts = {"number_format": "AA999999999AA", "has_check_digit": True}
    Carrier.objects.get_or_create(name="Correios", defaults=facts)
    staff("ana", first_name="Ana", language="pt-br")
    packer.sign_in(page, str(live_server), "ana")
    page.goto(f"{live_server}/admin/invoicing/package/manifests/")
    expect(page.locator(".vans button")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("body[data-ready]")).to_be_visible()
    return page


def scan(page: Page, text: str) -> None:
    with page.expect_response(re.compile("/do/$")):
        packer.burst(page, text)


def test_a_van_is_loaded_and_leaves_by_scanner_and_keys_alone(van: Page) -> None:
    one, two = packed(), packed()
    packer.burst(van, "CMDREOPEN")
    expect(van.locator("#said.wrong")).to_have_text("Isso não é possível agora.")
    scan(van, f"{one.seller_order_id}-1")
    scan(van, "AA123456785BR")
    scan(van, f"{two.seller_order_id}-1")
    expect(van.locator("[data-entry]")).to_have_count(2)
    expect(van.locator(".count b")).to_have_text("2")
    van.keyboard.press("c")
    expect(van.locator("#sure")).to_contain_text("Correios com 2 pacotes")
    van.keyboard.press("Enter")
    expect(van.locator("[data-paper]")).to_be_visible()
    manifest = Manifest.objects.get()
    assert (manifest.status, manifest.entries.count()) == ("closed", 2)
    van.locator("[data-paper]").click()
    expect(van.locator("#print")).to_be_focused()
    expect(van.locator("tbody tr")).to_have_count(2)


def test_the_wrong_package_is_an_alarm_that_waits_and_refuses_the_next_scan(van: Page) -> None:
    order = packed()
    scan(van, "7891234567895")
    alarm = van.locator("#alarm")
    expect(alarm).to_be_visible()
    packer.burst(van, f"{order.seller_order_id}-1")
    expect(alarm).to_be_visible()
    assert not ManifestEntry.objects.exists()
    van.wait_for_timeout(300)
    van.keyboard.press("Enter")
    expect(alarm).to_be_hidden()
    scan(van, f"{order.seller_order_id}-1")
    assert ManifestEntry.objects.count() == 1


def test_the_keys_are_shown_by_a_key_and_give_way_to_a_scan(van: Page) -> None:
    van.keyboard.press("?")
    expect(van.locator("#help")).to_contain_text("retirar o último pacote")
    expect(van.locator("#help button")).to_be_focused()
    van.keyboard.press("Enter")
    expect(van.locator("#help")).to_be_hidden()
    expect(van.locator("#scan")).to_be_focused()
    van.locator("#help-key").click()
    expect(van.locator("#help")).to_be_visible()
    scan(van, f"{packed().seller_order_id}-1")
    expect(van.locator("#help")).to_be_hidden()
    expect(van.locator("[data-entry]")).to_have_count(1)


def test_undo_takes_the_last_one_off_and_closing_can_be_declined(van: Page) -> None:
    scan(van, f"{packed().seller_order_id}-1")
    van.keyboard.press("c")
    expect(van.locator("#sure")).to_be_visible()
    van.keyboard.press("Escape")
    expect(van.locator("#sure")).to_be_hidden()
    with van.expect_response(re.compile("/do/$")):
        van.keyboard.press("u")
    expect(van.locator("[data-entry]")).to_have_count(0)
    assert Manifest.objects.get().status == "open"
