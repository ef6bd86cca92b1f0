"""Every list and every page of the admin, for every role."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from orders.models import Order

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label_lower)
OPEN_TO = {
    "Manager": {
        "invoicing.carrier",
        "invoicing.invoice",
        "invoicing.invoiceseries",
        "invoicing.package",
        "invoicing.papersettings",
        "invoicing.print",
        "invoicing.shortpick",
        "jobs.job",
        "orders.order",
        "orders.orderevent",
        "reporting.reportschedule",
        "reporting.scorecard",
        "sellers.capacityuse",
        "sellers.closure",
        "sellers.freightrate",
        "sellers.hold",
        "sellers.outboxmessage",
        "sellers.pickuppoint",
        "sellers.selleraccount",
        "sellers.shippingpolicy",
        "sellers.sku",
        "sellers.stocklevel",
        "sellers.stockaudit",
        "sellers.stockmovement",
        "sellers.warehouse",
        "simulation.simulationcapture",
    },
    "Warehouse": {
        "invoicing.package",
        "jobs.job",
        "orders.order",
        "sellers.sku",
        "sellers.stocklevel",
        "sellers.warehouse",
    },
}


def _list(model) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def _pages(model) -> list[str]:
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_change"
    return [reverse(name, args=[row.pk]) for row in model._default_manager.all()[:3]]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label_lower)
def test_shows_an_administrator_every_list_and_page(model, scene, superuser: Client):
    for url in [_list(model), f"{_list(model)}?q=1001", *_pages(model)]:
        assert superuser.get(url).status_code == 200, url


@pytest.mark.parametrize("role", ["Manager", "Warehouse"])
def test_opens_to_a_role_what_its_work_needs_and_nothing_else(role, scene, request):
    client = request.getfixturevalue(role.lower())
    opened = {
        model._meta.label_lower for model in MODELS if client.get(_list(model)).status_code == 200
    }
    assert opened == OPEN_TO[role]


def test_nobody_adds_changes_or_deletes_an_order(scene: Order, superuser: Client):
    assert superuser.get(reverse("admin:orders_order_add")).status_code == 403
    page = reverse("admin:orders_order_change", args=[scene.pk])
    assert superuser.post(page, {"status": "delivered"}).status_code == 405
    assert superuser.post(reverse("admin:orders_order_delete", args=[scene.pk])).status_code == 403
    assert Order.objects.get().status == scene.status
