"""A manager decides about changes of orders on the order's page; the warehouse is told to stop."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from orders import shapes
from orders.agreeing import accept_change, hear_agreement
from orders.models import Order, OrderChange
from orders.modifications import modification_of
from orders.modifying import receive_change
from sellers.models import OutboxMessage
from tests.builders import Line, an_order


@pytest.fixture
def change(db: None) -> OrderChange:
    """Of three units of 1001, the marketplace takes one off."""
    order = an_order(Line("1001", quantity=3, price=12345))
    body = {
        "changeRequestId": "c1",
        "reason": "Filomena changed her mind",
        "remove": [{"items": [{"id": "1001", "quantity": 1}]}],
    }
    valid = shapes.CHANGE_ORDER.read(body)
    return receive_change(
        account=order.account,
        path_id=order.marketplace_order_id,
        modification=modification_of(valid, document=body),
        now=timezone.now(),
    )


def _do(client: Client, action: str, order: Order, **values: str) -> int:
    url = reverse(f"admin:orders_order_{action}", args=[order.pk])
    return client.post(url, {"_form_submitted": "on", **values}).status_code


def _page(client: Client, order: Order) -> str:
    return client.get(reverse("admin:orders_order_change", args=[order.pk])).content.decode()


def _offered(client: Client, order: Order) -> list[str]:
    page = client.get(reverse("admin:orders_order_change", args=[order.pk]))
    offered = [*page.context["decisions"], *page.context["actions_detail"]]
    return [str(one["title"]) for one in offered]


def test_offers_what_can_be_decided_to_those_who_decide(
    change: OrderChange, manager: Client, warehouse: Client
):
    both = {"Accept the change", "Refuse the change"}
    assert both <= set(_offered(manager, change.order))
    assert "Carry out the change" not in _offered(manager, change.order)
    accept_change(change=change, now=timezone.now(), actor=None)
    assert both & set(_offered(manager, change.order)) == {"Refuse the change"}
    assert _offered(warehouse, change.order) == []


def test_shows_what_would_change(change: OrderChange, manager: Client):
    page = _page(manager, change.order)
    for words in ("1001: 3 → 2", "Filomena changed her mind", "-R$ 123,45", "to be decided"):
        assert words in page, words


def test_shows_the_warehouse_units_but_neither_money_nor_words(
    change: OrderChange, warehouse: Client
):
    page = _page(warehouse, change.order)
    assert "1001: 3 → 2" in page
    assert "Filomena" not in page
    assert "123,45" not in page


def test_accepts(change: OrderChange, manager: Client):
    _do(manager, "accept_change", change.order)
    change.refresh_from_db()
    assert change.status == "acknowledged"
    assert OutboxMessage.objects.get().kind == "change-agreement"
    entry = change.order.timeline.get(code="change-accepted")
    assert entry.actor
    assert entry.actor.username == "manager"


def test_refuses_with_a_reason_only(change: OrderChange, manager: Client):
    _do(manager, "refuse_change", change.order, reason=" ")
    change.refresh_from_db()
    assert change.status == "received"
    _do(manager, "refuse_change", change.order, reason="packed already")
    change.refresh_from_db()
    assert (change.status, change.answer_reason) == ("refused", "packed already")


def test_the_warehouse_decides_nothing(change: OrderChange, warehouse: Client):
    for action in ("accept_change", "refuse_change", "finish_change"):
        assert _do(warehouse, action, change.order, reason="no") == 403
    change.refresh_from_db()
    assert change.status == "received"


def test_lists_orders_with_an_open_change_and_counts_them(change: OrderChange, manager: Client):
    an_order()
    look = "/admin/orders/order/?work=change"
    assert list(manager.get(look).context["cl"].result_list) == [change.order]
    attention = manager.get(reverse("admin:index")).context["attention"]
    counts = {figure.label: figure.count for figure in attention}
    assert counts["A change of an order waits for an answer"] == "1"


def test_tells_the_packer_to_stop_until_the_change_is_carried_out(
    change: OrderChange, warehouse: Client
):
    order, url = change.order, "admin:packing_order"
    page = reverse(url, args=[order.seller_order_id])
    assert "until a manager has decided" in warehouse.get(page).content.decode()
    accept_change(change=change, now=timezone.now(), actor=None)
    assert "once the marketplace confirms" in warehouse.get(page).content.decode()
    hear_agreement(
        account=order.account,
        path_id=order.marketplace_order_id,
        request_id="c1",
        agreement="Confirmation",
        now=timezone.now(),
    )
    shown = warehouse.get(page).content.decode()
    assert "0 / 2" in shown
    assert 'class="stop"' not in shown
