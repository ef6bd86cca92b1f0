"""Events that were stored are acted on: at least once, with the effect of once, in their order."""

from __future__ import annotations

import logging
from datetime import timedelta
from itertools import permutations

import pytest
from django.db import connection
from django.utils import timezone

from orders import following, statuses
from orders.erasing import erase_personal_data
from orders.models import Order, OrderEvent, TimelineEntry
from orders.states import Status
from orders.tasks import process_events
from sellers.marketplace.subscribing import DOCUMENTED_STATUSES
from sellers.models import Hold
from tests.builders import a_placement, an_order
from tests.orders.conftest import levels
from tests.orders.events import THEIRS, a_document, an_event, hear, order_url, outcomes, the_order

STOPS = ("canceled", "order-create-error", "order-creation-error")
NOTES = sorted({*DOCUMENTED_STATUSES} - {*STOPS, "replaced"})


def follow_in(minutes: float) -> int:
    """A run of the worker some time from now."""
    return following.follow(
        clock=lambda: timezone.now() + timedelta(minutes=minutes), budget_seconds=10
    )


def test_every_documented_status_has_an_effect():
    assert set(DOCUMENTED_STATUSES) <= set(statuses.STATUSES)
    stops = {status for status, row in statuses.STATUSES.items() if row.effect == "stop"}
    assert stops == set(STOPS)


@pytest.mark.parametrize("state", NOTES)
def test_notes_a_status_and_moves_nothing(vtex, state):
    vtex.placed(a_placement())
    before = levels()
    assert hear(vtex, an_event(state)) == ["noted"]
    order = the_order()
    assert (order.marketplace_status, order.status) == (state, "reserved")
    assert order.flagged_at is None
    assert levels() == before


def test_shows_a_new_status_on_the_timeline_once(vtex):
    vtex.placed(a_placement())
    hear(vtex, an_event("payment-pending", at=1), an_event("payment-pending", at=2))
    told = TimelineEntry.objects.filter(code="marketplace-status").values_list("facts", flat=True)
    assert list(told) == [{"state": "payment-pending"}]


def test_stores_logs_and_notes_a_status_nobody_documented(vtex, caplog):
    vtex.placed(a_placement())
    with caplog.at_level(logging.WARNING, logger="orders.noting"):
        assert hear(vtex, an_event("beamed-aboard")) == ["unknown-status"]
    assert "beamed-aboard" in caplog.text
    assert (the_order().marketplace_status, the_order().status) == ("beamed-aboard", "reserved")


def test_keeps_the_status_when_an_event_has_none(vtex):
    vtex.placed(a_placement())
    assert hear(vtex, an_event("payment-pending"), an_event(None, at=5)) == ["noted", "no-status"]
    assert the_order().marketplace_status == "payment-pending"


@pytest.mark.parametrize("arrival", list(permutations(range(3))))
def test_ends_with_the_newest_status_in_whatever_order_events_come(vtex, arrival):
    vtex.placed(a_placement())
    events = [
        an_event("payment-pending", at=1, LastChange="2026-03-02T12:00:01Z"),
        an_event("approve-payment", at=2, LastChange="2026-03-02T09:00:02.5-03:00"),
        an_event("payment-approved", at=3, LastChange="2026-03-02T12:00:03.25Z"),
    ]
    for number in arrival:
        hear(vtex, events[number])
    assert the_order().marketplace_status == "payment-approved"


def test_orders_the_first_two_changes_by_their_own_moments(vtex):
    """Nothing came before the first one, so both name the same last change."""
    vtex.placed(a_placement())
    first, second = (
        an_event(state, LastChange="2026-03-02T12:00:00Z", CurrentChange=f"2026-03-02T12:00:{at}Z")
        for state, at in (("order-created", "00"), ("payment-pending", "00.0000001"))
    )
    assert hear(vtex, second, first) == ["noted", "out-of-date"]
    assert the_order().marketplace_status == "payment-pending"


@pytest.mark.parametrize("moment", [None, "", "yesterday", "0001-01-01T00:00:00"])
def test_an_event_without_a_moment_overtakes_nothing(vtex, moment):
    vtex.placed(a_placement())
    undated = an_event("payment-pending", LastChange=moment, CurrentChange=moment)
    assert hear(vtex, an_event(at=3), undated) == ["noted", "out-of-date"]
    assert the_order().marketplace_status == "payment-approved"


@pytest.mark.parametrize("state", STOPS)
@pytest.mark.parametrize("paid", [False, True])
def test_stops_an_order_that_is_over_there_and_gives_its_stock_back_once(vtex, state, paid):
    ours = vtex.placed(a_placement())
    if paid:
        vtex.fulfill(ours)
    again = an_event(state, at=30)
    assert hear(vtex, an_event(state, at=20), again) == ["stopped", "noted"]
    assert the_order().status == Status.CANCELLED
    assert levels() == {("1001", "sp"): (10, 0)}
    assert Hold.objects.exclude(state="released").count() == 0
    # Its own cancellation comes too, and is confirmed as usual.
    assert vtex.cancel(ours).status_code == 200
    assert levels() == {("1001", "sp"): (10, 0)}


def test_tells_a_manager_to_put_goods_back_when_packing_had_begun(vtex):
    order = an_order(status=Status.HANDLING)
    assert hear(vtex, an_event("canceled", OrderId=order.marketplace_order_id)) == ["stopped"]
    order.refresh_from_db()
    assert order.status == Status.CANCELLED
    assert order.flagged_at is not None
    assert order.timeline.filter(code="stopped-while-packing").exists()


