"""The rehearsal itself, over real HTTP: a portal, its deliveries, the stand-in as a process."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Iterator

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from orders.following import follow
from orders.models import Order
from rehearsal.management.commands import rehearse as command
from rehearsal.program import scenes
from sellers.marketplace import outbox
from sellers.marketplace.draining import drain
from sellers.marketplace.looking import look
from sellers.models import OutboxMessage, SellerAccount, StockLevel
from sellers.seller_file.importing import import_seller
from tests.rehearsal.seller import DOCUMENT

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def acme(settings) -> SellerAccount:
    """A seller as it would be before going live: its marketplace is the real one."""
    settings.OUTBOUND_ALLOW_LOOPBACK = True
    settings.OUTBOUND_BACKOFF_SECONDS = settings.OUTBOUND_CIRCUIT_SECONDS = (0.05, 0.5)
    settings.OUTBOUND_RATE_PER_SECOND, settings.OUTBOUND_BURST = 1000.0, 1000
    settings.OUTBOUND_TIMEOUT_SECONDS = (1.0, 3.0)
    return import_seller(DOCUMENT, now=timezone.now()).account


@pytest.fixture
def working() -> Iterator[None]:
    """What Celery does, in a thread: deliveries, events, and second looks, which don't wait."""
    over = threading.Event()

    def work() -> None:
        while not over.wait(0.1):
            drain(clock=timezone.now, budget_seconds=0.2)
            to_see = OutboxMessage.objects.filter(applied=OutboxMessage.Applied.WAITING)
            to_see.update(look_at=timezone.now())
            look(clock=timezone.now)
            follow(clock=timezone.now, budget_seconds=0.2)
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    over.set()
    thread.join()


@pytest.fixture
def shortened(monkeypatch) -> None:
    """Two orders and, in chaos, a crowd stand for all that is played; then the books as ever."""
    kept = {"An order is placed and its stock held", "A crowd in bad weather"}
    kept.add("Three packages, three invoices, to the cent")

    def few(**options):
        *played, arrived, seen, once, quiet, stock = scenes(**options)
        books = [arrived, seen, once, quiet, stock]
        return [scene for scene in played if str(scene[0]) in kept] + books

    monkeypatch.setattr(command, "scenes", few)


def rehearse(live_server: object, *options: str) -> tuple[int, str]:
    """The exit code, and everything that was said."""
    said, code = io.StringIO(), 0
    try:
        call_command("rehearse", "--portal", str(live_server), *options, stdout=said, no_color=True)
    except CommandError as error:
        code = error.returncode
        said.write(str(error))
    return code, said.getvalue()


def failed(said: str) -> list[str]:
    return [line.split("  ")[2] for line in said.splitlines() if line.startswith("  FAIL")]


def test_passes_every_step_and_leaves_the_seller_alone(live_server, acme, working):
    before = list(StockLevel.objects.filter(sku__account=acme).values_list("on_hand", "held"))
    code, said = rehearse(live_server, "--patience", "60")
    assert code == 0, said
    assert said.count("  pass  ") >= 25
    assert "Anomalies at the marketplace: none" in said
    acme.refresh_from_db()
    after = list(StockLevel.objects.filter(sku__account=acme).values_list("on_hand", "held"))
    assert after == before
    assert acme.marketplace_url == DOCUMENT["account"]["marketplace_url"]
    assert not Order.objects.filter(account=acme).exists()
    assert not OutboxMessage.objects.filter(account=acme).exists()
    copy = SellerAccount.objects.get(slug="rehearsal-acme")
    assert not copy.is_active
    assert copy.endpoint_key != acme.endpoint_key


def test_passes_in_chaos_with_nothing_done_twice(live_server, acme, working, shortened):
    options = ("--chaos", "--seed", "7", "--orders", "5", "--patience", "90")
    code, said = rehearse(live_server, *options)
    assert code == 0, said
    assert "A crowd in bad weather" in said
    found = re.search(
        r"Calls to the marketplace: (\d+) for (\d+) messages; .*, (\d+) asked to", said
    )
    assert found, said
    calls, messages, throttled = map(int, found.groups())
    assert calls >= messages + throttled
    assert throttled
    assert OutboxMessage.objects.filter(attempts_made__gt=1).exists()


def test_can_be_played_again_after_one_that_was_broken_off(live_server, acme, working, shortened):
    rehearse(live_server, "--patience", "60")
    copy = SellerAccount.objects.get(slug="rehearsal-acme")
    left = OutboxMessage.objects.filter(account=copy).latest("id")
    OutboxMessage.objects.filter(pk=left.pk).update(status=OutboxMessage.Status.UNAUTHORISED)
    code, said = rehearse(live_server, "--patience", "60")
    assert code == 0, said


def test_says_what_failed_and_that_nobody_delivers(live_server, acme, shortened):
    code, said = rehearse(live_server, "--patience", "0.5")
    assert code == 1
    assert "is a worker running?" in said
    assert "Three packages, three invoices, to the cent" in failed(said)
    assert "An order is placed and its stock held" not in failed(said)


def test_fails_when_the_portal_does_something_twice(
    live_server, acme, working, shortened, monkeypatch
):
    """The control: a portal that sends each invoice under two numbers is not let through."""
    real = outbox.enqueue

    def twice(*, kind, key, payload, **facts):
        message = real(kind=kind, key=key, payload=payload, **facts)
        if kind == OutboxMessage.Kind.INVOICE:
            again = payload | {"invoiceNumber": f"{payload['invoiceNumber']}-again"}
            real(kind=kind, key=f"{key}/again", payload=again, **facts)
        return message

    monkeypatch.setattr(outbox, "enqueue", twice)
    code, said = rehearse(live_server, "--patience", "5")
    assert code == 1
    assert {"Nothing took effect twice", "No anomaly at the marketplace"} <= set(failed(said))
    assert "over-quantity" in said


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--stand-in", "https://bigstore.vtexcommercestable.com.br"], "this machine only"),
        (["--account", "nobody"], "There are: acme"),
        (["--portal", "http://127.0.0.1:9"], "does not answer"),
        (["--postal-code", "99999-999"], "None of"),
    ],
)
def test_does_not_begin_where_it_should_not(live_server, acme, options, reason):
    code, said = rehearse(live_server, *options)
    assert code == 2
    assert reason in said


def test_does_not_begin_where_loopback_is_not_called(live_server, acme, settings):
    settings.OUTBOUND_ALLOW_LOOPBACK = False
    assert rehearse(live_server)[0] == 2
    assert not SellerAccount.objects.filter(slug__startswith="rehearsal-").exists()
