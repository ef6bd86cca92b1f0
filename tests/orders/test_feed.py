"""The feed beside the hook, and the watchdog that makes either anew."""

from __future__ import annotations

import json
from typing import Any

import pytest
import responses
from django.conf import settings as configured

from orders.models import OrderEvent
from orders.states import Status
from orders.tasks import read_feed, read_feeds, sweep_orders, watch_hooks
from sellers.marketplace.subscribing import DOCUMENTED_STATUSES
from sellers.models import SellerAccount
from tests.builders import a_placement, a_seller, an_order
from tests.orders.conftest import levels
from tests.orders.events import (
    FEED_CONFIG_URL,
    FEED_URL,
    FROM_ORDERS,
    HOOK_CONFIG_URL,
    NOT_FOUND,
    PORTAL,
    WORKFLOW,
    a_document,
    a_feed_row,
    an_event,
    configured_with,
    hear,
    nothing_configured,
    order_url,
    the_order,
)


@pytest.fixture
def reader(acme, settings):
    """The account, reading its feed."""
    settings.PORTAL_URL = PORTAL
    SellerAccount.objects.update(reads_feed=True)
    acme.refresh_from_db()
    return acme


def feed_gives(oms: responses.RequestsMock, *lots: list[Any]) -> None:
    """Lot after lot, then nothing; whatever is taken off is taken."""
    for lot in (*lots, []):
        oms.add(responses.GET, FEED_URL, json=lot)
    oms.add(responses.POST, FEED_URL, status=200)


def taken_off(oms: responses.RequestsMock) -> list[list[str]]:
    return [
        json.loads(call.request.body or "{}")["handles"]
        for call in oms.calls
        if call.request.method == "POST" and call.request.url == FEED_URL
    ]


def told() -> list[tuple[str, str]]:
    """What the watchdog put before staff."""
    rows = OrderEvent.objects.filter(source="watch", flagged_at__isnull=False)
    return list(rows.order_by("pk").values_list("state", "outcome"))


def test_reads_lot_after_lot_until_the_feed_is_empty(vtex, reader, oms):
    vtex.placed(a_placement())
    first = [a_feed_row("payment-pending", at=1), a_feed_row("payment-approved", at=2)]
    feed_gives(oms, first, [a_feed_row("invoiced", at=3)])
    assert read_feed(reader.pk) == 3
    assert taken_off(oms) == [["H1", "H2"], ["H3"]]
    assert hear(vtex) == ["noted"] * 3
    assert the_order().marketplace_status == "invoiced"
    assert "maxlot=10" in oms.calls[0].request.url
    assert "H1" not in json.dumps(list(OrderEvent.objects.values_list("document", flat=True)))


def test_has_one_effect_beside_the_hook(vtex, reader, oms):
    vtex.placed(a_placement())
    written_shorter = a_feed_row("canceled", at=1, lastChange="2026-03-02T12:00:01.1Z")
    feed_gives(oms, [written_shorter])
    event = an_event("canceled", at=1, LastChange="2026-03-02T12:00:01.1000000Z")
    assert hear(vtex, event) == ["stopped"]
    assert read_feed(reader.pk) == 0
    assert hear(vtex) == ["stopped"]
    assert taken_off(oms) == [["H1"]], "what the hook told already is taken off too"
    assert levels() == {("1001", "sp"): (10, 0)}


def test_takes_nothing_off_that_could_not_be_stored(reader, oms, monkeypatch):
    feed_gives(oms, [a_feed_row(at=1)])

    def fails(**facts):
        raise OSError("the disk is full")

    monkeypatch.setattr("orders.listening.store_event", fails)
    with pytest.raises(OSError, match="full"):
        read_feed(reader.pk)
    assert taken_off(oms) == []
    assert not OrderEvent.objects.exists()


@pytest.mark.parametrize(
    "row",
    [
        {"handle": "H9", "state": "invoiced"},
        {"handle": "H9", "orderId": None},
        {"handle": "H9", "orderId": "y" * 61},
        {"handle": "H9", "orderId": {"a": "\0"}},
    ],
)
def test_keeps_what_is_no_event_for_staff_and_reads_on(vtex, reader, oms, row):
    vtex.placed(a_placement())
    feed_gives(oms, [row, row, a_feed_row(at=2, future={"text": "a\0b"})])
    read_feed(reader.pk)
    assert sorted(hear(vtex)) == ["noted", "unreadable"]
    assert taken_off(oms) == [["H9", "H9", "H2"]]
    assert OrderEvent.objects.get(flagged_at__isnull=False).outcome == "unreadable"


@pytest.mark.parametrize("answer", [{"a": 1}, [None, 7, "x"]])
def test_is_not_thrown_by_a_feed_that_is_none(reader, oms, answer):
    oms.get(FEED_URL, json=answer)
    oms.get(FEED_URL, json=[])
    read_feed(reader.pk)
    assert taken_off(oms) == []


