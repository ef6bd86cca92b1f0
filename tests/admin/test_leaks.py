"""The warehouse never meets a shopper's data or a price, wherever it clicks."""

from __future__ import annotations

import re
from collections import deque

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.urls import reverse

from orders.models import Order
from sellers.models import Sku, User
from tests.admin.conftest import PERSONAL, PRICES

ON_THE_SLIP = {"Rua das Hortensias", "Berenice Receptora"}
#: Links that end the session or only change how things look.
NOT_FOLLOWED = ("logout", "setlang", "jsi18n", "/static/")
LINK = re.compile(r'(?:href|hx-get)="(/[^"#]*|\?[^"#]*)"')


def _crawl(client: Client, *starts: str) -> dict[str, str]:
    """Every page reached by links from `starts`, by address."""
    pages: dict[str, str] = {}
    waiting = deque(starts)
    while waiting and len(pages) < 400:
        url = waiting.popleft().replace("&amp;", "&")
        if url in pages or any(word in url for word in NOT_FOLLOWED):
            continue
        response = client.get(url)
        assert response.status_code in (200, 302, 403, 404), url
        pages[url] = response.content.decode() if response.status_code == 200 else ""
        links = LINK.findall(pages[url])
        waiting.extend(link if link[0] == "/" else url.partition("?")[0] + link for link in links)
    return pages


def _starts(order: Order) -> list[str]:
    from tests.admin.test_screens import MODELS, _list, _pages

    found = [reverse("admin:index"), reverse("admin:report", args=["mapping"])]
    for model in MODELS:
        pages = _pages(model)
        found += [_list(model), f"{_list(model)}?q=1", f"{_list(model)}?q=Filomena", *pages]
        found += [
            page.replace("/change/", f"/{name}/")
            for page in pages
            for name in ("history", "delete")
        ]
    app = "app_label={}&model_name={}&field_name={}"
    for field in (("orders", "orderline", "sku"), ("sellers", "stocklevel", "sku")):
        found.append(f"{reverse('admin:autocomplete')}?term=1&{app.format(*field)}")
    search = reverse("admin:search")
    terms = ("Filomena", "13", "order", order.seller_order_id)
    found += [f"{search}?s={term}&extended=1" for term in terms]
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
    pages = _crawl(warehouse, *_starts(scene))
    assert sum(bool(text) for text in pages.values()) > 20
    leaks = _leaks(pages, (*PERSONAL, *PRICES))
    slips = [url for url in leaks if "/slip/" in url]
    # The slip goes onto the parcel: whom and where it goes to, and nothing else of the shopper.
    assert all(set(leaks.pop(slip)) <= ON_THE_SLIP for slip in slips)
    assert leaks == {}


@pytest.mark.usefixtures("history")
def test_would_find_a_leak_if_there_was_one(scene: Order, manager: Client):
    pages = _crawl(manager, *_starts(scene))
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
