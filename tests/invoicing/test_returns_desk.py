"""The returns desk: found by any id, confirmed, received; money and its invoice for managers."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from invoicing import packing
from invoicing.models import Return
from orders.models import Order
from orders.states import Status
from sellers.models import CaseBarcode, OutboxMessage, StockLevel, User
from tests.builders import NOW, Line, a_warehouse, an_order, staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def order() -> Order:
    made = an_order(Line("1001", 2, price=4321, name="Mug"))
    package = packing.open_package(order=made, now=NOW, actor=None)
    packing.put(package=package, line=made.lines.get(), quantity=2, now=NOW, actor=None)
    packing.close(package=package, number="NF-9", now=NOW, actor=None)
    OutboxMessage.objects.update(status="delivered", applied="applied")
    return made


def client_of(role: str) -> Client:
    client = Client()
    client.force_login(staff(role.lower(), role=role))
    return client


def page(order: Order) -> str:
    return reverse("admin:return_order", args=[order.seller_order_id])


def fields(order: Order, **said: Any) -> dict[str, Any]:
    """The form as a browser sends it, `said` by the field's name without the line."""
    line = order.lines.get()
    house = StockLevel.objects.get(sku=line.sku).warehouse_id
    given = {"shelf": "", "scrap": "", "condition": "opened", "warehouse": house, "reason": ""}
    return {f"{name}-{line.pk}": value for name, value in (given | said).items()}


def receive(client: Client, order: Order, **said: Any) -> str:
    sent = {"action": "receive", "gesture": "g" * 12} | fields(order, **said)
    return client.post(page(order), sent, follow=True).content.decode()


@pytest.mark.parametrize(
    "text", ["NF-9", "1001", "the order", "our id", "a case", "QB123456785BR", "the label"]
)
def test_finds_the_order_by_invoice_item_tracking_or_id(order: Order, text: str) -> None:
    CaseBarcode.objects.create(sku=order.lines.get().sku, barcode="17891234567892", units=6)
    order.packages.update(tracking_number="QB123456785BR")
    ids = {
        "a case": "17891234567892",
        "the label": f"{order.seller_order_id}-1",
        "the order": order.marketplace_order_id,
        "our id": order.seller_order_id,
    }
    answer = client_of("Warehouse").get(reverse("admin:returns_desk"), {"q": ids.get(text, text)})
    assert (answer.status_code, answer.headers["Location"]) == (302, page(order))


def test_does_not_find_what_was_never_invoiced() -> None:
    unpacked = an_order()
    desk = reverse("admin:returns_desk")
    answer = client_of("Warehouse").get(desk, {"q": unpacked.marketplace_order_id})
    assert answer.status_code == 200
    assert unpacked.seller_order_id not in answer.content.decode()


def test_asks_for_confirmation_before_anything_happens(order: Order) -> None:
    client = client_of("Warehouse")
    sent = {"action": "check"} | fields(order, shelf="1", scrap="1", reason="Broken")
    text = client.post(page(order), sent, follow=True).content.decode()
    assert "Broken" in text
    assert text.count('type="hidden"') >= 7
    assert not Return.objects.exists()


def test_the_question_is_a_page_to_come_back_to_and_answered_twice_counts_once(
    order: Order,
) -> None:
    client = client_of("Warehouse")
    (gesture,) = re.findall(
        'name="gesture" value="([^"]+)"', client.get(page(order)).content.decode()
    )
    sent = {"gesture": gesture} | fields(order, shelf="1")
    asked = client.post(page(order), {"action": "check"} | sent)
    question = asked.headers["Location"]
    assert (asked.status_code, gesture in question) == (302, True)
    for _load in range(2):
        assert gesture in client.get(question).content.decode()
    for _answer in range(2):
        client.post(page(order), {"action": "receive"} | sent)
    back = client.get(question, follow=True)
    assert back.redirect_chain == [(page(order), 302)]
    assert "These goods are received already." in back.content.decode()
    assert gesture not in back.content.decode()
    assert Return.objects.get().items.get().quantity == 1


@pytest.mark.parametrize("key", ["never-asked", "of-another"])
def test_a_question_that_is_not_open_leads_back_to_the_order(order: Order, key: str) -> None:
    client = client_of("Warehouse")
    if key == "of-another":
        asked = client.post(page(order), {"action": "check"} | fields(order, shelf="1"))
        key = asked.headers["Location"].rstrip("/").rpartition("/")[2]
    other = an_order(Line("1001"))
    answer = client.get(reverse("admin:return_confirm", args=[other.seller_order_id, key]))
    assert (answer.status_code, answer.headers["Location"]) == (302, page(other))


