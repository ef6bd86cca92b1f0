"""The whole thread on real parts: placed over HTTP, packed with keys and scanner, invoiced."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from orders.models import Order
from orders.states import Status
from sellers.marketplace.tasks import deliver_due
from sellers.models import OutboxMessage, SellerAccount
from tests.browser import marketplace, packer
from tests.browser.marketplace import Marketplace
from tests.builders import a_policy, a_seller, a_sku, staff

pytestmark = pytest.mark.django_db(transaction=True)
SHIRT, MUG = "7891234567895", "7891234567901"


@pytest.fixture
def seller(roles: None) -> SellerAccount:
    account = a_seller(app_key="key", app_token="token")
    a_sku("1001", ean=SHIRT, name="Shirt", price_cents=5990, account=account)
    a_sku("2002", ean=MUG, name="Mug", price_cents=3333, account=account)
    a_policy(account=account, price=1001)
    return account


@pytest.fixture
def bigstore(seller: SellerAccount, live_server: object, tmp_path: Path) -> Iterator[Marketplace]:
    """The stand-in, connected with the portal both ways."""
    running = marketplace.start(
        tmp_path,
        app_key="key",
        app_token="token",
        seller_id=seller.seller_id,
        portal=f"{live_server}{seller.fulfillment_path}",
    )
    seller.marketplace_url = running.url
    seller.save(update_fields=["marketplace_url"])
    yield running
    running.stop()


@pytest.fixture
def placed(bigstore: Marketplace) -> Order:
    """Two shirts and a mug, ordered and paid at the marketplace, over HTTP."""
    items = [{"id": "1001", "quantity": 2}, {"id": "2002", "quantity": 1}]
    answer = bigstore.control("drive/place", {"items": items, "fulfill": True})
    [made] = answer["orders"]
    order = Order.objects.get(marketplace_order_id=made["marketplaceOrderId"])
    assert order.status == Status.AUTHORIZED
    return order


def seen(bigstore: Marketplace, order: Order) -> dict[str, int]:
    """The order as the marketplace has it, once everything due was sent."""
    deliver_due()
    found = bigstore.control(f"orders/{order.marketplace_order_id}")
    packages = {"packages": len(found["packages"])}
    return packages | {name: found[name] for name in ("invoiced", "remaining", "tracked")}


def test_an_order_placed_over_http_is_packed_in_two_boxes_and_reaches_the_marketplace(
    page: Page, live_server: object, bigstore: Marketplace, placed: Order
) -> None:
    staff("ana")
    order_id = placed.marketplace_order_id
    packer.sign_in(page, str(live_server), "ana")
    packer.scan_order(page, order_id)

    packer.scan(page, SHIRT)
    packer.scan(page, MUG)
    assert packer.close_package(page) == "1"
    first = seen(bigstore, placed)
    assert first == {"invoiced": 10825, "remaining": 6490, "packages": 1, "tracked": 0}

    packer.command(page, "n")
    packer.scan(page, SHIRT)
    expect(page.locator("#said")).to_contain_text("Everything is packed.")
    assert packer.close_package(page) == "2"
    assert placed.payment_value_cents == 2 * 5990 + 3333 + 2 * 1001
    assert seen(bigstore, placed) == {
        "invoiced": placed.payment_value_cents,
        "remaining": 0,
        "packages": 2,
        "tracked": 0,
    }
    assert bigstore.control(f"orders/{order_id}")["status"] == "invoiced"
    page_of_order = bigstore.page(f"/orders/{order_id}")
    assert all(f">{number}<" in page_of_order for number in ("1", "2"))
    placed.refresh_from_db()
    assert placed.status == Status.INVOICED

    # The packer sees it without touching anything, then enters the carrier's data.
    expect(page.locator(".fate.accepted")).to_have_count(2)
    packer.type_into(page, "courier", "Correios")
    packer.type_into(page, "tracking_number", "QB123456785BR")
    page.keyboard.press("Enter")
    expect(page.locator("#said.done")).to_contain_text("with the carrier")
    assert seen(bigstore, placed)["tracked"] == 1
    assert not OutboxMessage.objects.exclude(status="delivered").exists()
    assert bigstore.control("anomalies") == {"anomalies": []}