def test_leaves_an_invoiced_order_to_a_manager(vtex):
    order = an_order(status=Status.INVOICED)
    assert hear(vtex, an_event("canceled", OrderId=order.marketplace_order_id)) == ["raised"]
    order.refresh_from_db()
    assert (order.status, order.flagged_at is None) == (Status.INVOICED, False)
    assert order.timeline.filter(code="over-there-but-invoiced").exists()


def test_tells_a_manager_that_another_order_took_the_place(vtex):
    vtex.placed(a_placement())
    assert hear(vtex, an_event("replaced")) == ["raised"]
    assert (the_order().status, the_order().flagged_at is None) == ("reserved", False)


def test_links_an_order_that_was_placed_under_another_id(vtex, oms):
    ours = vtex.placed(a_placement())
    oms.get(order_url("777888-01"), json=a_document("canceled", sellerOrderId=ours))
    assert hear(vtex, an_event("canceled", OrderId="777888-01")) == ["stopped"]
    assert OrderEvent.objects.get().order == the_order()
    assert the_order().status == Status.CANCELLED


def test_erases_what_a_linked_event_says_beyond_its_status(vtex, oms):
    ours = vtex.placed(a_placement())
    oms.get(order_url("777888-01"), json=a_document("canceled", sellerOrderId=ours))
    hear(vtex, an_event("canceled", OrderId="777888-01", Shopper="Filomena"))
    erase_personal_data(order=the_order(), now=timezone.now(), actor=None)
    assert "Shopper" not in OrderEvent.objects.get().document


def test_waits_for_the_placement_of_an_order_that_was_only_announced(vtex, oms):
    oms.get(order_url(), json=a_document("waiting-for-authorization"))
    assert hear(vtex, an_event("order-created")) == [""]
    assert process_events() == 0
    assert len(oms.calls) == 1, "put off, not asked again at once"
    vtex.placed(a_placement())
    assert follow_in(minutes=1) == 1
    assert outcomes() == ["noted"]
    assert len(oms.calls) == 1


def test_files_an_order_of_ours_that_never_came_for_staff_once(vtex, oms):
    oms.get(order_url(), json=a_document("payment-approved"))
    hear(vtex, an_event("payment-pending", at=1), an_event("payment-approved", at=2))
    follow_in(minutes=16)
    assert outcomes() == ["not-placed", "not-placed"]
    assert OrderEvent.objects.filter(flagged_at__isnull=False).count() == 1


def test_needs_nobody_for_an_order_that_ended_before_it_came(vtex, oms):
    oms.get(order_url(), json=a_document("canceled"))
    assert hear(vtex, an_event("canceled")) == ["never-placed"]
    assert not OrderEvent.objects.filter(flagged_at__isnull=False).exists()


def test_looks_once_at_an_order_of_another_seller(vtex, oms):
    oms.get(order_url(), json=a_document(sellers=[{"id": "rival"}]))
    assert hear(vtex, an_event(at=1), an_event("invoiced", at=2)) == ["other-seller"] * 2
    assert len(oms.calls) == 1
    assert not OrderEvent.objects.filter(flagged_at__isnull=False).exists()


def test_files_an_order_that_the_marketplace_does_not_know_either(vtex, oms):
    oms.get(order_url(), status=404, json={"error": {"code": "OMS007", "message": "x"}})
    assert hear(vtex, an_event()) == [""]
    follow_in(minutes=16)
    assert outcomes() == ["not-found"]


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_asks_again_for_a_day_and_then_asks_staff(vtex, oms, status):
    oms.get(order_url(), status=status)
    assert hear(vtex, an_event()) == [""]
    follow_in(minutes=60)
    assert outcomes() == [""]
    follow_in(minutes=24 * 60 + 1)
    assert outcomes() == ["not-read"]
    assert OrderEvent.objects.get().flagged_at is not None


def test_leaves_a_marketplace_in_trouble_in_peace(vtex, oms):
    oms.get(order_url(), status=429, headers={"Retry-After": "90"})
    hear(vtex, an_event(at=1), an_event("invoiced", at=2))
    assert len(oms.calls) == 1
    soon = timezone.now() + timedelta(seconds=80)
    assert not OrderEvent.objects.filter(due_at__lt=soon).exists()


def test_asks_with_no_transaction_open(vtex, oms):
    def answer(request):
        assert not connection.in_atomic_block
        return (200, {}, "{}")

    oms.add_callback("GET", order_url(), answer)
    hear(vtex, an_event())
    assert len(oms.calls) == 1


def test_an_answer_that_is_no_document_puts_the_event_off(vtex, oms):
    oms.get(order_url(), body="<html>", content_type="text/html")
    assert hear(vtex, an_event()) == [""]


def test_one_event_that_can_not_be_digested_holds_up_nothing(vtex, monkeypatch, caplog):
    other = an_order()
    vtex.placed(a_placement())
    broken = statuses.effect_of

    def effect_of(status):
        if status == "invoice":
            raise RuntimeError("a fault of ours")
        return broken(status)

    monkeypatch.setattr(statuses, "effect_of", effect_of)
    hear(vtex, an_event("invoice"), an_event(OrderId=other.marketplace_order_id))
    assert outcomes() == ["", "noted"]
    assert Order.objects.get(marketplace_order_id=THEIRS).marketplace_status == ""
    monkeypatch.undo()
    follow_in(minutes=6)
    assert outcomes() == ["noted", "noted"]


def test_an_event_of_one_seller_says_nothing_of_anothers_order(vtex, acme, oms):
    from tests.builders import a_seller

    rival = a_seller("rival")
    theirs = an_order(account=rival)
    oms.get(order_url(theirs.marketplace_order_id), json=a_document(sellers=[{"id": "rival"}]))
    hear(vtex, an_event("canceled", OrderId=theirs.marketplace_order_id))
    theirs.refresh_from_db()
    assert (theirs.status, theirs.marketplace_status) == (Status.AUTHORIZED, "")
