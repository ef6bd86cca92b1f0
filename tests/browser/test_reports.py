"""A manager's reports in a real browser, in both languages: by keyboard, to a file, nothing cut."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone
from playwright.sync_api import Page, expect

from jobs.running import run_due
from orders.states import Status
from reporting.promises import settling
from sellers.models import SellerAccount
from tests.browser.chromium import UPRIGHT
from tests.builders import NOW, Line, a_policy, an_order, staff
from tests.reporting.books import packed

pytestmark = pytest.mark.django_db(transaction=True)


class Words(NamedTuple):
    language: str
    save: str
    pays: str
    late: str


ENGLISH = Words("en", "Save as a file", "Marketplace pays", "delivered late")
PORTUGUESE = Words("pt-br", "Salvar em arquivo", "Marketplace paga", "entregue com atraso")


@pytest.fixture
def manager(page: Page, live_server: object, roles: None) -> Callable[[str], Page]:
    """Signed in, in a language."""

    def signed_in(language: str) -> Page:
        mia = staff("mia", role="Manager", language=language)
        # Granted by a migration of its own, which emptying the tables takes along.
        mia.user_permissions.add(Permission.objects.get(codename="view_job"))
        page.goto(f"{live_server}/admin/")
        page.locator("[name=username]").fill("mia")
        page.locator("[name=password]").fill("password")
        page.keyboard.press("Enter")
        expect(page.locator("[name=password]")).to_have_count(0)
        page.wait_for_load_state()
        return page

    return signed_in


def _nothing_is_cut(page: Page) -> None:
    """Only a table may be wider than its place, and then it can be scrolled."""
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("words", [ENGLISH, PORTUGUESE], ids=lambda words: words.language)
def test_an_order_is_found_by_keyboard_and_saved_as_a_file(
    words: Words, manager: Callable[[str], Page], live_server: object, settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    wanted = an_order(Line(quantity=2, freight=101))
    packed(wanted, {0: 2})
    an_order()
    page = manager(words.language)
    page.goto(f"{live_server}/admin/reports/mapping/")
    page.locator("[name=q]").focus()
    page.keyboard.type(wanted.seller_order_id)
    page.keyboard.press("Enter")
    expect(page.locator(".report-table tbody tr")).to_have_count(1)
    _nothing_is_cut(page)
    page.locator("[name=format]").select_option("csv")
    page.get_by_role("button", name=words.save).click()
    page.wait_for_url("**/jobs/job/**")
    run_due(clock=timezone.now, seconds=60)
    with page.expect_download() as download:
        page.locator("a[href$='/result/']").click()
    lines = Path(download.value.path()).read_text(encoding="utf-8-sig").splitlines()
    head, row, *_notes = csv.reader(lines)
    assert dict(zip(head, row, strict=True))[words.pays] == "35.01"


@pytest.mark.parametrize("words", [ENGLISH, PORTUGUESE], ids=lambda words: words.language)
def test_a_broken_promise_is_followed_from_its_sla_to_the_order(
    words: Words, manager: Callable[[str], Page], live_server: object
) -> None:
    a_policy("normal")
    order = an_order(status=Status.DELIVERED, shipped_at=NOW, delivered_at=NOW.replace(day=9))
    order.lines.update(policy_ref="normal", shipping_estimate="2bd")
    settling.settle(SellerAccount.objects.get(), now=NOW.replace(day=20))
    page = manager(words.language)
    page.set_viewport_size(UPRIGHT)
    page.goto(f"{live_server}/admin/reports/promises/")
    _nothing_is_cut(page)
    page.locator("a[href*='outcome=late']").click()
    expect(page.locator(".report-table tbody")).to_contain_text(words.late, ignore_case=True)
    _nothing_is_cut(page)
    page.locator(f"a[href$='/reports/promises/{order.pk}/']").click()
    expect(page.locator(".promise-past")).to_contain_text(words.late, ignore_case=True)
    _nothing_is_cut(page)
