"""The warehouse never meets a shopper's data or a price, wherever it clicks."""

from __future__ import annotations

import json
import re
from collections import deque

import pytest
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.urls import reverse

from orders.models import Order
from sellers.models import FreightRate, Sku, User
from tests.admin.conftest import PERSONAL, PRICES
from tests.admin.test_screens import MODELS, _list, _pages
from tests.builders import Line, an_order
from tests.invoicing.table import do
from tests.invoicing.walking import Picker

ON_PAPER = {"Rua das Hortensias", "Berenice Receptora"}
#: Links that end the session or only change how things look.
NOT_FOLLOWED = ("logout", "setlang", "jsi18n", "/static/")
LINK = re.compile(r'(?:href|hx-get|data-state|data-do)="(/[^"#]*|\?[^"#]*)"')


def _crawl(client: Client, *starts: str) -> dict[str, str]:
    """Every page reached by links from `starts`, by address: one of each kind."""
    pages: dict[str, str] = {}
    waiting, seen = deque(starts), set()
    while waiting:
        url = waiting.popleft()
        seen.add(_kind(url))
        response = client.get(url)
        assert response.status_code in (200, 302, 403, 404, 405), url
        pages[url] = response.content.decode() if response.status_code == 200 else ""
        for link in LINK.findall(pages[url]):
            link = link.replace("&amp;", "&")
            link = link if link[0] == "/" else url.partition("?")[0] + link
            if _kind(link) not in seen:
                seen.add(_kind(link))
                if not any(word in link for word in NOT_FOLLOWED):
                    waiting.append(link)
    return pages


def _kind(url: str) -> str:
    """Addresses that differ in numbers, or in a list's filter, show the same kind of page."""
    return re.sub(r"\d+", "1", re.sub(r"\?.*", "?", url))


def _starts(order: Order) -> list[str]:
    """What nobody links to from a page that the warehouse may see, or may not see at all."""
    found = [reverse("admin:index"), reverse("admin:report", args=["mapping"])]
    for model in MODELS:
        found.append(_list(model))
        if page := next(iter(_pages(model)), ""):
            names = ("change", "history", "delete")
            found += [page.replace("/change/", f"/{name}/") for name in names]
    app = "app_label={}&model_name={}&field_name={}"
    for field in (("orders", "orderline", "sku"), ("sellers", "stocklevel", "sku")):
        found.append(f"{reverse('admin:autocomplete')}?term=1&{app.format(*field)}")
    reference = order.seller_order_id
    search, queue = reverse("admin:search"), reverse("admin:packing_queue")
    terms = ("Filomena", "13", "order", reference)
    found += [f"{search}?s={term}&extended=1" for term in terms]
    searched = ("orders.order", "invoicing.package", "sellers.sku", "sellers.stocklevel")
    lists = [_list(apps.get_model(label)) for label in searched]
    found += [f"{page}?q=Filomena" for page in lists] + [f"{queue}?q=1001"]
    names = ("packing_order", "packing_state", "return_order")
    found += [reverse(f"admin:{name}", args=[reference]) for name in names]
    return found


def _leaks(pages: dict[str, str], secrets: tuple[str, ...]) -> dict[str, list[str]]:
    """Secrets by page; what was typed into the search box is not a leak."""
    found = {}
    for url, text in pages.items():
        typed = re.sub(r'value="[^"]*"|q=[^"&]*', "", text)
        if met := [secret for secret in secrets if secret in typed]:
            found[url] = met
    return found


@pytest.fixture
def history(scene: Order) -> None:
    """Somebody else changed things; their history is on the pages the warehouse may open."""
    manager = User.objects.create_user("boss", password="x", is_staff=True)
    for row in (scene, Sku.objects.get()):
        LogEntry.objects.create(
            user=manager,
            content_type=ContentType.objects.get_for_model(row),
            object_id=str(row.pk),
            object_repr=str(row),
            action_flag=CHANGE,
            change_message='[{"changed": {"fields": ["Price, cents"]}}]',
        )


@pytest.mark.usefixtures("history")
def test_keeps_people_and_prices_from_the_warehouse(scene: Order, warehouse: Client):
    another = an_order(Line("1001", price=12345), receiver="Berenice Receptora")
    assert Picker(warehouse).start(another)
    pages = _crawl(warehouse, *_starts(scene))
    pages |= {f"gesture {code}": _scanned(warehouse, scene, code) for code in ("1001", "odd")}
    assert sum(bool(text) for text in pages.values()) > 60
    leaks = _leaks(pages, (*PERSONAL, *PRICES))
    paper = [url for url in leaks if "/slip/" in url or "/label/" in url]
    assert paper
    # They go onto the parcel: whom and where it goes to, and nothing else of the shopper.
    assert all(set(leaks.pop(url)) <= ON_PAPER for url in paper)
    assert leaks == {}


def _scanned(client: Client, order: Order, code: str) -> str:
    """Answers of the packing table, as its script gets them."""
    return json.dumps(do(client, order, "scan", code=code), ensure_ascii=False)


@pytest.mark.usefixtures("history")
def test_would_find_a_leak_if_there_was_one(scene: Order, manager: Client):
    shown = [Order, Sku, FreightRate]
    urls = [page for model in shown for page in _pages(model)]
    pages = {url: manager.get(url).content.decode() for url in urls}
    met = {secret for found in _leaks(pages, (*PERSONAL, *PRICES)).values() for secret in found}
    assert {"Filomena", "52998224725", "123,45", "67,89"} <= met


def test_never_writes_a_price_or_a_secret_into_the_history(
    scene: Order, manager: Client, administrator: Client
):
    sku = Sku.objects.get()
    page = reverse("admin:sellers_sku_change", args=[sku.pk])
    form = manager.get(page).context["adminform"].form
    values = {name: form.initial.get(name) for name in form.fields}
    values = {name: "" if value is None else value for name, value in values.items()}
    inlines = {
        "sales_channel_prices-TOTAL_FORMS": 1,
        "sales_channel_prices-INITIAL_FORMS": 0,
        "sales_channel_prices-0-sales_channel": "3",
        "sales_channel_prices-0-price_cents": 54321,
        "case_barcodes-TOTAL_FORMS": 0,
        "case_barcodes-INITIAL_FORMS": 0,
        "levels-TOTAL_FORMS": 0,
        "levels-INITIAL_FORMS": 0,
    }
    response = manager.post(page, values | inlines | {"price_cents": 98765, "list_price_cents": ""})
    assert response.status_code == 302
    assert Sku.objects.get().price_cents == 98765
    messages = " ".join(LogEntry.objects.values_list("change_message", flat=True))
    assert "98765" not in messages and "54321" not in messages
