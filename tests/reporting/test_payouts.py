"""Payouts: what an order is to bring, what is in the way, and how much that is worth."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from invoicing.models import Invoice, Package, Return
from orders.models import Order
from orders.states import Status
from reporting import reading
from reporting.asking import Asking
from reporting.payouts.report import PAYOUTS
from sellers.models import OutboxMessage
from tests.builders import NOW, Line, a_seller, an_order
from tests.reporting.books import an_invoice, finish, packed

pytestmark = pytest.mark.django_db
URL = reverse("admin:report", args=["payouts"])


def _row(order: Order) -> dict[str, Any]:
    page = reading.page_of(Asking(PAYOUTS, {}, NOW), PAYOUTS.columns, size=1000)
    return dict(next(row for row in page.rows if row["key"] == order.pk))


def _money(order: Order) -> tuple[int, int, int]:
    row = _row(order)
    return row["commissions"], row["expected"], row["at_risk"]


def _listed(client: Client, query: str) -> list[str]:
    response = client.get(f"{URL}?{query}")
    assert response.status_code == 200, response.context["problem"]
    return [row[0][0].text for row in response.context["rows"]]


def _sent(order: Order) -> None:
    """The marketplace has taken its invoices."""
    messages = OutboxMessage.objects.filter(subject=order.marketplace_order_id)
    assert messages.update(status="delivered", settled_at=NOW)


def _blocked_in_every_way() -> dict[str, Order]:
    """One order for each blocker."""
    orders = {name: an_order() for name in ("invoice", "unsent", "tracking", "delivery", "none")}
    orders["return"] = an_order()
    for name, order in orders.items():
        if name != "invoice":
            packed(order, {0: 1})
        if name not in ("invoice", "unsent"):
            _sent(order)
        if name not in ("invoice", "unsent", "tracking"):
            Package.objects.filter(order=order).update(tracking_number="AA123456785BR")
    for name in ("none", "return"):
        finish(orders[name], Status.DELIVERED)
        Order.objects.filter(pk=orders[name].pk).update(delivered_at=timezone.now())
    Return.objects.create(order=orders["return"], number=1, key="k", received_at=NOW)
    return orders


def test_expects_what_the_marketplace_pays_less_commissions():
    order = an_order(Line(quantity=2, price=1700, discount=100, freight=1000))
    order.lines.update(commission=15, freight_commission=5)
    # 15 % of 33.00 = 4.95; 5 % of 10.00 = 0.50; 43.00 − 5.45 = 37.55.
    assert _money(order) == (545, 3755, 3755)


def test_commissions_fall_with_what_comes_back():
    order = an_order(Line(quantity=3, price=1000), status=Status.DELIVERED)
    order.lines.update(commission=10)
    an_invoice(order, 3000)
    an_invoice(order, 1000, units=1, kind=Invoice.Kind.INPUT)
    # 10 % of 30.00, of which two thirds are kept: 2.00; 20.00 − 2.00 = 18.00.
    assert _money(order)[:2] == (200, 1800)


def test_without_commissions_all_of_it_is_expected():
    assert _money(an_order(Line(price=1700)))[:2] == (0, 1700)


@pytest.mark.parametrize(
    "status", [Status.RESERVED, Status.EXPIRED, Status.CANCELLED, Status.RETURNED]
)
def test_leaves_out_what_brings_nothing(manager: Client, status: Status):
    finish(an_order(), status)
    assert _listed(manager, "") == []


def test_says_what_is_first_in_the_way_and_the_value_at_risk():
    orders = _blocked_in_every_way()
    assert {name: _row(order)["blocker"] for name, order in orders.items()} == {
        name: name for name in orders
    }
    assert {name: _row(order)["at_risk"] for name, order in orders.items()} == {
        name: 0 if name == "none" else 1700 for name in orders
    }


def test_filters_by_what_is_in_the_way_as_the_rows_say_it(manager: Client):
    orders = _blocked_in_every_way()
    for name, order in orders.items():
        assert _listed(manager, f"blocker={name}") == [order.marketplace_order_id]
    assert len(_listed(manager, "blocker=blocked")) == len(orders) - 1


def test_leads_to_where_it_is_mended(manager: Client):
    orders = _blocked_in_every_way()
    links = {}
    response = manager.get(URL)
    for row in response.context["rows"]:
        links[row[0][0].text] = row[-1][0].link
    for name, order in orders.items():
        link = links[order.marketplace_order_id]
        if name == "none":
            assert link is None
        else:
            assert manager.get(link).status_code == 200, link


def test_adds_up_each_blocker_and_leads_to_its_orders(manager: Client):
    orders = _blocked_in_every_way()
    an_order(Line(price=300), account=a_seller("usa", currency="USD"))
    page = manager.get(reverse("admin:payouts"))
    found = {tile.title: (tile.count, tile.cents) for tile in page.context["blocked"]}
    assert found == {
        "open return": (1, "R$ 17,00"),
        "no invoice": (2, "R$ 17,00 + USD 3.00"),
        "invoice not at the marketplace": (1, "R$ 17,00"),
        "no tracking": (1, "R$ 17,00"),
        "not delivered": (1, "R$ 17,00"),
    }
    free = page.context["free"]
    assert (free.count, free.cents) == (1, "R$ 17,00")
    for tile in [*page.context["blocked"], free]:
        rows = manager.get(tile.link).context["rows"]
        assert len(rows) == tile.count
    Order.objects.filter(pk=orders["none"].pk).update(
        delivered_at=timezone.now() - timedelta(days=40)
    )
    assert manager.get(reverse("admin:payouts")).context["free"].count == 0


def test_is_for_managers_alone(packer: Client, manager: Client):
    for url in (URL, reverse("admin:payouts")):
        assert packer.get(url).status_code == 403
        assert manager.get(url).status_code == 200
    menu = reverse("admin:payouts").encode()
    assert menu in manager.get(reverse("admin:index")).content
    assert menu not in packer.get(reverse("admin:index")).content
