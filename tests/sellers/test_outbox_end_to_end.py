"""The whole line over real HTTP, against the marketplace stand-in, in good weather and bad."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from config.env import BASE_DIR
from sandbox.wire import Answer, Request
from sellers.marketplace import outbox, shared
from sellers.marketplace.draining import drain
from sellers.models import OutboxMessage, SellerAccount
from tests.sandbox.conftest import Running, start
from tests.sellers.outbound import Kind, Status, an_account

pytestmark = pytest.mark.django_db(transaction=True)
ORDERS = 8
#: Seconds until a test gives up; nothing is measured.
PATIENCE = 300


@pytest.fixture
def marketplace(tmp_path: Path) -> Iterator[Running]:
    running = start(tmp_path)
    yield running
    running.stop()


@pytest.fixture
def acme(marketplace: Running, settings) -> SellerAccount:
    settings.OUTBOUND_ALLOW_LOOPBACK = True
    settings.OUTBOUND_BACKOFF_SECONDS = settings.OUTBOUND_CIRCUIT_SECONDS = (0.05, 0.2)
    settings.OUTBOUND_RATE_PER_SECOND, settings.OUTBOUND_BURST = 1000.0, 1000
    settings.OUTBOUND_TIMEOUT_SECONDS = (1.0, 2.0)
    return an_account(marketplace_url=marketplace.url, app_key="key", app_token="token")


def an_order(marketplace: Running) -> str:
    """Two mugs at 17 cents, in handling: to be invoiced with 34 cents."""
    return marketplace.adopt({"id": "mug", "quantity": 2, "price": 17}, status="handling")


def pack(account: SellerAccount, order_id: str) -> None:
    """Two packages, each with its invoice and its tracking, as packing promises them."""
    for number in ("1", "2"):
        invoice = f"{order_id}-{number}"
        base = f"/api/oms/pvt/orders/{order_id}/invoice"
        body = {
            "type": "Output",
            "invoiceNumber": invoice,
            "invoiceValue": 17,
            "issuanceDate": "2026-03-02T12:00:00Z",
            "items": [{"id": "mug", "price": 17, "quantity": 1}],
        }
        tracking = {
            "trackingNumber": f"T{number}",
            "trackingUrl": None,
            "dispatchedDate": None,
            "courier": None,
        }
        delivered = {"isDelivered": True, "deliveredDate": "2026-03-05 10:00", "events": []}
        calls: list[tuple[OutboxMessage.Kind, str, str, dict[str, Any]]] = [
            (Kind.INVOICE, "POST", base, body),
            (Kind.TRACKING, "PATCH", f"{base}/{invoice}", tracking),
            (Kind.TRACKING_EVENTS, "PUT", f"{base}/{invoice}/tracking", delivered),
        ]
        for kind, method, path, payload in calls:
            promise(account, order_id, f"{kind}:{invoice}", kind, method, path, payload)


def promise(
    account: SellerAccount,
    order_id: str,
    key: str,
    kind: OutboxMessage.Kind,
    method: str,
    path: str,
    payload: dict[str, Any],
) -> None:
    with transaction.atomic():
        outbox.enqueue(
            account=account,
            subject=order_id,
            kind=kind,
            key=key,
            method=method,
            path=path,
            payload=payload,
            now=timezone.now(),
        )


def drain_all() -> None:
    """Until everything is settled; the limit is for a run that never ends."""
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends and unfinished():
        drain(clock=timezone.now, budget_seconds=0.5)
        time.sleep(0.02)


def unfinished() -> int:
    return OutboxMessage.objects.filter(status=Status.PENDING).count()


def check_that_each_arrived_once_and_in_order(marketplace: Running, orders: list[str]) -> None:
    states = OutboxMessage.objects.values_list("status", "last_error")
    assert set(states) == {(Status.DELIVERED, "")}
    for order_id in orders:
        order = marketplace.control.order(order_id)
        assert order["status"] == "invoiced"
        assert [p["invoiceNumber"] for p in order["packages"]] == [
            f"{order_id}-1",
            f"{order_id}-2",
        ]
        assert [p["trackingNumber"] for p in order["packages"]] == ["T1", "T2"]
        assert all(p["courierStatus"]["finished"] for p in order["packages"])
        assert [known["times"] for known in order["received"].values()] == [1, 1]
    assert marketplace.anomalies() == []


def test_delivers_everything_in_good_weather(marketplace, acme):
    orders = [an_order(marketplace) for _ in range(3)]
    for order_id in orders:
        pack(acme, order_id)
    drain_all()
    check_that_each_arrived_once_and_in_order(marketplace, orders)
    assert {m.attempts_made for m in OutboxMessage.objects.all()} == {1}
    receipts = OutboxMessage.objects.filter(kind=Kind.INVOICE).values_list("receipt", flat=True)
    assert all(receipts)


def test_delivers_everything_once_through_errors_storms_and_dropped_answers(marketplace, acme):
    orders = [an_order(marketplace) for _ in range(ORDERS)]
    for order_id in orders:
        pack(acme, order_id)
    marketplace.control.knobs(
        throttle_rate=0.05,
        error_rate=0.1,
        error_after_rate=0.1,
        drop_before_rate=0.05,
        drop_after_rate=0.1,
        retry_after_s=0,
        seed=7,
    )
    drain_all()
    assert OutboxMessage.objects.filter(attempts_made__gt=1).exists()
    check_that_each_arrived_once_and_in_order(marketplace, orders)


def test_delivers_everything_once_when_redis_is_emptied_again_and_again(marketplace, acme):
    orders = [an_order(marketplace) for _ in range(ORDERS)]
    for order_id in orders:
        pack(acme, order_id)
    marketplace.control.knobs(error_after_rate=0.2, drop_after_rate=0.1, seed=3)
    ends = time.monotonic() + PATIENCE
    while unfinished() and time.monotonic() < ends:
        shared.board().flushdb()
        drain(clock=timezone.now, budget_seconds=0.1)
    check_that_each_arrived_once_and_in_order(marketplace, orders)


def test_delivers_everything_once_after_the_marketplace_was_down(marketplace, acme):
    orders = [an_order(marketplace) for _ in range(3)]
    marketplace.control.knobs(error_rate=1.0)
    for order_id in orders:
        pack(acme, order_id)
    for _ in range(20):
        drain(clock=timezone.now, budget_seconds=0.05)
    assert OutboxMessage.objects.filter(attempts_made__gt=0).exists()
    assert unfinished() == 6 * len(orders)
    marketplace.control.knobs(error_rate=0.0)
    drain_all()
    check_that_each_arrived_once_and_in_order(marketplace, orders)


#: Reads in once what a worker needs, and forks one whenever it is told a clock's lead.
NURSERY = """
import os, signal, sys, time
from datetime import timedelta
import django
django.setup()
from django.utils import timezone
from sellers.marketplace.draining import drain

