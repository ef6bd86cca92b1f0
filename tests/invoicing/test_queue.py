"""The work queue: what is open, soonest due first, and any id finds its order."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import unquote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from invoicing import packing, tracking
from invoicing.screens import queue as screen
from orders.models import Order
from orders.states import Status
from sellers.models import ShippingPolicy
from tests.builders import Line, a_seller, an_order, staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana(client: Client) -> Client:
    client.force_login(staff("ana"))
    return client


def shown(client: Client, **query: str) -> list[str]:
    page = client.get(reverse("admin:packing_queue"), query).content.decode()
    return re.findall(r'data-order="([^"]+)"', page)


def due(hours: float) -> Order:
    return an_order(due_at=timezone.now() + timedelta(hours=hours))


def test_lists_open_work_soonest_due_first_and_nothing_else(ana: Client) -> None:
    later, late, no_time = due(30), due(-1), an_order(due_at=None)
    for status in (Status.RESERVED, Status.CANCELLED, Status.INVOICED, Status.DELIVERED):
        an_order(status=status)
    ids = [order.marketplace_order_id for order in (late, later, no_time)]
    assert shown(ana) == ids


def test_says_how_late_in_words_and_shape(ana: Client) -> None:
    due(-0.6)
    due(1)
    page = ana.get(reverse("admin:packing_queue")).content.decode()
    assert "late by 36 min" in page or "late by 35 min" in page
    assert "▲" in page and "◆" in page


def test_pages_by_key_without_losing_or_repeating(
    ana: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screen, "PAGE", 2)
    same = timezone.now() + timedelta(hours=3)
    orders = [an_order(due_at=at) for at in (same, same, same, None, None)]
    seen, after = [], ""
    for _page in range(4):
        page = ana.get(reverse("admin:packing_queue"), {"after": after}).content.decode()
        seen += re.findall(r'data-order="([^"]+)"', page)
        more = re.search(r'class="more"><a href="[^"]*after=([^"]+)"', page)
        if not more:
            break
        after = unquote(more[1])
    assert seen == [order.marketplace_order_id for order in orders]


@pytest.mark.parametrize("after", ["nonsense", ",", "x,5", ",99999999999999999999"])
def test_survives_a_cursor_somebody_made_up(ana: Client, after: str) -> None:
    answer = ana.get(reverse("admin:packing_queue"), {"after": after})
    assert answer.status_code == 200


def queries(client: Client) -> int:
    with CaptureQueriesContext(connection) as captured:
        client.get(reverse("admin:packing_queue"))
    assert not any("COUNT(*)" in query["sql"] for query in captured.captured_queries)
    return len(captured)


def test_asks_the_same_few_queries_for_one_order_and_for_many(ana: Client) -> None:
    an_order(Line("1001", 2), Line("2002"))
    few = queries(ana)
    for _order in range(30):
        an_order(Line("1001"), Line("2002", 2))
    assert queries(ana) == few


@pytest.mark.parametrize("field", ["marketplace_order_id", "seller_order_id"])
def test_a_whole_order_id_opens_the_order(ana: Client, field: str) -> None:
    order = an_order()
    answer = ana.get(reverse("admin:packing_queue"), {"q": f" {getattr(order, field)}\r"})
    assert answer.headers["Location"] == reverse(
        "admin:packing_order", args=[order.seller_order_id]
    )


def test_invoice_key_and_tracking_numbers_open_the_order(ana: Client) -> None:
    order, _other = an_order(), an_order()
    now = timezone.now()
    package = packing.open_package(order=order, now=now, actor=None)
    packing.put(package=package, line=order.lines.get(), quantity=1, now=now, actor=None)
    packing.close(package=package, number="NF-77", now=now, actor=None)
    tracking.enter_tracking(
        package=package,
        courier="Correios",
        number="QB123456785BR",
        url="",
        dispatched_on=timezone.localdate(now, order.account.zone),
        now=now,
        actor=None,
    )
    for text in ("NF-77", "QB123456785BR"):
        answer = ana.get(reverse("admin:packing_queue"), {"q": text})
        assert order.seller_order_id in answer.headers["Location"]


def test_the_beginning_of_an_id_lists_what_fits(ana: Client) -> None:
    orders = [an_order(marketplace_order_id=f"99-{i}") for i in range(2)]
    assert sorted(shown(ana, q="99-")) == [order.marketplace_order_id for order in orders]
    assert shown(ana, q="nothing-like-it") == []


def test_says_the_hour_and_calls_the_delivery_option_by_its_name(ana: Client) -> None:
    account = a_seller(timezone="America/Sao_Paulo")
    ShippingPolicy.objects.create(account=account, ref="eco", name="Economy, by road")
    at = timezone.localtime(timezone.now() + timedelta(days=2), account.zone)
    order = an_order(account=account, due_at=at.replace(hour=15, minute=5))
    order.lines.update(policy_ref="eco")
    page = ana.get(reverse("admin:packing_queue")).content.decode()
    assert "Economy, by road" in page and ", 15:05</small>" in page
