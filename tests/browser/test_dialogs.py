"""What the admin asks before it acts: reachable at every width, and by keyboard."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import Page, ViewportSize, expect

from orders.states import Status
from sellers.models import User
from tests.browser import packer
from tests.browser.chromium import TABLET, UPRIGHT
from tests.builders import an_order

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("size", [TABLET, UPRIGHT], ids=["lying", "upright"])
def test_a_cancellation_is_decided_on_the_orders_page(
    page: Page, live_server: object, size: ViewportSize
) -> None:
    order = an_order(status=Status.CANCEL_REQUESTED, cancel_asked_at=timezone.now())
    User.objects.create_superuser("mia", password="password", language="pt-br")
    page.set_viewport_size(size)
    packer.sign_in(page, str(live_server), "mia")
    page.goto(f"{live_server}/admin/orders/order/{order.pk}/change/")
    page.locator(".portal-decide a", has_text="Aceitar o cancelamento").click()
    back = page.locator("#modal-content [data-back]")
    expect(back).to_be_focused()
    page.keyboard.press("Enter")
    expect(back).to_be_hidden()
    order.refresh_from_db()
    assert order.status == Status.CANCEL_REQUESTED
    page.locator(".portal-decide a", has_text="Recusar o cancelamento").click()
    expect(page.locator("#modal-content input[name=reason]")).to_be_focused()
    page.keyboard.type("já saiu")
    page.locator("#modal-content button[type=submit]").click()
    expect(page.get_by_text("Feito.").first).to_be_visible()
    order.refresh_from_db()
    assert order.status == Status.HANDLING


def test_the_login_waits_for_the_name(page: Page, live_server: object) -> None:
    page.goto(f"{live_server}/admin/login/")
    expect(page.locator("[name=username]")).to_be_focused()
