"""The Brazilian Portuguese catalogue says all that the sources say, and the pages show it."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from scripts import messages
from sellers.models import User
from tests.admin.conftest import scene as scene  # the fixture, for the pages below
from tests.builders import staff

PLACEHOLDER = re.compile(r"%(?:\(\w+\))?\d*[sd]|\{\w*\}")
#: Words that stand on English pages and on no Portuguese one.
ENGLISH = (
    "Orders", "Packages", "Invoices", "Warehouse", "warehouse", "Stock", "Search", "Save",
    "Delete", "Filters", "Previous", "Next", "Shipping", "Price", "price", "weight", "Weight",
    "ready to pick", "being packed", "Needs", "Nothing", "Handed", "order id", "Close", "Add ",
    "held", "Reason", "reason", "Settings", "account<", "Log out", "Change password", "History",
    "Select", "Received", "Find", "late<", "Today", "Tracking", "Package", "Delivered",
)  # fmt: skip


def test_catalogue_holds_what_the_sources_say_and_nothing_else():
    stored = {(message.context, _id(message)) for message in messages.read() if message.id}
    said = {(message.context, _id(message)) for message in messages.template() if message.id}
    assert said - stored == set(), "run `make messages` and translate"
    assert stored - said == set(), "run `make messages`"


def test_everything_is_translated():
    assert [message.id for message in messages.untranslated(messages.read())] == []


def test_placeholders_are_the_same_in_both_languages():
    for message in messages.read():
        if not message.id:
            continue
        for said, translation in zip(_id(message), _strings(message), strict=True):
            assert _placeholders(translation) == _placeholders(said), message.id


def test_compiled_catalogue_is_in_step():
    assert messages.MO.read_bytes() == messages.compiled(messages.read())


def _id(message) -> tuple[str, ...]:
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def _strings(message) -> tuple[str, ...]:
    found = message.string
    return (found,) if isinstance(found, str) else tuple(found)


def _placeholders(text: str) -> list[str]:
    return sorted(PLACEHOLDER.findall(text.replace("%%", "")))


@pytest.fixture
def reader(db: None) -> Client:
    """Somebody who may see everything, in Portuguese."""
    client = Client()
    user = staff("rita", role="Administrator", language="pt-br")
    User.objects.filter(pk=user.pk).update(is_superuser=True)
    client.force_login(user)
    return client


def _pages(scene) -> list[str]:
    lists = (
        "orders_order",
        "orders_orderevent",
        "sellers_outboxmessage",
        "sellers_sku",
        "sellers_stocklevel",
        "sellers_stockmovement",
        "sellers_hold",
        "sellers_warehouse",
        "sellers_shippingpolicy",
        "sellers_freightrate",
        "sellers_pickuppoint",
        "sellers_closure",
        "sellers_selleraccount",
        "sellers_user",
        "invoicing_package",
        "invoicing_invoice",
    )
    found = [
        reverse("admin:index"),
        reverse("admin:attention"),
        reverse("admin:radar"),
        reverse("admin:reconciliations"),
        reverse("admin:packing_queue"),
    ]
    found += [reverse(f"admin:{name}_changelist") for name in lists]
    found += [
        reverse("admin:reports"),
        reverse("admin:report", args=["mapping"]),
        reverse("admin:payouts"),
        reverse("admin:report", args=["payouts"]),
        reverse("admin:report", args=["settlement"]),
        reverse("admin:report", args=["mapping"]) + "?columns=all&status=open",
        reverse("admin:cent_ledger", args=[scene.pk]),
        reverse("admin:orders_order_change", args=[scene.pk]),
        reverse("admin:packing_order", args=[scene.seller_order_id]),
        reverse("admin:sellers_sku_change", args=[scene.lines.get().sku_id]),
        reverse("admin:sellers_selleraccount_change", args=[scene.account_id]),
        reverse("admin:sellers_shippingpolicy_add"),
    ]
    return found


def test_leaves_no_english_on_a_portuguese_page(scene, reader: Client):
    leftovers = {}
    for page in _pages(scene):
        response = reader.get(page)
        assert response.status_code == 200, page
        shown = _visible(response.content.decode())
        if met := [word for word in ENGLISH if re.search(rf"(?<![\w-]){word}", shown)]:
            leftovers[page] = met
    assert leftovers == {}


def _visible(page: str) -> str:
    """What a person reads or a screen reader says; not code, addresses or names of icons."""
    page = re.sub(r"(?s)<(script|style)\b.*?</\1>", "", page)
    page = re.sub(r"(?s)<span[^>]*material-symbols-outlined[^>]*>.*?</span>", "", page)
    spoken = " ".join(re.findall(r'(?:title|placeholder|aria-label|alt)="([^"]*)"', page))
    return re.sub(r"<[^>]*>", "<", page) + spoken
