"""No screen has a finding of axe-core that is serious or worse, in either language."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Page, expect

from config.menu import MENU
from orders.models import Order
from sellers.models import User
from tests.admin.conftest import scene as scene  # the fixture: a row in every table
from tests.browser import packer
from tests.builders import Line, an_order

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("roles")]
#: Best practices are counsel, not findings.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
OPTIONS = {"runOnly": RULES, "resultTypes": ["violations"]}
GRAVE = {"serious", "critical"}


def findings(page: Page) -> list[str]:
    found = Axe().run(page, options=OPTIONS).response["violations"]
    return [
        _told(rule, node) for rule in found if rule["impact"] in GRAVE for node in rule["nodes"]
    ]


def _told(rule: dict[str, Any], node: dict[str, Any]) -> str:
    return f"{rule['id']}: {node['html'][:160]}"


def offices() -> Iterator[str]:
    """What the menu leads to; of the lists, which all look the same, one."""
    yield reverse("admin:index")
    yield reverse("admin:orders_order_changelist")
    for entry in (entry for _title, entries in MENU for entry in entries):
        if "_changelist" not in entry.url_name and " " not in entry.url_name:
            yield reverse(entry.url_name)


def floor(order: Order) -> Iterator[str]:
    """The warehouse's own screens, and the pages of one order."""
    yield reverse("admin:packing_queue")
    yield reverse("admin:returns_desk")
    yield reverse("admin:pick_lists")
    yield reverse("admin:manifest_desk")
    yield reverse("admin:orders_order_change", args=[order.pk])
    yield reverse("admin:sellers_sku_change", args=[order.lines.get().sku_id])
    yield reverse("admin:packing_commands")
    reference = order.seller_order_id
    yield reverse("admin:return_order", args=[reference])
    for name in ("packing_slip", "packing_label"):
        yield reverse(f"admin:{name}", args=[reference, 1])


@pytest.fixture
def reader(page: Page, live_server: object, roles: None) -> Page:
    User.objects.create_superuser("root", password="password", first_name="Rute")
    page.goto(f"{live_server}/admin/")
    assert findings(page) == []
    packer.sign_in(page, str(live_server), "root")
    return page


@pytest.mark.parametrize("language", ["en", "pt-br"])
def test_every_screen_can_be_read_and_used_by_everybody(
    reader: Page, live_server: object, scene: Order, language: str
) -> None:
    """They differ in their words alone: each is looked at in one language."""
    User.objects.update(language=language)
    screens = sorted({*offices(), *floor(scene)})
    met = {}
    for address in screens[language == "en" :: 2]:
        reader.goto(f"{live_server}{address}")
        if grave := findings(reader):
            met[address] = grave
    assert met == {}


@pytest.mark.parametrize("language", ["en", "pt-br"])
def test_the_packing_table_can_be_used_by_everybody_whatever_it_shows(
    reader: Page, live_server: object, language: str
) -> None:
    User.objects.update(language=language)
    order = an_order(Line("1001", 3, freight=500), Line("2002"))
    met = {}

    def look(what: str) -> None:
        if grave := findings(reader):
            met[what] = grave

    packer.scan_order(reader, order.marketplace_order_id)
    packer.scan(reader, "1001")
    packer.command(reader, "n")
    packer.scan(reader, "1001")
    for details in reader.locator("#board details summary").all():
        details.press("Enter")
    look("two packages and all details")
    reader.keyboard.press("Escape")
    packer.scan(reader, "nonsense")
    expect(reader.locator("#alarm")).to_be_visible()
    look("an alarm")
    packer.acknowledge(reader)
    reader.locator("#help-key").press("Enter")
    expect(reader.locator("#help")).to_be_visible()
    look("the help")
    reader.keyboard.press("Escape")
    packer.close_package(reader)
    look("a closed package")
    assert met == {}
