"""How many queries each screen takes, against the committed baseline.

`UPDATE_QUERY_COUNTS=1 pytest tests/admin/test_query_counts.py` writes the baseline anew.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from orders.models import Order
from reporting.attention import badge
from reporting.radar import today
from tests.admin.test_screens import MODELS, _list, _pages
from tests.builders import Line, an_order

BASELINE = Path(__file__).parent.parent / "query_counts.json"
LISTS = {model._meta.label_lower: _list(model) for model in MODELS}


@pytest.fixture(autouse=True)
def _what_is_remembered_for_a_while_is_remembered_throughout(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However slow the machine is, no count in the menu runs out between two looks at a page."""
    monkeypatch.setattr(badge, "SECONDS", 3_600)
    monkeypatch.setattr(today, "OUTLOOK_SECONDS", 3_600)


@pytest.fixture(autouse=True)
def _what_is_remembered_lasts(monkeypatch: pytest.MonkeyPatch):
    """Figures kept for some seconds must not be asked anew on a machine that is slow."""
    monkeypatch.setattr(badge, "SECONDS", None)
    monkeypatch.setattr(today, "OUTLOOK_SECONDS", None)
    monkeypatch.setattr(today, "PACE_SECONDS", None)


def _counted(client: Client, url: str) -> int:
    client.get(url)  # content types and templates are read once per process
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


def _screens(order: Order) -> dict[str, str]:
    screens = {"overview": reverse("admin:index")}
    screens |= {f"{label} list": url for label, url in LISTS.items()}
    for model in MODELS:
        if pages := _pages(model):
            screens[f"{model._meta.label_lower} page"] = pages[0]
    screens["orders.order search"] = f"{LISTS['orders.order']}?q={order.seller_order_id}"
    screens["cent ledger"] = reverse("admin:cent_ledger", args=[order.pk])
    screens["report mapping"] = reverse("admin:report", args=["mapping"])
    screens["report mapping, all columns"] = screens["report mapping"] + "?columns=all"
    screens["promise audit"] = reverse("admin:report", args=["promises"])
    screens["promises, order by order"] = reverse("admin:report", args=["promises-orders"])
    screens["promised then and now"] = reverse("admin:promise_now", args=[order.pk])
    screens["needs attention"] = reverse("admin:attention")
    screens["radar"] = reverse("admin:radar")
    screens["reconciliations"] = reverse("admin:reconciliations")
    screens["packing queue"] = reverse("admin:packing_queue")
    screens["packing order"] = reverse("admin:packing_order", args=[order.seller_order_id])
    return screens


def test_no_screen_takes_more_queries_than_it_did(scene: Order, superuser: Client):
    counted = {name: _counted(superuser, url) for name, url in _screens(scene).items()}
    if os.environ.get("UPDATE_QUERY_COUNTS"):
        BASELINE.write_text(json.dumps(counted, indent=2, sort_keys=True) + "\n")
    assert counted == json.loads(BASELINE.read_text())


@pytest.mark.parametrize(
    "screen",
    ["overview", "orders.order list", "orders.order search", "packing queue", "packing order"],
)
def test_more_orders_do_not_take_more_queries(screen: str, scene: Order, superuser: Client):
    url = _screens(scene)[screen]
    before = _counted(superuser, url)
    for _one in range(5):
        an_order(Line("1001"), Line("1002"))
    assert _counted(superuser, url) == before


def test_more_lines_do_not_take_more_queries_on_the_page_of_an_order(superuser: Client):
    small, large = an_order(Line("1001")), an_order(*(Line(str(1001 + i)) for i in range(6)))
    pages = [reverse("admin:orders_order_change", args=[order.pk]) for order in (small, large)]
    counts = {_counted(superuser, page) for page in pages}
    assert len(counts) == 1


def test_no_list_counts_a_table_that_may_be_huge(scene: Order, superuser: Client):
    huge = (
        "orders.order",
        "sellers.sku",
        "sellers.stockmovement",
        "sellers.freightrate",
        "sellers.hold",
        "sellers.outboxmessage",
        "orders.orderevent",
        "sellers.stocklevel",
    )
    for label in huge:
        with CaptureQueriesContext(connection) as queries:
            superuser.get(LISTS[label])
        counting = [q["sql"] for q in queries if q["sql"].startswith("SELECT COUNT(*)")]
        assert counting == [], label
