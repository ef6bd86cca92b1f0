"""A manager decides about cancellations and problems on the order's page."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from orders.models import Order
from orders.states import Status
from sellers.models import OutboxMessage, StockLevel
from tests.builders import an_order


def _do(client: Client, action: str, order: Order, **values: str) -> int:
    url = reverse(f"admin:orders_order_{action}", args=[order.pk])
    return client.post(url, {"_form_submitted": "on", **values}).status_code


def _offered(client: Client, order: Order) -> list[str]:
    page = client.get(reverse("admin:orders_order_change", args=[order.pk]))
    offered = [*page.context["decisions"], *page.context["actions_detail"]]
    return [str(one["title"]) for one in offered]


@pytest.fixture
def asked(db: None) -> Order:
    return an_order(status=Status.CANCEL_REQUESTED, cancel_asked_at=timezone.now())


def test_offers_what_can_be_decided(asked: Order, manager: Client, warehouse: Client):
    assert _offered(manager, asked) == ["Accept the cancellation", "Refuse the cancellation"]
    assert _offered(manager, an_order()) == ["Cancel the order"]
    assert _offered(manager, an_order(status=Status.DELIVERED)) == []
    assert _offered(warehouse, asked) == []


def test_accepts_a_cancellation_and_gives_the_stock_back(asked: Order, manager: Client):
    _do(manager, "accept_cancellation", asked)
    asked.refresh_from_db()
    assert asked.status == Status.CANCELLED
    assert StockLevel.objects.get().held == 0
    assert OutboxMessage.objects.get().kind == "cancel"


def test_refuses_a_cancellation(asked: Order, manager: Client):
    _do(manager, "refuse_cancellation", asked, reason="already in the van")
    asked.refresh_from_db()
    assert asked.status == Status.HANDLING


def test_cancels_with_a_reason_only(manager: Client):
    order = an_order()
    for choice, words in (("", " "), ("", "in words alone"), ("other", " "), ("made-up", "x")):
        _do(manager, "cancel_order", order, choice=choice, words=words)
        order.refresh_from_db()
        assert order.status == Status.AUTHORIZED
    _do(manager, "cancel_order", order, choice="damaged", words="fell off the shelf")
    order.refresh_from_db()
    assert (order.status, order.cancel_reason) == (
        Status.CANCELLED,
        "Damaged in the warehouse: fell off the shelf",
    )


def test_cancels_for_another_reason_in_words_of_ones_own(manager: Client):
    order = an_order()
    _do(manager, "cancel_order", order, choice="other", words="the van broke down")
    order.refresh_from_db()
    assert (order.status, order.cancel_reason) == (Status.CANCELLED, "the van broke down")


def test_settles_a_problem(manager: Client):
    order = an_order(flagged_at=timezone.now())
    look = "/admin/orders/order/?work=look"
    assert list(manager.get(look).context["cl"].result_list) == [order]
    _do(manager, "mark_seen", order)
    assert list(manager.get(look).context["cl"].result_list) == []


def test_the_warehouse_decides_nothing(asked: Order, warehouse: Client):
    for action in ("accept_cancellation", "refuse_cancellation", "cancel_order", "mark_seen"):
        assert _do(warehouse, action, asked, choice="damaged") == 403
    asked.refresh_from_db()
    assert asked.status == Status.CANCEL_REQUESTED
