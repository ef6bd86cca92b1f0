"""What `benchmarks.draining` runs: the stand-in, the workers, the bare calls, the promises."""

from __future__ import annotations

import argparse
import itertools
import json
import resource
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Json = dict[str, Any]
KEY, TOKEN = "bench-key", "bench-token"
HEADERS = {"X-VTEX-API-AppKey": KEY, "X-VTEX-API-AppToken": TOKEN}
AT_ONCE = 1000
#: A few orders carry the whole tracking backlog: the stand-in's memory is not what is measured.
CARRIERS = 200


def set_up() -> None:
    """Django on the environment's servers, with all migrations. For this process only."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def stand_in(data: str, told: Any) -> None:
    """A process of its own; sends its address."""
    from sandbox.book import Book
    from sandbox.config import Config
    from sandbox.journal import Journal
    from sandbox.market import Marketplace
    from sandbox.server import Server

    server = Server(("127.0.0.1", 0))
    config = Config(app_key=KEY, app_token=TOKEN, services_endpoint=f"{server.url}/api/oms")
    server.market = Marketplace(Book(Journal(Path(data))), config)
    told.send(server.url)
    server.serve_forever()


def worker(ready: Any, go: Any, results: Any) -> None:
    """Drains until nothing is pending; tells the CPU seconds it took."""
    import django

    django.setup()
    from django.utils import timezone

    from sellers.marketplace.draining import drain
    from sellers.models import OutboxMessage

    pending = OutboxMessage.objects.filter(status=OutboxMessage.Status.PENDING)
    pending.exists()
    ready.release()
    go.wait()
    before = _cpu_seconds()
    while pending.exists():
        drain(clock=timezone.now, budget_seconds=5)
    results.put(_cpu_seconds() - before)


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


class Bench:
    """The account, its orders at the stand-in, and messages about them."""

    def __init__(self, url: str) -> None:
        from django.db import connection

        from benchmarks import machine
        from sandbox.client import StandIn
        from sellers.models import SellerAccount

        self.url, self.market = url, StandIn(url)
        self.account = SellerAccount.objects.create(
            slug="bench",
            name="Bench",
            seller_id="bench",
            marketplace_account="bigstore",
            marketplace_url=url,
            app_key=KEY,
            app_token=TOKEN,
        )
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            self.postmaster = machine.parent_of(cursor.fetchone()[0])
        self._numbers = itertools.count(1)
        self._carriers: list[tuple[str, str]] = []

    # --- orders at the marketplace

    def orders(self, count: int) -> list[str]:
        """Paid orders of one unit, known to the stand-in alone."""
        found: list[str] = []
        for start in range(0, count, AT_ONCE):
            size = min(AT_ONCE, count - start)
            rows = [{"items": [{"id": "mug", "quantity": 1, "price": 1717}]}] * size
            made = self.market.adopt(rows)["orders"]
            found += [order["marketplaceOrderId"] for order in made]
        return found

    def bare(self, orders: Sequence[str], options: argparse.Namespace) -> float:
        """Invoices a second by as many threads as connections, and nothing but the call."""
        import requests

        local = threading.local()
        bodies = [json.dumps(self._invoice()).encode() for _ in orders]

        def call(order: str, body: bytes) -> int:
            if not hasattr(local, "session"):
                local.session = requests.Session()
                local.session.trust_env = False
                local.session.headers.update(HEADERS | {"Content-Type": "application/json"})
            url = f"{self.url}/api/oms/pvt/orders/{order}/invoice"
            answer: requests.Response = local.session.post(url, data=body, timeout=30)
            return answer.status_code

        connections = options.connections * options.workers
        with ThreadPoolExecutor(connections) as threads:
            started = time.perf_counter()
            statuses = set(threads.map(call, orders, bodies))
            seconds = time.perf_counter() - started
        if statuses != {200}:
            raise RuntimeError(f"The stand-in answered {statuses}.")
        return len(orders) / seconds

    # --- messages

    def _invoice(self) -> Json:
        return {
            "type": "Output",
            "invoiceNumber": f"B-{next(self._numbers)}",
            "invoiceValue": 1717,
            "issuanceDate": "2026-03-02T12:00:00Z",
            "items": [{"id": "mug", "price": 1717, "quantity": 1}],
        }

    def promise_invoices(self, orders: Sequence[str]) -> None:
        from sellers.models import OutboxMessage

        path = "/api/oms/pvt/orders/{}/invoice"
        kind = OutboxMessage.Kind.INVOICE
        self._promise(
            (order, kind, "POST", path.format(order), self._invoice()) for order in orders
        )

    def promise_tracking(self, count: int) -> None:
        """Bulk: each replaces the tracking of one of a few invoices."""
        from sellers.models import OutboxMessage

        self._open_carriers()
        kind = OutboxMessage.Kind.TRACKING
        self._promise(
            (
                order,
                kind,
                "PATCH",
                f"/api/oms/pvt/orders/{order}/invoice/{number}",
                {
                    "trackingNumber": f"T{place}",
                    "trackingUrl": None,
                    "dispatchedDate": None,
                    "courier": None,
                },
            )
            for place, (order, number) in enumerate(
                itertools.islice(itertools.cycle(self._carriers), count)
            )
        )

    def _open_carriers(self) -> None:
        import requests

        if self._carriers:
            return
        for order in self.orders(CARRIERS):
            body = self._invoice()
            url = f"{self.url}/api/oms/pvt/orders/{order}/invoice"
            requests.post(url, json=body, headers=HEADERS, timeout=30).raise_for_status()
            self._carriers.append((order, body["invoiceNumber"]))

    def _promise(self, calls: Iterator[tuple[str, Any, str, str, Json]]) -> None:
        """Through the door for one, in bulk for many: how a promise is written is not timed."""
        from sellers.models import OutboxMessage

        now = datetime.now(UTC)
        first = OutboxMessage.Kind.INVOICE
        rows = (
            OutboxMessage(
                account=self.account,
                subject=order,
                kind=kind,
                key=f"bench/{next(self._numbers)}",
                method=method,
                path=path,
                body=json.dumps(payload),
                priority=OutboxMessage.Priority(0 if kind == first else 1),
                due_at=now,
                created_at=now,
            )
            for order, kind, method, path, payload in calls
        )
        while batch := list(itertools.islice(rows, AT_ONCE)):
            OutboxMessage.objects.bulk_create(batch)

    # --- looking

    def pending(self) -> int:
        from sellers.models import OutboxMessage

        return OutboxMessage.objects.filter(status=OutboxMessage.Status.PENDING).count()

    def waited_ms(self, orders: Sequence[str]) -> list[float]:
        from sellers.models import OutboxMessage

        messages = OutboxMessage.objects.filter(subject__in=orders, settled_at__isnull=False)
        times = messages.values_list("created_at", "settled_at")
        return [(settled - created).total_seconds() * 1000 for created, settled in times if settled]

    def faults(self) -> list[str]:
        """Every message delivered, in one try each, and no anomaly at the stand-in."""
        from sellers.models import OutboxMessage

        others = OutboxMessage.objects.exclude(status=OutboxMessage.Status.DELIVERED).count()
        again = OutboxMessage.objects.filter(attempts_made__gt=1).count()
        anomalies = len(self.market.anomalies())
        found = {"not delivered": others, "tried again": again, "anomalies": anomalies}
        return [f"{count} {what}" for what, count in found.items() if count]
