"""The demonstration's traffic, between a real portal and the real stand-in."""

from __future__ import annotations

import importlib
import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command

from demo import trading
from demo.scenarios import scenarios
from orders.models import Order, OrderLine
from orders.states import Status
from sellers.marketplace.tasks import deliver_due
from sellers.models import OutboxMessage, SellerAccount
from tests.browser import marketplace
from tests.browser.marketplace import Marketplace

pytestmark = pytest.mark.django_db(transaction=True)


def demo(option: str) -> str:
    out = io.StringIO()
    call_command("demo", option, stdout=out)
    return out.getvalue()


def _create_roles() -> None:
    """A migration made them; tests that commit, such as these, empty every table after them."""
    roles = importlib.import_module("invoicing.migrations.0002_roles")
    roles.create_roles(apps, None)


@pytest.fixture
def grandevitrine(
    live_server: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Marketplace]:
    _create_roles()
    monkeypatch.setattr(trading, "DELIVERY_SECONDS", 0.0)  # no worker runs here
    monkeypatch.setenv("PORTAL_URL", str(live_server))
    demo("--prepare")
    account = SellerAccount.objects.get(slug="casa-aurora")
    running = marketplace.start(
        tmp_path,
        account=account.marketplace_account,
        app_key=account.app_key,
        app_token=account.app_token,
        seller_id=account.seller_id,
        portal=f"{live_server}{account.fulfillment_path}",
        inbound_key=account.inbound_app_key,
        inbound_token=account.inbound_app_token,
    )
    monkeypatch.setenv("SANDBOX_URL", running.url)
    demo("--prepare")
    yield running
    running.stop()


def test_brings_about_orders_in_every_state_once(grandevitrine: Marketplace):
    said = demo("--traffic")

    assert said.splitlines()[0].strip() == f"{len(scenarios())} orders placed, 0 were there already"
    assert len(scenarios()) >= 34
    assert Counter(Order.objects.values_list("status", flat=True)) == {
        Status.RESERVED: 4,
        Status.AUTHORIZED: 21,
        Status.HANDLING: 2,
        Status.CANCELLED: 4,
        Status.INVOICED: 3,
        Status.SHIPPED: 1,
        Status.DELIVERED: 1,
    }
    twice = OrderLine.objects.filter(order__lines__ref="1001", ref="1001", discount_cents=1000)
    assert twice.exists()
    assert OrderLine.objects.filter(channel="pickup-in-point").exists()
    assert OrderLine.objects.filter(window_starts_at__isnull=False).exists()
    assert OrderLine.objects.filter(services_cents__gt=0).exists()

    for _round in range(5):
        deliver_due()
    assert not OutboxMessage.objects.exclude(status="delivered").exists()
    assert grandevitrine.control("anomalies") == {"anomalies": []}

    again = demo("--traffic")

    assert again.splitlines() == [f"  0 orders placed, {len(scenarios())} were there already"]
    assert Order.objects.count() == len(scenarios())


def test_takes_up_an_interrupted_run_where_it_stopped(
    grandevitrine: Marketplace, monkeypatch: pytest.MonkeyPatch
):
    few = [s for s in scenarios() if s.number in (1, 5, 26, 32)]
    monkeypatch.setattr(trading, "scenarios", lambda: few)
    grandevitrine.control("drive/place", few[3].cart())
    assert Order.objects.get().status == Status.RESERVED

    said = demo("--traffic")

    assert said.splitlines()[0].strip() == "3 orders placed, 1 were there already"
    assert sorted(Order.objects.values_list("status", flat=True)) == [
        Status.AUTHORIZED,
        Status.CANCELLED,
        Status.INVOICED,
        Status.RESERVED,
    ]
