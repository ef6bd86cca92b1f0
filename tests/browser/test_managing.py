"""A manager's pages in a real browser, in both languages: read at a glance, by keys, and to the
rows behind a number."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from reporting.dashboard import counting
from reporting.models import Reconciliation
from sellers.models import SellerAccount
from tests.browser import packer
from tests.browser.chromium import TABLET, UPRIGHT
from tests.builders import a_seller, staff
from tests.reporting.past import a_past_order

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("roles")]

#: What reaches beyond the page, whatever the reason.
_CUT = """() => [...document.querySelectorAll("body *")]
  .filter((e) => e.offsetParent)
  .filter((e) => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .map((e) => e.outerHTML.slice(0, 120))"""
WORDS = {
    "en": ("Orders placed", "Reconciliation", "differs"),
    "pt-br": ("Pedidos feitos", "Conciliação", "difere"),
}


@pytest.fixture
def account(roles: None) -> SellerAccount:
    """Two orders of yesterday, counted; one of them differs from the marketplace's."""
    account, now = a_seller(), timezone.now()
    paid = now - timedelta(days=1)
    orders = [a_past_order(placed=paid, paid=paid, cents=cents) for cents in (1_700, 9_000)]
    counting.count(account, now=now)
    day = paid.astimezone(account.zone).date()
    run = Reconciliation.objects.create(
        account=account, since=day, until=day, asked_at=now, finished_at=now
    )
    facts = {"field": "freight", "bucket": "freight", "ours": "R$ 4,90", "theirs": "R$ 5,00"}
    for order, kind, more in ((orders[0], "matched", {}), (orders[1], "differs", facts)):
        run.rows.create(
            order=order, marketplace_order_id=order.marketplace_order_id, kind=kind, **more
        )
    return account


@pytest.mark.parametrize("language", WORDS)
def test_a_manager_goes_from_numbers_to_their_rows(
    page: Page, live_server: object, account: SellerAccount, language: str
) -> None:
    placed, reconciliation, differs = WORDS[language]
    staff("mia", role="Manager", language=language)
    packer.sign_in(page, str(live_server), "mia")
    page.goto(f"{live_server}/admin/")
    for size in (UPRIGHT, TABLET):
        page.set_viewport_size(size)
        assert page.evaluate(_CUT) == []
    number = page.locator(".home-number", has_text=placed)
    expect(number.locator("b")).to_have_text("2")
    number.locator("a").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-rows] tr, table tbody tr")).to_have_count(2)
    page.goto(f"{live_server}/admin/reconciliations/")
    expect(page).to_have_title(re.compile(reconciliation))
    page.locator("#runs + table a").first.click()
    assert page.evaluate(_CUT) == []
    page.locator(".portal-figure", has_text=differs).click()
    expect(page.get_by_text("R$ 5,00")).to_be_visible()
    assert page.evaluate(_CUT) == []
