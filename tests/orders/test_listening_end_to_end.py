"""Hook and feed side by side over real HTTP, against the marketplace stand-in as a program."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
import requests
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from config.env import BASE_DIR
from orders import following
from orders.models import Order, OrderEvent
from orders.states import Status
from orders.tasks import process_events, read_feed, sweep_orders, watch_hooks
from sandbox.client import StandIn
from sellers.models import SellerAccount
from tests.orders.conftest import levels

KEYS = {"X-VTEX-API-AppKey": "acme-key", "X-VTEX-API-AppToken": "acme-token"}


@pytest.fixture
def marketplace(tmp_path: Path) -> Iterator[StandIn]:
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--data", str(tmp_path)]
    given = ["--app-key", "acme-key", "--app-token", "acme-token", "--seller-id", "acme"]
    program = subprocess.Popen([*command, *given], cwd=BASE_DIR, stdout=subprocess.PIPE, text=True)
    assert program.stdout is not None
    words = program.stdout.readline().split()
    yield StandIn(next(word for word in words if word.startswith("http")))
    program.terminate()
    program.communicate(timeout=10)


@pytest.fixture
def shop(acme: SellerAccount, marketplace: StandIn, live_server, settings) -> SellerAccount:
    """The portal and the marketplace know each other; hook and feed are configured."""
    settings.PORTAL_URL = live_server.url
    settings.OUTBOUND_RATE_PER_SECOND, settings.OUTBOUND_BURST = 1000.0, 1000
    acme.marketplace_url = marketplace.base_url
    acme.save()
    marketplace.connect(portal=live_server.url + acme.fulfillment_path)
    call_command("marketplace_events", "create-hook", "acme", stdout=StringIO())
    call_command("marketplace_events", "create-feed", "acme", stdout=StringIO())
    acme.refresh_from_db()
    assert (acme.has_hook, acme.reads_feed) == (True, True)
    return acme


def until(condition: Callable[[], object], seconds: float = 20) -> None:
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "it did not come to that"
        time.sleep(0.02)


def at_the_marketplace(marketplace: StandIn, method: str, path: str) -> requests.Response:
    return requests.request(method, marketplace.base_url + path, json={}, headers=KEYS, timeout=10)


def drop(marketplace: StandIn, *ways: str) -> None:
    """As VTEX does after days of silence."""
    for way in ways:
        path = f"/api/orders/{way}/config"
        assert at_the_marketplace(marketplace, "DELETE", path).status_code == 200


def sell(marketplace: StandIn) -> str:
    placed = marketplace.place([{"id": "1001", "quantity": 2}], fulfill=True)
    assert not placed["refused"], placed
    return str(placed["orders"][0]["marketplaceOrderId"])


def test_hook_and_feed_side_by_side_have_one_effect(shop, marketplace):
    marketplace.knobs(hook_repeat_rate=1, hook_spread_ms=300, seed=5)
    orders = [sell(marketplace) for _ in range(3)]
    until(lambda: read_feed(shop.pk) == 0 and marketplace.unanswered_hooks() == 0)
    process_events()
    histories = [marketplace.order(order_id)["history"] for order_id in orders]
    told = OrderEvent.objects.values_list("marketplace_order_id", "state")
    said = [(o, state) for o, steps in zip(orders, histories, strict=True) for state, _at in steps]
    assert sorted(told) == sorted(said), "each step once, however often it was told"
    assert set(OrderEvent.objects.values_list("outcome", flat=True)) <= {"noted", "out-of-date"}
    for order in Order.objects.all():
        assert (order.marketplace_status, order.status) == ("payment-approved", "authorized")
    feed = at_the_marketplace(marketplace, "GET", "/api/orders/feed/config").json()
    assert feed["quantity"] == 0


def test_a_cancellation_told_twice_gives_stock_back_once(shop, marketplace):
    order_id = sell(marketplace)
    path = f"/api/oms/pvt/orders/{order_id}/cancel"
    assert at_the_marketplace(marketplace, "POST", path).status_code == 200
    until(lambda: marketplace.unanswered_hooks() == 0)
    process_events()
    read_feed(shop.pk)
    process_events()
    assert Order.objects.get().status == Status.CANCELLED
    assert levels() == {("1001", "sp"): (10, 0)}
    assert OrderEvent.objects.filter(outcome="stopped").count() == 1


def test_what_happened_while_both_were_dropped_is_found_within_one_poll(shop, marketplace):
    order_id = sell(marketplace)
    drop(marketplace, "hook", "feed")
    path = f"/api/oms/pvt/orders/{order_id}/cancel"
    assert at_the_marketplace(marketplace, "POST", path).status_code == 200
    read_feed(shop.pk)
    watch_hooks()
    sweep_orders()
    process_events()
    assert Order.objects.get().status == Status.CANCELLED
    assert levels() == {("1001", "sp"): (10, 0)}
    to_look_at = OrderEvent.objects.filter(flagged_at__isnull=False)
    assert set(to_look_at.values_list("state", "outcome")) == {
        ("feed-dropped", "made-anew"),
        ("hook-dropped", "made-anew"),
    }
    again = sell(marketplace)
    until(lambda: OrderEvent.objects.filter(marketplace_order_id=again, source="hook").exists())


WORKER = """
import django
django.setup()
from orders.tasks import process_events
process_events()
"""


def a_worker() -> subprocess.Popen[bytes]:
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}")
    named = {"DATABASE_URL": urlunsplit(url), "LOG_LEVEL": "ERROR"}
    return subprocess.Popen([sys.executable, "-c", WORKER], cwd=BASE_DIR, env=os.environ | named)


def test_a_worker_killed_while_it_asks_loses_nothing(shop, marketplace):
    """SIGKILL while the order is being read: the event is due again when the lease runs out."""
    order_id = sell(marketplace)
    Order.objects.update(marketplace_order_id="placed-under-another-id")
    until(lambda: marketplace.unanswered_hooks() == 0)
    waiting = OrderEvent.objects.filter(processed_at__isnull=True)
    assert (count := waiting.count()) > 1
    marketplace.knobs(latency_ms=5000, path="/pvt/orders/")
    worker = a_worker()
    until(lambda: waiting.filter(due_at__isnull=False).exists())
    worker.kill()
    worker.wait()
    marketplace.knobs(latency_ms=0)
    assert waiting.count() == count
    later = timezone.now() + timedelta(minutes=3)
    assert following.follow(clock=lambda: later, budget_seconds=10) == count
    order = Order.objects.get()
    assert order.marketplace_status == "payment-approved"
    assert OrderEvent.objects.filter(order=order).count() == count
    assert marketplace.order(order_id)["status"] == "payment-approved"
