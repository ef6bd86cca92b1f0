"""Messages to the marketplace: read by many, decided by those who may, edited by nobody."""

from __future__ import annotations

from django.test import Client
from django.urls import reverse

from orders.models import Order
from sellers.models import OutboxMessage, StaffDecision


def _do(client: Client, action: str, **values: str) -> int:
    message = OutboxMessage.objects.get()
    url = reverse(f"admin:sellers_outboxmessage_{action}", args=[message.pk])
    return client.post(url, {"_form_submitted": "on", **values}).status_code


def test_a_refused_message_is_sent_again(scene: Order, manager: Client):
    _do(manager, "resend")
    assert OutboxMessage.objects.get().status == "pending"
    assert str(StaffDecision.objects.get().actor) == "manager"


def test_a_message_is_dismissed_with_a_reason_only(scene: Order, manager: Client):
    _do(manager, "dismiss", reason="")
    assert OutboxMessage.objects.get().status == "rejected"
    _do(manager, "dismiss", reason="sent by hand")
    assert OutboxMessage.objects.get().status == "superseded"
    assert StaffDecision.objects.get().reason == "sent by hand"


def test_a_delivered_message_offers_nothing_to_do(scene: Order, manager: Client):
    OutboxMessage.objects.update(status="delivered")
    assert _do(manager, "resend") == 403
    assert OutboxMessage.objects.get().status == "delivered"


def test_the_warehouse_decides_nothing(scene: Order, warehouse: Client):
    assert _do(warehouse, "resend") == 403
    assert OutboxMessage.objects.get().status == "rejected"


def test_the_list_shows_what_needs_attention(scene: Order, manager: Client):
    url = reverse("admin:sellers_outboxmessage_changelist")
    assert len(manager.get(f"{url}?state=attention").context["cl"].result_list) == 1
    OutboxMessage.objects.update(status="delivered")
    assert len(manager.get(f"{url}?state=attention").context["cl"].result_list) == 0


def test_a_message_can_not_be_edited(scene: Order, administrator: Client):
    message = OutboxMessage.objects.get()
    page = reverse("admin:sellers_outboxmessage_change", args=[message.pk])
    assert administrator.post(page, {"body": "forged"}).status_code == 403
    message.refresh_from_db()
    assert message.body == '{"invoiceValue": 12345}'


def test_what_was_accepted_without_effect_is_red_and_says_what_to_do(scene: Order, manager: Client):
    OutboxMessage.objects.update(status="delivered", applied="missing")
    message = OutboxMessage.objects.get()
    url = reverse("admin:sellers_outboxmessage_changelist")
    listed = manager.get(f"{url}?state=attention")
    assert list(listed.context["cl"].result_list) == [message]
    page = manager.get(reverse("admin:sellers_outboxmessage_change", args=[message.pk]))
    assert "its order does not show it" in page.content.decode()
    order = manager.get(reverse("admin:orders_order_change", args=[scene.pk])).content.decode()
    assert "accepted, but not to be seen in the order" in order
    _do(manager, "dismiss", reason="seen there by hand")
    message.refresh_from_db()
    assert (message.status, message.applied) == ("delivered", "")


def test_what_piled_up_is_sent_again_at_once(scene: Order, manager: Client, warehouse: Client):
    url = reverse("admin:sellers_outboxmessage_changelist")
    chosen = {"action": "resend_chosen", "_selected_action": [OutboxMessage.objects.get().pk]}
    assert warehouse.post(url, chosen).status_code == 403
    assert OutboxMessage.objects.get().status == "rejected"
    manager.post(url, chosen)
    assert OutboxMessage.objects.get().status == "pending"


def test_advises_by_what_the_marketplace_answered(scene: Order, manager: Client):
    message = OutboxMessage.objects.get()
    page = reverse("admin:sellers_outboxmessage_change", args=[message.pk])
    for status, advice in ((403, "Our app key may not do this"), (404, "does not know this order")):
        message.attempts.all().update(http_status=status)
        assert advice in manager.get(page).content.decode()


def test_the_order_of_a_message_is_one_click_away(scene: Order, manager: Client):
    page = reverse("admin:sellers_outboxmessage_change", args=[OutboxMessage.objects.get().pk])
    order = reverse("admin:orders_order_change", args=[scene.pk])
    assert f'href="{order}"' in manager.get(page).content.decode()
    OutboxMessage.objects.update(subject="unknown-to-us")
    alone = manager.get(page).content.decode()
    assert "unknown-to-us" in alone
    assert f'href="{order}"' not in alone
