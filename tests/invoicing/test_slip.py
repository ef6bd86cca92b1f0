"""The packing slip: enough to send the box, nothing more."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from invoicing import packing
from invoicing.printing.codes import code128
from orders.models import Order, PersonalData
from tests.builders import NOW, Line, an_order, staff

pytestmark = pytest.mark.django_db
ADDRESS = {
    "ReceiverName": "João da Silva",
    "street": "Rua das Laranjeiras",
    "number": "120",
    "postalCode": "22240-003",
    "city": "Rio de Janeiro",
    "phone": "+5521999990000",
}


def slip(client: Client, order: Order, number: int = 1, **query: str) -> str:
    address = reverse("admin:packing_slip", args=[order.seller_order_id, number])
    return client.get(address, query).content.decode()


@pytest.fixture
def order(client: Client) -> Order:
    client.force_login(staff("ana"))
    order = an_order(Line(quantity=2, price=98765), address=ADDRESS)
    for _box in range(2):
        package = packing.open_package(order=order, now=NOW, actor=None)
        packing.put(package=package, line=order.lines.get(), quantity=1, now=NOW, actor=None)
        packing.close(package=package, now=NOW, actor=None)
    return order


def test_says_which_box_of_how_many_and_where_it_goes(client: Client, order: Order) -> None:
    page = slip(client, order, 2)
    assert "2 / 2" in page
    assert order.marketplace_order_id in page
    assert "João da Silva" in page and "Rua das Laranjeiras, 120" in page


def test_shows_no_price_and_no_more_of_the_shopper_than_a_label(
    client: Client, order: Order
) -> None:
    page = slip(client, order)
    assert "987" not in page and "R$" not in page
    assert "99999" not in page


def test_shows_nothing_of_an_erased_shopper(client: Client, order: Order) -> None:
    PersonalData.objects.filter(order=order).update(document=None, receiver="", erased_at=NOW)
    page = slip(client, order)
    assert "João" not in page and "erased" in page


def test_comes_in_two_sizes(client: Client, order: Order) -> None:
    assert "slip-a4.css" in slip(client, order)
    assert "slip-10x15.css" in slip(client, order, size="10x15")
    assert "slip-a4.css" in slip(client, order, size="../../etc")


def test_the_barcode_draws_every_dark_module_of_code_128() -> None:
    from barcode import Code128

    drawn = code128("1138342255777-01")
    modules = Code128("1138342255777-01").build()[0]
    dark = sum(int(run.split("v")[0]) for run in drawn.split("h")[1:] if run[0].isdigit())
    assert dark == modules.count("1")
    assert f'viewBox="0 0 {len(modules)} 1"' in drawn
