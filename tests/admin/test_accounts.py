"""Seller accounts: secrets stay inside, the address is the secret of those who may change it."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from orders.models import Order
from sellers.models import OutboxMessage, SellerAccount, User
from tests.builders import a_seller

FORM = {
    "name": "Acme",
    "slug": "acme",
    "is_active": "on",
    "marketplace_account": "bigstore",
    "seller_id": "acme",
    "marketplace_url": "https://bigstore.vtexcommercestable.com.br",
    "affiliate_id": "",
    "app_key": "acme-key",
    "app_token": "",
    "inbound_app_key": "",
    "inbound_app_token": "",
    "hook_header_name": "",
    "hook_header_value": "",
    "country": "BRA",
    "currency": "BRL",
    "timezone": "America/Sao_Paulo",
    "hold_minutes": "60",
    "max_hold_minutes": "600",
    "follow_up_email": "",
    "price_rule": "flag",
    "price_tolerance_percent": "0",
    "price_tolerance_cents": "0",
}


@pytest.fixture
def account(db: None) -> SellerAccount:
    return a_seller(app_token="a-very-secret-token-f3a9", timezone="America/Sao_Paulo")


def _page(account: SellerAccount) -> str:
    return reverse("admin:sellers_selleraccount_change", args=[account.pk])


def _save(client: Client, account: SellerAccount, **changes: str) -> SellerAccount:
    form = client.get(_page(account)).context["adminform"].form
    asked = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    asked = {name: value for name, value in asked.items() if value is not False}
    response = client.post(_page(account), asked | changes)
    assert response.status_code == 302, response.context["errors"]
    account.refresh_from_db()
    return account


def test_shows_a_hint_of_a_token_and_never_the_token(account, administrator: Client):
    text = administrator.get(_page(account)).content.decode()
    assert "…f3a9" in text
    assert "a-very-secret" not in text


def test_keeps_the_token_when_its_box_is_left_empty(account, administrator: Client):
    assert _save(administrator, account, name="New").app_token == "a-very-secret-token-f3a9"
    assert account.name == "New"


def test_replaces_the_token_by_what_is_typed(account, administrator: Client):
    assert _save(administrator, account, app_token="other-token").app_token == "other-token"


def test_drops_a_token_whose_key_is_gone(account, administrator: Client):
    assert _save(administrator, account, app_key="").app_token == ""


def test_a_save_never_sets_back_the_tariff_revision(account, administrator: Client):
    SellerAccount.objects.update(tariff_revision=41)
    assert _save(administrator, account, name="New").tariff_revision == 41


def test_another_time_zone_raises_the_tariff_revision(account, administrator: Client):
    before = account.tariff_revision
    assert _save(administrator, account, timezone="UTC").tariff_revision == before + 1


def test_a_mended_key_sends_what_was_stopped(scene: Order, administrator: Client):
    OutboxMessage.objects.update(status=OutboxMessage.Status.UNAUTHORISED)
    _save(administrator, scene.account, app_token="mended")
    assert OutboxMessage.objects.get().status == OutboxMessage.Status.PENDING


def test_an_unknown_time_zone_is_refused_in_words(account, administrator: Client):
    response = administrator.post(_page(account), FORM | {"timezone": "Mars/Olympus"})
    assert "is not a time zone" in response.content.decode()
    account.refresh_from_db()
    assert account.timezone == "America/Sao_Paulo"


def test_a_manager_sees_neither_address_nor_hints(account, manager: Client):
    text = manager.get(_page(account)).content.decode()
    assert account.endpoint_key not in text and "f3a9" not in text


def test_a_new_endpoint_key_is_made_on_request_only(
    account, administrator: Client, manager: Client
):
    url = reverse("admin:sellers_selleraccount_rotate_endpoint_key", args=[account.pk])
    before = account.endpoint_key
    assert manager.post(url, {"_form_submitted": "on"}).status_code == 403
    administrator.get(url)
    account.refresh_from_db()
    assert account.endpoint_key == before
    administrator.post(url, {"_form_submitted": "on", "hours": "24"})
    account.refresh_from_db()
    assert account.endpoint_key != before
    assert account.old_endpoint_key == before


def test_a_key_that_became_known_stops_at_once(account, administrator: Client):
    url = reverse("admin:sellers_selleraccount_rotate_endpoint_key", args=[account.pk])
    administrator.post(url, {"_form_submitted": "on", "hours": "0"})
    account.refresh_from_db()
    assert (account.old_endpoint_key, account.old_endpoint_key_until) == ("", None)


def test_nobody_deletes_an_account(account, administrator: Client):
    url = reverse("admin:sellers_selleraccount_delete", args=[account.pk])
    assert administrator.post(url, {"post": "yes"}).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_tests_the_endpoint_over_the_network(live_server, scene: Order, administrator: Client):
    url = reverse("admin:sellers_selleraccount_test_endpoint", args=[scene.account_id])
    host = live_server.url.removeprefix("http://")
    administrator.post(url, {"_form_submitted": "on"}, headers={"host": host})
    text = administrator.get(_page(scene.account)).content.decode()
    assert "It works: SKU 1001 was priced in" in text


def test_a_tolerance_is_read_and_written_with_the_readers_comma(account, administrator: Client):
    User.objects.filter(username="administrator").update(language="pt-br")
    page = administrator.get(_page(account))
    assert 'value="0,00"' in page.content.decode()
