"""No dead ends: pages for what is not there or not allowed, dialogs opened by their address."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from orders.models import Order
from orders.states import Status
from sellers.models import OutboxMessage, StockLevel


def test_a_missing_page_leads_back_in_the_readers_language(manager: Client):
    page = manager.get("/admin/nothing/here/", headers={"Accept-Language": "pt-BR"})
    text = page.content.decode()
    assert page.status_code == 404
    assert 'lang="pt-br"' in text and 'href="/admin/"' in text
    assert "Não há nada aqui" in text


def test_a_page_of_others_says_so_and_leads_back(scene: Order, warehouse: Client):
    page = warehouse.get(reverse("admin:sellers_outboxmessage_changelist"))
    assert page.status_code == 403
    assert "Your role does not allow this" in page.content.decode()
    assert 'href="/admin/"' in page.content.decode()


def test_a_form_of_another_session_says_that_nothing_was_done(scene: Order):
    strict = Client(enforce_csrf_checks=True)
    page = strict.post("/admin/login/", {"username": "x"})
    assert page.status_code == 403
    assert "Nothing was done" in page.content.decode()


@pytest.mark.parametrize("action", ["count", "correct"])
def test_a_dialog_opened_by_its_address_shows_the_page_it_belongs_to(
    action: str, scene: Order, manager: Client
):
    level = StockLevel.objects.earliest("pk")
    address = reverse(f"admin:sellers_stocklevel_{action}", args=[level.pk])
    page = reverse("admin:sellers_stocklevel_change", args=[level.pk])
    assert manager.get(address, follow=True).request["PATH_INFO"] == page
    assert b'id="dialog"' in manager.get(address, headers={"HX-Request": "true"}).content


def test_the_button_that_changes_nothing_is_not_called_cancel(scene: Order, manager: Client):
    address = reverse("admin:orders_order_cancel_order", args=[scene.pk])
    Order.objects.filter(pk=scene.pk).update(status=Status.AUTHORIZED)
    scene.invoices.all().delete()
    dialog = manager.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "data-back" in dialog and ">Back<" in dialog and ">Cancel<" not in dialog


def test_no_page_shows_a_label_as_code(scene: Order, superuser: Client):
    OutboxMessage.objects.update(status="delivered")
    for name, row in (
        ("invoicing_invoice", scene.invoices.get()),
        ("invoicing_package", scene.packages.get()),
        ("orders_orderevent", scene.account.order_events.get()),
    ):
        text = superuser.get(reverse(f"admin:{name}_change", args=[row.pk])).content.decode()
        shown = re.findall(r'<div class="readonly[^>]*>([^<]*)', text)
        assert shown and not [one for one in shown if "(&#x27;" in one or "(&quot;" in one]


def test_an_invoice_tells_its_moments_on_the_accounts_clocks(scene: Order, superuser: Client):
    scene.account.timezone = "Asia/Tokyo"
    scene.account.save()
    invoice = scene.invoices.get()
    text = superuser.get(
        reverse("admin:invoicing_invoice_change", args=[invoice.pk])
    ).content.decode()
    assert "2 Mar, 21:00" in text or "2 Mar 2026, 21:00" in text
    assert "accepted by the marketplace" in text or "refused by the marketplace" in text
