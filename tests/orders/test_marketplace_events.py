"""`manage.py marketplace_events`: hook and feed at the marketplace, shown, made and removed."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from orders.tasks import sweep_orders
from sellers.models import SellerAccount
from tests.builders import a_placement
from tests.orders.events import (
    FEED_CONFIG_URL,
    FROM_ORDERS,
    HOOK_CONFIG_URL,
    NOT_FOUND,
    PORTAL,
    WORKFLOW,
    a_document,
    an_event,
    configured_with,
    nothing_configured,
    order_url,
)


def manage(*arguments: str) -> str:
    out = StringIO()
    call_command("marketplace_events", *arguments, stdout=out)
    return out.getvalue()


def test_registers_the_hook_with_a_secret_that_it_then_asks_for(vtex, acme, oms, settings):
    settings.PORTAL_URL = PORTAL
    nothing_configured(oms)
    shown = manage("create-hook", "acme")
    (config,) = configured_with(oms, HOOK_CONFIG_URL)
    (headers,) = [config["hook"]["headers"]]
    acme.refresh_from_db()
    assert (acme.has_hook, acme.reads_feed) == (True, False)
    assert headers == {"X-Hook-Secret": acme.hook_header_value}
    assert acme.hook_header_value not in shown
    assert vtex.post("/hook", an_event()).status_code == 401
    assert vtex.post("/hook", an_event(), **headers).status_code == 200


def test_shows_what_is_configured_without_its_secrets(acme, oms):
    url = f"{PORTAL}/api/{acme.endpoint_key}/hook"
    oms.get(
        HOOK_CONFIG_URL, json=WORKFLOW | {"hook": {"url": url, "headers": {"X-S": "very-secret"}}}
    )
    oms.get(FEED_CONFIG_URL, status=404, json=NOT_FOUND)
    shown = manage("show", "acme")
    assert "FromWorkflow" in shown
    assert "feed: none" in shown
    assert "very-secret" not in shown
    assert acme.endpoint_key not in shown


@pytest.mark.parametrize("action", ["create-hook", "create-feed"])
@pytest.mark.parametrize("other", [HOOK_CONFIG_URL, FEED_CONFIG_URL])
def test_refuses_to_mix_kinds_of_filter(acme, oms, settings, action, other):
    settings.PORTAL_URL = PORTAL
    oms.get(other, json=FROM_ORDERS)
    nothing_configured(oms)
    with pytest.raises(CommandError, match="FromOrders") as refusal:
        manage(action, "acme")
    assert refusal.value.returncode == 1
    assert configured_with(oms, HOOK_CONFIG_URL) == configured_with(oms, FEED_CONFIG_URL) == []
    acme.refresh_from_db()
    assert (acme.has_hook, acme.reads_feed) == (False, False)


def test_says_so_when_the_marketplace_refuses_a_mixture(acme, oms):
    for url in (HOOK_CONFIG_URL, FEED_CONFIG_URL):
        oms.get(url, status=404, json=NOT_FOUND)
    oms.post(FEED_CONFIG_URL, status=409)
    with pytest.raises(CommandError, match="FromOrders"):
        manage("create-feed", "acme")


def test_quotes_the_marketplace_when_it_refuses(acme, oms):
    for url in (HOOK_CONFIG_URL, FEED_CONFIG_URL):
        oms.get(url, status=404, json=NOT_FOUND)
    words = {"error": {"code": "1", "message": "Unable to check address", "exception": None}}
    oms.post(HOOK_CONFIG_URL, status=400, json=words)
    with pytest.raises(CommandError, match="Unable to check address"):
        manage("create-hook", "acme")
    acme.refresh_from_db()
    assert not acme.has_hook


def test_registers_no_hook_that_is_not_https_in_production(acme, oms, settings):
    settings.IN_PRODUCTION, settings.PORTAL_URL = True, "http://portal.example"
    with pytest.raises(CommandError, match="https"):
        manage("create-hook", "acme")
    assert len(oms.calls) == 0


@pytest.mark.parametrize("status", [200, 404])
@pytest.mark.parametrize(
    ("action", "url", "field"),
    [
        ("remove-hook", HOOK_CONFIG_URL, "has_hook"),
        ("remove-feed", FEED_CONFIG_URL, "reads_feed"),
    ],
)
def test_removes_what_is_there_and_what_is_gone_already(acme, oms, action, url, field, status):
    SellerAccount.objects.update(has_hook=True, reads_feed=True)
    nothing_configured(oms)
    oms.delete(url, status=status, json={})
    manage(action, "acme")
    acme.refresh_from_db()
    assert getattr(acme, field) is False
    assert acme.has_hook != acme.reads_feed


def test_says_that_there_is_no_such_account(db):
    with pytest.raises(CommandError, match="ghost") as refusal:
        manage("show", "ghost")
    assert refusal.value.returncode == 2


def test_marks_open_orders_for_comparison_on_request(vtex, oms):
    vtex.placed(a_placement())
    oms.get(order_url(), json=a_document("payment-pending"))
    assert "1" in manage("sweep", "acme")
    assert sweep_orders() == 1
