"""What is offered for delivery: each save raises the tariff revision, faults are said in words."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from orders.models import Order
from sellers.models import (
    Closure,
    DeliveryWindow,
    FreightRate,
    PickupPoint,
    SellerAccount,
    ShippingPolicy,
    Warehouse,
)
from tests.builders import a_seller


def _revision() -> int:
    return SellerAccount.objects.get(slug="acme").tariff_revision


def _values(client: Client, page: str) -> dict[str, object]:
    """What a browser would send back unchanged."""
    context = client.get(page).context
    forms = [context["adminform"].form]
    for inline in context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.initial_forms]
    values: dict[str, object] = {}
    for form in forms:
        for bound in form:
            initial = bound.value()
            if isinstance(initial, list) or initial is None or initial is False:
                continue
            for index, part in enumerate(
                bound.field.widget.decompress(initial)
                if hasattr(bound.field.widget, "decompress")
                else [initial]
            ):
                suffix = f"_{index}" if hasattr(bound.field.widget, "decompress") else ""
                values[bound.html_name + suffix] = part
    return values


@pytest.mark.parametrize(
    "model",
    [ShippingPolicy, FreightRate, PickupPoint, Warehouse, Closure],
    ids=lambda m: m.__name__,
)
def test_every_save_and_delete_raises_the_tariff_revision(
    model, scene: Order, administrator: Client
):
    row = model.objects.first()
    name = f"admin:sellers_{model._meta.model_name}"
    page = reverse(f"{name}_change", args=[row.pk])
    before = _revision()
    response = administrator.post(page, _values(administrator, page))
    assert response.status_code == 302, response.context["errors"]
    assert _revision() == before + 1


def test_deleting_rates_raises_the_revision_once(scene: Order, manager: Client):
    before = _revision()
    url = reverse("admin:sellers_freightrate_changelist")
    chosen = list(FreightRate.objects.values_list("pk", flat=True))
    form = {"action": "delete_selected", "_selected_action": chosen, "post": "yes"}
    assert manager.post(url, form).status_code == 302
    assert not FreightRate.objects.exists()
    assert _revision() == before + 1


def test_a_refused_save_leaves_the_revision_alone(scene: Order, manager: Client):
    rate = FreightRate.objects.get()
    page = reverse("admin:sellers_freightrate_change", args=[rate.pk])
    before = _revision()
    values = _values(manager, page) | {"postal_from": "9", "postal_to": "10"}
    assert manager.post(page, values).status_code == 200
    assert _revision() == before


def test_a_rate_over_another_rate_is_refused_in_words(scene: Order, manager: Client):
    rate = FreightRate.objects.get()
    form = {
        "policy": rate.policy_id,
        "country": "BRA",
        "postal_from": "10000000",
        "postal_to": "29999999",
        "max_weight_g": "",
        "price_cents": "100",
        "estimate": "3bd",
    }
    add = reverse("admin:sellers_freightrate_add")
    assert "already have a rate" in manager.post(add, form).content.decode()
    assert manager.post(add, form | {"postal_from": "20000000"}).status_code == 302
    assert manager.post(add, form | {"max_weight_g": "500"}).status_code == 302
    assert FreightRate.objects.count() == 3


def test_a_pickup_policy_needs_its_point(scene: Order, manager: Client):
    policy = ShippingPolicy.objects.get(ref="pickup")
    page = reverse("admin:sellers_shippingpolicy_change", args=[policy.pk])
    response = manager.post(page, _values(manager, page) | {"pickup_point": ""})
    assert "needs its pickup point" in response.content.decode()


def test_a_point_of_another_account_is_refused(scene: Order, manager: Client):
    point = PickupPoint.objects.get()
    PickupPoint.objects.filter(pk=point.pk).update(account=a_seller("rival"))
    policy = ShippingPolicy.objects.get(ref="pickup")
    page = reverse("admin:sellers_shippingpolicy_change", args=[policy.pk])
    response = manager.post(page, _values(manager, page))
    assert "of another account" in response.content.decode()


def test_a_pickup_point_whose_id_begins_with_another_is_refused(scene: Order, manager: Client):
    point = PickupPoint.objects.get()
    page = reverse("admin:sellers_pickuppoint_add")
    known = _values(manager, reverse("admin:sellers_pickuppoint_change", args=[point.pk]))
    values = known | {"account": point.account_id, "ref": f"{point.ref}-2"}
    response = manager.post(page, values)
    assert "VTEX mixes up counter, counter-2" in response.content.decode()
    assert manager.post(page, values | {"ref": "2-counter"}).status_code == 302


def test_windows_are_changed_with_their_policy(scene: Order, manager: Client):
    policy = ShippingPolicy.objects.get(ref="express")
    page = reverse("admin:sellers_shippingpolicy_change", args=[policy.pk])
    before = _revision()
    values = _values(manager, page) | {"windows-0-price_cents": "999"}
    assert manager.post(page, values).status_code == 302
    assert DeliveryWindow.objects.get().price_cents == 999
    assert _revision() == before + 1
