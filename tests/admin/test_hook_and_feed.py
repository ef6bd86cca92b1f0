"""Hook and feed on an account's page; events that need a look, on their own."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from orders.models import OrderEvent
from orders.tasks import read_feed
from sellers.models import SellerAccount
from tests.builders import a_seller
from tests.orders.events import (
    FEED_CONFIG_URL,
    FEED_URL,
    FROM_ORDERS,
    HOOK_CONFIG_URL,
    NOT_FOUND,
    nothing_configured,
)
from tests.sellers.conftest import oms as oms  # the fixture

SUBMIT = {"_form_submitted": "on"}


@pytest.fixture
def acme(db) -> SellerAccount:
    return a_seller()


def change_page(account: SellerAccount, name: str) -> str:
    return reverse(f"admin:sellers_selleraccount_{name}", args=[account.pk])


def test_an_administrator_makes_the_feed_on_the_accounts_page(administrator, acme, oms):
    nothing_configured(oms)
    dialog = change_page(acme, "change_events")
    assert administrator.get(dialog, headers={"HX-Request": "true"}).status_code == 200
    done = administrator.post(dialog, SUBMIT | {"change": "create-feed"})
    assert done.headers["HX-Redirect"]
    acme.refresh_from_db()
    assert acme.reads_feed
    page = administrator.get(reverse("admin:sellers_selleraccount_change", args=[acme.pk]))
    assert "by feed" in page.content.decode()


def test_an_administrator_reads_why_it_was_refused(administrator, acme, oms):
    oms.get(HOOK_CONFIG_URL, json=FROM_ORDERS)
    oms.get(FEED_CONFIG_URL, status=404, json=NOT_FOUND)
    for name, data in (
        ("check_events", SUBMIT),
        ("change_events", SUBMIT | {"change": "create-feed"}),
    ):
        administrator.post(change_page(acme, name), data)
    page = administrator.get(reverse("admin:sellers_selleraccount_change", args=[acme.pk]))
    text = page.content.decode()
    assert "Hook: FromOrders, 0 statuses" in text
    assert "refuses a mixture" in text


def test_a_manager_finds_what_to_look_at_and_settles_it(acme, oms, manager):
    SellerAccount.objects.update(reads_feed=True)
    oms.get(FEED_URL, status=403, json=NOT_FOUND)
    read_feed(acme.pk)
    event = OrderEvent.objects.get()
    overview = manager.get(reverse("admin:index")).content.decode()
    assert "The marketplace does not tell us of changes any more" in overview
    rows = manager.get(reverse("admin:orders_orderevent_changelist") + "?look=yes")
    assert "the marketplace refuses these credentials" in rows.content.decode()
    seen = reverse("admin:orders_orderevent_mark_seen", args=[event.pk])
    manager.post(seen, SUBMIT)
    event.refresh_from_db()
    assert event.flagged_at is None
    assert event.outcome == "refused"


def test_the_warehouse_settles_no_event(acme, warehouse):
    event = OrderEvent.objects.create(
        account=acme, document={}, received_at=timezone.now(), flagged_at=timezone.now()
    )
    seen = reverse("admin:orders_orderevent_mark_seen", args=[event.pk])
    assert warehouse.post(seen, SUBMIT).status_code == 403
    event.refresh_from_db()
    assert event.flagged_at is not None
