"""Open orders are compared with the marketplace: what hook and feed left out is noticed."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import responses
from django.utils import timezone

from orders import sweeping
from orders.models import OrderEvent
from orders.states import Status
from orders.tasks import sweep_orders
from tests.builders import a_placement, an_order
from tests.orders.events import a_document, an_event, hear, order_url, the_order


def swept_in(hours: float) -> int:
    later = timezone.now() + timedelta(hours=hours)
    return sweeping.sweep(clock=lambda: later, budget_seconds=10)


def test_compares_an_open_order_that_was_not_compared_for_hours(vtex, oms):
    vtex.placed(a_placement())
    oms.get(order_url(), json=a_document("payment-pending"))
    assert swept_in(hours=5) == 0
    assert len(oms.calls) == 0
    assert swept_in(hours=7) == 1
    assert hear(vtex) == ["noted"]
    assert the_order().marketplace_status == "payment-pending"
    assert swept_in(hours=8) == 0
    assert len(oms.calls) == 1
    assert swept_in(hours=14) == 0, "compared again, nothing new"
    assert len(oms.calls) == 2


def test_keeps_nothing_of_the_shopper_from_a_comparison(vtex, oms):
    vtex.placed(a_placement())
    oms.get(order_url(), json=a_document("payment-pending"))
    swept_in(hours=7)
    assert "filomena" not in json.dumps(OrderEvent.objects.get().document).lower()


@pytest.mark.parametrize("last_change", [None, "", "soon", 7])
def test_dates_a_comparison_by_itself_when_the_document_does_not(vtex, oms, last_change):
    vtex.placed(a_placement())
    hear(vtex, an_event("payment-pending"))
    oms.get(order_url(), json=a_document("canceled", lastChange=last_change))
    swept_in(hours=7)
    assert hear(vtex) == ["noted", "stopped"]


def test_a_comparison_does_not_overtake_what_came_after_it(vtex, oms):
    """The order was touched at 12:30 without a change of status; the next status is of 12:31."""
    vtex.placed(a_placement())
    oms.get(order_url(), json=a_document("payment-pending"))
    swept_in(hours=7)
    later = an_event("payment-approved", CurrentChange="2026-03-02T12:31:00.5Z")
    assert hear(vtex, later) == ["noted", "noted"]
    assert the_order().marketplace_status == "payment-approved"


def test_compares_only_what_could_still_be_stopped(acme, oms):
    for status in (Status.SHIPPED, Status.DELIVERED, Status.CANCELLED, Status.RETURNED):
        an_order(status=status)
    assert sweeping.compare_all(acme) == 0
    assert swept_in(hours=24 * 365) == 0


@pytest.mark.parametrize("status", [401, 403, 429, 500])
def test_stops_comparing_when_the_marketplace_does_not_answer_and_forgets_nothing(
    acme, oms, status
):
    orders = [an_order() for _ in range(3)]
    oms.add(responses.GET, order_url(orders[0].marketplace_order_id), status=status)
    for order in orders[1:]:
        oms.add(responses.GET, order_url(order.marketplace_order_id), status=status)
    sweeping.compare_all(acme)
    assert sweep_orders() == 0
    assert len(oms.calls) == 1
    assert sweeping._due(timezone.now() + timedelta(hours=1)).count() == 3