def test_a_question_that_came_to_be_out_of_place_is_refused_in_words(order: Order) -> None:
    client = client_of("Warehouse")
    sent = {"action": "check"} | fields(order, shelf="2")
    question = client.post(page(order), sent).headers["Location"]
    receive(client_of("Manager"), order, shelf="1")
    text = client.get(question, follow=True).content.decode()
    assert "1 can come back, not 2." in text


def test_a_line_goes_back_where_it_was_shipped_from_unless_said_otherwise() -> None:
    a_warehouse("sp", name="Older")
    newer = a_warehouse("rj", name="Newer")
    made = an_order(Line("1001", 2), Line("2002"))
    shelves = StockLevel.objects.filter(sku__ref="2002")
    assert shelves.update(warehouse=newer) == 1
    package = packing.open_package(order=made, now=NOW, actor=None)
    for line in made.lines.all():
        packing.put(package=package, line=line, quantity=line.quantity, now=NOW, actor=None)
    packing.close(package=package, number="NF-9", now=NOW, actor=None)
    text = client_of("Warehouse").get(page(made)).content.decode()
    assert re.findall(r"<option [^>]*selected>([^<]*)", text) == ["Older", "Newer"]


def test_the_warehouse_receives_and_sees_no_price(order: Order) -> None:
    client = client_of("Warehouse")
    text = receive(client, order, shelf="1", scrap="1", reason="Broken")
    taken_in = Return.objects.get()
    items = [(item.quantity, item.condition, item.scrap_reason) for item in taken_in.items.all()]
    assert items == [(1, "opened", ""), (1, "opened", "Broken")]
    assert StockLevel.objects.get().on_hand == 99
    assert "43,21" not in text + client.get(page(order)).content.decode()
    assert "86,42" not in text


def test_the_same_form_sent_twice_counts_once(order: Order) -> None:
    client = client_of("Warehouse")
    receive(client, order, shelf="1")
    receive(client, order, shelf="1")
    assert Return.objects.count() == 1


def test_the_warehouse_cannot_issue_the_return_invoice(order: Order) -> None:
    client = client_of("Warehouse")
    receive(client, order, shelf="2")
    sent = {"action": "credit", "return": Return.objects.get().pk}
    assert client.post(page(order), sent).status_code == 403
    assert order.invoices.filter(kind="Input").count() == 0


def test_a_manager_is_guided_from_the_invoice_to_the_cancellation(order: Order) -> None:
    client = client_of("Manager")
    assert "R$ 86,42" in receive(client, order, shelf="2")
    taken_in = Return.objects.get()
    text = client.post(page(order), {"action": "credit", "return": taken_in.pk}, follow=True)
    assert "wait until the marketplace has" in text.content.decode()
    refused = client.post(page(order), {"action": "cancel", "reason": "Returned"}, follow=True)
    assert "cancel after it has" in refused.content.decode()
    OutboxMessage.objects.update(status="delivered", applied="applied")
    assert "can be cancelled" in client.get(page(order)).content.decode()
    client.post(page(order), {"action": "cancel", "reason": "Returned"})
    order.refresh_from_db()
    assert order.status == Status.CANCELLED


def test_a_return_can_be_taken_back_on_the_page(order: Order) -> None:
    client = client_of("Warehouse")
    receive(client, order, shelf="2")
    client.post(page(order), {"action": "undo", "return": Return.objects.get().pk})
    assert StockLevel.objects.get().on_hand == 98


@pytest.mark.parametrize("said", [{"shelf": "3"}, {"shelf": "x"}, {"scrap": "1"}, {}])
def test_refuses_on_the_page_what_cannot_be(order: Order, said: dict[str, str]) -> None:
    text = receive(client_of("Warehouse"), order, **said)
    assert 'class="note error"' in text
    assert not Return.objects.exists()


def test_lists_what_still_asks_for_an_invoice_first(order: Order) -> None:
    client = client_of("Warehouse")
    receive(client, order, shelf="1")
    text = client.get(reverse("admin:returns_desk")).content.decode()
    assert order.marketplace_order_id in text
    assert "The return invoice is to be issued" in text


def test_says_in_portuguese_that_what_came_back_is_opened(order: Order) -> None:
    client = Client()
    client.force_login(staff("ana", language="pt-br"))
    text = client.get(page(order)).content.decode()
    assert re.search(r'<option value="opened"[^>]*>aberto</option>', text)


def test_nobody_else_sees_the_desk(order: Order) -> None:
    client = Client()
    assert client.get(page(order)).status_code == 302
    client.force_login(staff("nobody", role="Warehouse"))
    client.get(page(order))
    User.objects.get(username="nobody").groups.clear()
    assert client.get(page(order)).status_code == 403