@pytest.mark.parametrize("status", [429, 500, 503])
def test_leaves_the_feed_alone_while_the_marketplace_is_in_trouble(reader, oms, status):
    oms.get(FEED_URL, status=status)
    assert read_feed(reader.pk) == 0
    assert told() == []


@pytest.mark.parametrize("status", [401, 403])
def test_tells_staff_once_that_the_feed_is_refused(reader, oms, status):
    oms.get(FEED_URL, status=status, json=NOT_FOUND)
    for _minute in range(3):
        read_feed(reader.pk)
    assert told() == [("feed-refused", "refused")]


def test_reads_only_feeds_that_were_asked_for(acme, oms):
    a_seller("rival", reads_feed=True, is_active=False)
    assert read_feeds() == 0
    assert read_feed(acme.pk) == 0
    SellerAccount.objects.filter(pk=acme.pk).update(reads_feed=True)
    assert read_feeds() == 1


def test_makes_a_dropped_feed_anew_compares_open_orders_and_tells_a_manager(vtex, reader, oms):
    vtex.placed(a_placement())
    oms.get(FEED_URL, status=404, json=NOT_FOUND)
    nothing_configured(oms)
    oms.get(order_url(), json=a_document("canceled"))
    read_feed(reader.pk)
    (config,) = configured_with(oms, FEED_CONFIG_URL)
    assert config["filter"] == {"type": "FromWorkflow", "status": list(DOCUMENTED_STATUSES)}
    assert told() == [("feed-dropped", "made-anew")]
    assert sweep_orders() == 1
    assert hear(vtex) == ["made-anew", "stopped"]
    assert the_order().status == Status.CANCELLED
    assert levels() == {("1001", "sp"): (10, 0)}


def test_tells_a_manager_once_when_a_dropped_feed_can_not_be_made_anew(reader, oms):
    oms.get(FEED_URL, status=404, json=NOT_FOUND)
    oms.get(FEED_CONFIG_URL, status=404, json=NOT_FOUND)
    oms.get(HOOK_CONFIG_URL, json=FROM_ORDERS)
    open_order = an_order()
    oms.get(order_url(open_order.marketplace_order_id), json=a_document())
    for _minute in range(3):
        read_feed(reader.pk)
        sweep_orders()
    assert told() == [("feed-dropped", "not-made")]
    assert sum("/pvt/orders/" in str(call.request.url) for call in oms.calls) == 1
    reader.refresh_from_db()
    assert reader.reads_feed, "tried again every minute"


def test_tries_again_without_alarm_while_the_marketplace_is_in_trouble(reader, oms):
    oms.get(FEED_URL, status=404, json=NOT_FOUND)
    oms.get(HOOK_CONFIG_URL, status=503)
    read_feed(reader.pk)
    assert told() == []


def test_makes_a_dropped_hook_anew_and_tells_a_manager(reader, oms):
    SellerAccount.objects.update(has_hook=True)
    nothing_configured(oms)
    assert watch_hooks() == 1
    (config,) = configured_with(oms, HOOK_CONFIG_URL)
    assert config["hook"]["url"] == f"{PORTAL}/api/{reader.endpoint_key}/hook"
    assert told() == [("hook-dropped", "made-anew")]


def test_registers_the_hook_again_under_a_new_endpoint_key(reader, oms):
    SellerAccount.objects.update(has_hook=True)
    url = f"{PORTAL}/api/{'f' * 22}/hook"
    oms.get(HOOK_CONFIG_URL, json=WORKFLOW | {"hook": {"url": url}})
    oms.get(FEED_CONFIG_URL, status=404, json=NOT_FOUND)
    oms.post(HOOK_CONFIG_URL, status=200)
    watch_hooks()
    (config,) = configured_with(oms, HOOK_CONFIG_URL)
    assert config["hook"]["url"] == f"{PORTAL}/api/{reader.endpoint_key}/hook"
    assert told() == []


def test_leaves_a_hook_that_is_right_as_it_is(reader, oms):
    SellerAccount.objects.update(has_hook=True)
    url = f"{PORTAL}/api/{reader.endpoint_key}/hook"
    oms.get(HOOK_CONFIG_URL, json=WORKFLOW | {"hook": {"url": url}})
    watch_hooks()
    assert configured_with(oms, HOOK_CONFIG_URL) == []


def test_the_worker_does_all_this_by_itself():
    beat = {entry["task"]: entry["schedule"] for entry in configured.CELERY_BEAT_SCHEDULE.values()}
    assert beat["orders.tasks.read_feeds"] <= 60
    assert beat["orders.tasks.sweep_orders"] <= 60
    assert beat["orders.tasks.watch_hooks"] <= 3600
