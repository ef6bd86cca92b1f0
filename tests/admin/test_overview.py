"""The start: what each role finds, where it lands, and the language it reads."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from orders.admin import overview
from orders.models import Order
from orders.states import Status
from sellers.models import User
from tests.builders import an_order, staff

LOGIN = "/admin/login/"


def _sign_in(username: str, url: str = LOGIN) -> str:
    response = Client().post(url, {"username": username, "password": "password"})
    return str(response["Location"])


def test_somebody_who_packs_lands_on_the_queue(db: None):
    staff("ana", role="Warehouse")
    staff("mara", role="Manager")
    assert _sign_in("ana") == reverse("admin:packing_queue")
    assert _sign_in("ana", f"{LOGIN}?next=/admin/") == reverse("admin:packing_queue")
    assert _sign_in("ana", f"{LOGIN}?next=/admin/sellers/sku/") == "/admin/sellers/sku/"
    assert _sign_in("mara") == reverse("admin:index")


def test_counts_work_and_what_needs_attention(scene: Order, manager: Client):
    an_order(due_at=timezone.now() - timedelta(days=1))
    context = manager.get(reverse("admin:index")).context
    figures = {figure.label: figure.count for figure in context["figures"]}
    assert figures == {
        "Ready to pick": "1",
        "Being packed": "1",
        "Ready to hand over": "0",
        "Waiting for payment": "0",
    }
    attention = {figure.label: figure.count for figure in context["attention"]}
    assert attention["The marketplace refused a message"] == "1"
    assert attention["Late: its hand-over time is past"] == "2"
    assert len(context["next_due"]) == 2


def test_every_figure_leads_to_the_orders_it_counts(manager: Client):
    an_order(), an_order(status=Status.HANDLING), an_order(status=Status.CANCEL_REQUESTED)
    context = manager.get(reverse("admin:index")).context
    assert len(context["attention"]) == 2
    for figure in context["figures"]:
        shown = manager.get(figure.link).context["cl"].result_list
        assert len(shown) == int(figure.count), figure
    for figure in context["attention"]:
        assert len(manager.get(figure.link).context["matters"]) == int(figure.count), figure


def test_stops_counting_where_it_no_longer_matters(manager: Client, monkeypatch):
    monkeypatch.setattr(overview, "MOST", 2)
    for _one in range(4):
        an_order()
    figures = manager.get(reverse("admin:index")).context["figures"]
    assert figures[0].count == "2+"


def test_menu_holds_only_what_one_may_open(manager: Client, warehouse: Client):
    def links(client: Client) -> set[str]:
        groups = client.get(reverse("admin:index")).context["sidebar_navigation"]
        return {item["link"] for group in groups for item in group["items"]}

    for client in (manager, warehouse):
        for link in links(client):
            assert client.get(link).status_code == 200, link
    assert reverse("admin:sellers_outboxmessage_changelist") in links(manager)
    assert reverse("admin:sellers_outboxmessage_changelist") not in links(warehouse)


def test_palette_opens_an_order_by_any_id(scene: Order, warehouse: Client):
    url = f"{reverse('admin:search')}?s={scene.seller_order_id.lower()}&extended=1"
    text = warehouse.get(url).content.decode()
    assert reverse("admin:orders_order_change", args=[scene.pk]) in text


@pytest.fixture
def strict(db: None) -> Client:
    client = Client(enforce_csrf_checks=True)
    client.force_login(staff("mara", role="Manager"))
    return client


def test_switching_the_language_needs_the_form_and_lasts(strict: Client):
    page = reverse("admin:index")
    url = reverse("set_language")
    assert strict.post(url, {"language": "pt-br", "next": page}).status_code == 403
    assert "Orders" in strict.get(page).content.decode()
    token = strict.cookies["csrftoken"].value
    form = {"language": "pt-br", "next": page, "csrfmiddlewaretoken": token}
    assert strict.post(url, form)["Location"] == page
    assert "Pedidos" in strict.get(page).content.decode()
    elsewhere = Client()
    elsewhere.force_login(User.objects.get(username="mara"))
    assert "Pedidos" in elsewhere.get(page).content.decode()


def test_a_language_nobody_offers_is_not_kept(strict: Client):
    strict.get(reverse("admin:index"))
    form = {"language": "fr", "csrfmiddlewaretoken": strict.cookies["csrftoken"].value}
    strict.post(reverse("set_language"), form)
    assert User.objects.get(username="mara").language == ""


def test_on_a_shared_tablet_everybody_reads_their_own_language(db: None):
    tablet = Client()
    tablet.cookies["django_language"] = "pt-br"
    tablet.force_login(staff("john", role="Manager", language="en"))
    assert "Orders" in tablet.get(reverse("admin:index")).content.decode()