def work(skew):
    while True:
        drain(clock=lambda: timezone.now() + skew, budget_seconds=5)
        time.sleep(0.02)

signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for line in sys.stdin:
    if (worker := os.fork()) == 0:
        work(timedelta(seconds=float(line)))
    print(worker, flush=True)
"""


@dataclass(frozen=True)
class Nursery:
    """Of worker processes on this test's database, whose clocks are ahead."""

    process: subprocess.Popen[str]

    def worker(self, skew: timedelta) -> int:
        """Its process id."""
        told, heard = self.process.stdin, self.process.stdout
        assert told is not None
        assert heard is not None
        told.write(f"{skew.total_seconds()}\n")
        told.flush()
        return int(heard.readline())


@pytest.fixture
def nursery(acme) -> Iterator[Nursery]:
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}")
    faster = {
        "DATABASE_URL": urlunsplit(url),
        "OUTBOUND_BACKOFF_SECONDS": "0.05",
        "OUTBOUND_CIRCUIT_SECONDS": "0.05",
        "OUTBOUND_RATE_PER_SECOND": "1000",
        "LOG_LEVEL": "ERROR",
    }
    process = subprocess.Popen(
        [sys.executable, "-c", NURSERY],
        cwd=BASE_DIR,
        env=os.environ | faster,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    yield Nursery(process)
    process.kill()
    process.communicate()


class Door:
    """Of the stand-in: lets so many calls in, then holds invoices until who sent them is dead.

    A held invoice is accepted afterwards, certainly: it arrived, and its worker never knew.
    """

    def __init__(self, marketplace: Running, monkeypatch: pytest.MonkeyPatch) -> None:
        self.marketplace = marketplace
        self._lock, self._left, self._inside = threading.Lock(), 0, 0
        self.held, self._opened = threading.Event(), threading.Event()
        self._serve = marketplace.server.market.serve
        monkeypatch.setattr(marketplace.server.market, "serve", self.serve)

    def let_in(self, calls: int) -> None:
        self._left = calls
        self.held.clear()
        self._opened.clear()

    def open(self) -> None:
        """To those who wait, in good weather, and until the last of them was served."""
        calm = ("error_rate", "error_after_rate", "drop_before_rate", "drop_after_rate")
        self.marketplace.control.knobs(**dict.fromkeys(calm, 0), latency_ms=0, script=[])
        self._opened.set()
        ends = time.monotonic() + PATIENCE
        while self._inside and time.monotonic() < ends:
            time.sleep(0.01)

    def serve(self, request: Request) -> Answer | None:
        is_order_system = request.path.startswith("/api/oms")
        with self._lock:
            self._left -= is_order_system
            self._inside += is_order_system
        if self._left < 0 and request.path.endswith("/invoice"):
            self.held.set()
            self._opened.wait(PATIENCE)
        try:
            return self._serve(request)
        finally:
            with self._lock:
                self._inside -= is_order_system


def live_and_die(door: Door, nursery: Nursery, skew: timedelta, *, calls: int) -> None:
    """Two workers, killed when the first invoice after so many calls has arrived, or when there is
    nothing left to do before the next life."""
    door.let_in(calls)
    workers = [nursery.worker(skew), nursery.worker(skew)]
    ends = time.monotonic() + PATIENCE
    while is_busy(skew) and not door.held.is_set() and time.monotonic() < ends:
        time.sleep(0.05)
    for worker in workers:
        kill(worker)
    door.open()


def kill(worker: int) -> None:
    """Returns once it is dead: the nursery ignores its children's ends, so that none lingers."""
    with suppress(ProcessLookupError):
        os.kill(worker, signal.SIGKILL)
        while True:
            os.kill(worker, 0)
            time.sleep(0.005)


def is_busy(skew: timedelta) -> bool:
    """Whether an order's first unfinished message is under way or due in a moment."""
    now = timezone.now() + skew
    pending = OutboxMessage.objects.filter(status=Status.PENDING)
    first = pending.order_by("subject", "id").distinct("subject")
    soon = Q(due_at__lt=now + timedelta(seconds=5)) | Q(leased_until__gt=now)
    return pending.filter(soon, pk__in=first.values("pk")).exists()


def test_delivers_everything_once_although_workers_are_killed(
    marketplace, acme, nursery, monkeypatch
):
    """SIGKILL between the marketplace's acceptance and our settling, again and again."""
    orders = [an_order(marketplace) for _ in range(ORDERS)]
    for order_id in orders:
        pack(acme, order_id)
    door, lives = Door(marketplace, monkeypatch), 0
    while unfinished() and lives < 20:
        # Between two lives the leases of the dead run out.
        live_and_die(door, nursery, lives * timedelta(seconds=121), calls=10 * 3**lives)
        lives += 1
    assert lives > 1
    assert OutboxMessage.objects.filter(attempts__outcome="found").exists()
    check_that_each_arrived_once_and_in_order(marketplace, orders)


def test_delivers_everything_once_through_all_of_it_together(
    marketplace, acme, nursery, monkeypatch
):
    """30 % of the calls fail, half of them after they took effect, rows of 429, answers that never
    come; meanwhile workers are killed and Redis is emptied."""
    orders = [an_order(marketplace) for _ in range(ORDERS)]
    for order_id in orders:
        pack(acme, order_id)
    weather = {
        "error_rate": 0.1,
        "error_after_rate": 0.07,
        "drop_before_rate": 0.05,
        "drop_after_rate": 0.08,
        "retry_after_s": 0,
    }
    door, lives = Door(marketplace, monkeypatch), 0
    while unfinished() and lives < 40:
        marketplace.control.knobs(**weather | {"seed": lives}, script=["throttle"] * (lives < 2))
        live_and_die(door, nursery, lives * timedelta(seconds=121), calls=10 * 3**lives)
        shared.board().flushall()
        lives += 1
    assert lives > 1
    assert OutboxMessage.objects.filter(attempts__outcome="found").exists()
    assert OutboxMessage.objects.filter(attempts__outcome="throttled").exists()
    check_that_each_arrived_once_and_in_order(marketplace, orders)
