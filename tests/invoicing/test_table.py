"""The packing screen over HTTP: the same addresses for scripts and for plain forms."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from invoicing.models import Gesture, Package, PackageItem
from orders.states import Status
from tests.builders import Line, a_seller, a_sku, an_order, staff
from tests.invoicing.table import do, packed, screen

pytestmark = pytest.mark.django_db
EAN = "7891234567895"


@pytest.fixture
def ana(client: Client) -> Client:
    client.force_login(staff("ana"))
    return client


@pytest.mark.parametrize("code", [EAN, "REF-1", "1001", f"\x02 {EAN}\r\n"])
def test_packs_a_unit_by_any_code_of_the_item(ana: Client, code: str) -> None:
    a_sku("1001", ean=EAN, ref_code="REF-1")
    order = an_order(Line(quantity=2))
    said = do(ana, order, "scan", code=code)
    assert (said["tone"], said["refused"]) == ("right", False)
    assert packed(order) == [(1, "1001", 1)]
    order.refresh_from_db()
    assert order.status == Status.HANDLING


def test_packs_several_units_at_once(ana: Client) -> None:
    order = an_order(Line(quantity=5))
    do(ana, order, "scan", code="3*1001")
    assert packed(order) == [(1, "1001", 3)]


def test_says_so_when_everything_is_packed(ana: Client) -> None:
    order = an_order(Line(quantity=1))
    assert do(ana, order, "scan", code="1001")["tone"] == "done"


def test_fills_the_second_line_of_a_sku_once_the_first_is_full(ana: Client) -> None:
    order = an_order(Line(quantity=1), Line(quantity=1, price=900))
    for _scan in range(2):
        do(ana, order, "scan", code="1001")
    assert sorted(item.line.index for item in PackageItem.objects.all()) == [0, 1]


def test_a_gesture_sent_again_counts_once(ana: Client) -> None:
    order = an_order(Line(quantity=3))
    key = uuid4().hex
    first = do(ana, order, "scan", code="1001", gesture=key)
    again = do(ana, order, "scan", code="1001", gesture=key)
    assert first["text"] == again["text"]
    assert packed(order) == [(1, "1001", 1)]
    assert Gesture.objects.count() == 1


def test_a_close_sent_again_makes_one_invoice(ana: Client) -> None:
    order = an_order()
    package = do(ana, order, "scan", code="1001")["package"]
    key = uuid4().hex
    for _send in range(2):
        said = do(ana, order, "close", package=package, gesture=key)
        assert not said["refused"]
    assert order.invoices.count() == 1


@pytest.mark.parametrize(
    ("code", "tone", "words"),
    [
        ("2002", "wrong", "is not in this order"),
        ("1001", "many", "too many"),
        ("no such code", "wrong", "Nothing here has the code"),
        ("", "wrong", "Nothing here has the code"),
        ("9*1001", "many", "packed"),
    ],
)
def test_refuses_a_wrong_scan_and_packs_nothing(
    ana: Client, code: str, tone: str, words: str
) -> None:
    a_sku("2002")
    order = an_order(Line(quantity=1))
    do(ana, order, "scan", code="1001")
    said = do(ana, order, "scan", code=code)
    assert (said["tone"], said["refused"]) == (tone, True)
    assert words in said["text"]
    assert packed(order) == [(1, "1001", 1)]


def test_names_the_order_that_waits_for_a_stray_item(ana: Client) -> None:
    waiting = an_order(Line("2002"))
    order = an_order(Line("1001"))
    said = do(ana, order, "scan", code="2002")
    assert waiting.marketplace_order_id in said["text"]


def test_an_item_of_another_seller_is_unknown_here(ana: Client) -> None:
    a_sku("R-9", account=a_seller("rival"))
    said = do(ana, an_order(), "scan", code="R-9")
    assert "Nothing here has the code" in said["text"]


@pytest.mark.parametrize("field", ["marketplace_order_id", "seller_order_id"])
def test_scanning_another_order_opens_it(ana: Client, field: str) -> None:
    order, other = an_order(), an_order()
    said = do(ana, order, "scan", code=getattr(other, field))
    assert said["goto"] == reverse("admin:packing_order", args=[other.seller_order_id])
    assert not Package.objects.exists()


def test_undo_takes_out_what_this_packer_put_in_last(ana: Client) -> None:
    order = an_order(Line("1001", 2), Line("2002", 1))
    for code in ("1001", "2002"):
        do(ana, order, "scan", code=code)
    do(ana, order, "undo")
    assert packed(order) == [(1, "1001", 1)]
    do(ana, order, "scan", code="u")
    assert packed(order) == []
    assert do(ana, order, "undo")["refused"]


def test_undo_leaves_another_packers_units_alone(ana: Client, client: Client) -> None:
    order = an_order(Line(quantity=2))
    do(ana, order, "scan", code="1001")
    other = Client()
    other.force_login(staff("bia"))
    do(other, order, "take-over")
    said = do(other, order, "undo")
    assert (said["refused"], said["text"]) == (True, "There is nothing to undo.")
    assert packed(order) == [(1, "1001", 1)]


def test_command_barcodes_open_and_close_packages(ana: Client) -> None:
    order = an_order(Line(quantity=2))
    do(ana, order, "scan", code="1001")
    second = do(ana, order, "scan", code="N")["package"]
    do(ana, order, "scan", code="1001", package=second)
    do(ana, order, "scan", code="cmdclose", package=second)
    assert packed(order) == [(1, "1001", 1), (2, "1001", 1)]
    assert Package.objects.get(number=2).status == Package.Status.CLOSED
    assert Package.objects.get(number=1).status == Package.Status.OPEN


def test_an_access_key_in_the_number_field_gives_the_number(ana: Client) -> None:
    order = an_order()
    package = do(ana, order, "scan", code="1001")["package"]
    key = "35260312345678000190550010000001231000001239"
    said = do(ana, order, "close", package=package, number=_with_check_digit(key))
    assert not said["refused"], said["text"]
    assert order.invoices.get().number == "123"


def _with_check_digit(key: str) -> str:
    from invoicing.nfe import check_digit

    return key[:43] + check_digit(key[:43])


@pytest.mark.parametrize("status", [Status.RESERVED, Status.CANCELLED, Status.CANCEL_REQUESTED])
def test_an_order_that_may_not_be_packed_says_why(ana: Client, status: Status) -> None:
    order = an_order(status=status)
    assert do(ana, order, "scan", code="1001")["refused"]
    page = ana.get(reverse("admin:packing_order", args=[order.seller_order_id])).content.decode()
    assert 'class="stop"' in page
    assert not Package.objects.exists()


@pytest.mark.parametrize("fields", [{"gesture": ""}, {"gesture": "x" * 50}, {"action": "explode"}])
def test_refuses_what_no_screen_sends(ana: Client, fields: dict[str, str]) -> None:
    order = an_order()
    form = {"action": "scan", "code": "1001", "gesture": uuid4().hex} | fields
    address = reverse("admin:packing_gesture", args=[order.seller_order_id])
    answer = ana.post(address, form, headers={"X-Requested-With": "fetch"})
    assert answer.json()["refused"]
    assert not Package.objects.exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"action": "put", "line": "999999"},
        {"action": "put", "line": "9" * 40},
        {"action": "close", "package": "²"},
        {"action": "take-out", "package": "1", "line": "1", "quantity": "-1"},
    ],
)
def test_answers_a_forged_form_with_not_found(ana: Client, fields: dict[str, str]) -> None:
    address = reverse("admin:packing_gesture", args=[an_order().seller_order_id])
    assert ana.post(address, {"gesture": uuid4().hex} | fields).status_code == 404


def test_works_without_scripts_by_plain_forms(ana: Client) -> None:
    order = an_order(Line(quantity=1))
    address = reverse("admin:packing_gesture", args=[order.seller_order_id])
    form = {"action": "scan", "code": "1001", "gesture": uuid4().hex}
    answer = ana.post(address, form, follow=True)
    assert answer.redirect_chain[0][1] == 302
    assert "Everything is packed." in answer.content.decode()
    wrong = ana.post(address, form | {"code": "nonsense", "gesture": uuid4().hex}, follow=True)
    assert 'class="said error"' in wrong.content.decode()


def test_the_screen_asks_the_same_few_queries_for_few_and_many_lines(
    ana: Client, django_assert_max_num_queries: Any
) -> None:
    small = an_order(Line("1001", 2))
    large = an_order(*(Line(f"S{i}", 2) for i in range(60)))
    for order in (small, large):
        do(ana, order, "scan", code=order.lines.all()[0].ref)
        with django_assert_max_num_queries(32):
            ana.get(reverse("admin:packing_order", args=[order.seller_order_id]))


# --- who may see what


def test_only_packers_get_in(client: Client) -> None:
    order = an_order()
    addresses = [
        reverse("admin:packing_queue"),
        reverse("admin:packing_order", args=[order.seller_order_id]),
        reverse("admin:packing_state", args=[order.seller_order_id]),
        reverse("admin:packing_slip", args=[order.seller_order_id, 1]),
    ]
    assert {client.get(address).status_code for address in addresses} == {302}
    outsider = staff("eva")
    outsider.groups.clear()
    client.force_login(outsider)
    assert {client.get(address).status_code for address in addresses} == {403}
    gesture = reverse("admin:packing_gesture", args=[order.seller_order_id])
    assert client.post(gesture, {"action": "scan", "code": "1001"}).status_code == 403
    assert not Package.objects.exists()


def test_the_warehouse_sees_no_money_and_managers_do(ana: Client) -> None:
    order = an_order(Line(quantity=2, price=98765), pays=197531)
    package = do(ana, order, "scan", code="2*1001")["package"]
    for page in (screen(ana, order), do(ana, order, "close", package=package)["html"]):
        assert "R$" not in page and "1.975" not in page and "975,3" not in page
    manager = Client()
    manager.force_login(staff("mia", role="Manager"))
    assert "R$ 1.975,31" in screen(manager, order)


def test_managers_see_how_the_value_comes_about_and_what_does_not_add_up(client: Client) -> None:
    client.force_login(staff("mia", role="Manager"))
    order = an_order(Line(quantity=2, price=1000, discount=100, freight=301), pays=2208)
    do(client, order, "scan", code="1001")
    page = screen(client, order)
    assert "R$ 11,01" in page  # 10,00 − 0,50 + 1,51
    assert "R$ 0,07" in page


def test_sends_a_strict_policy_and_no_inline_script_or_style(ana: Client) -> None:
    order = an_order(Line(quantity=2))
    do(ana, order, "scan", code="1001")
    for address in (
        reverse("admin:packing_queue"),
        reverse("admin:packing_order", args=[order.seller_order_id]),
        reverse("admin:packing_slip", args=[order.seller_order_id, 1]),
    ):
        answer = ana.get(address)
        policy = answer.headers["Content-Security-Policy"]
        page = answer.content.decode()
        assert "unsafe" not in policy and "script-src 'self'" in policy
        assert " style=" not in page and "<style" not in page and " onclick" not in page
        assert page.count("<script") == page.count("<script src=")


def test_speaks_portuguese_to_who_chose_it(client: Client) -> None:
    client.force_login(staff("ana", language="pt-br"))
    assert 'lang="pt-br"' in screen(client, an_order())


def test_tells_what_the_carrier_says_and_offers_the_carriers_known(ana: Client) -> None:
    order = an_order()
    do(ana, order, "scan", code="1001")
    package = Package.objects.get()
    do(ana, order, "close", package=package.pk)
    tracked = {"courier": "correios", "tracking_number": "QB123456785BR"}
    said = do(ana, order, "track", package=package.pk, **tracked)
    assert '<option value="Correios">' in said["html"]
    assert "?objetos=QB123456785BR" in said["html"]
    told = do(ana, order, "event", package=package.pk, description="Left the depot", city="Jaú")
    assert told["text"] == "Told: Left the depot"
    assert "Left the depot" in told["html"]
    refused = do(ana, order, "event", package=package.pk, description="x", at="2999-01-01T00:00")
    assert refused["refused"] is True
    assert package.events.count() == 1


def test_shows_what_does_not_add_up_to_those_who_may_see_money(client: Client) -> None:
    lean = a_seller("lean", invoices_carry_freight=False)
    order = an_order(Line(price=1000, freight=990, name="Mug"), pays=1000, account=lean)
    address = reverse("admin:packing_order", args=[order.seller_order_id])
    client.force_login(staff("mara", role="Manager"))
    text = client.get(address).content.decode()
    assert "That is exactly the freight of Mug: R$ 9,90." in text
    assert "will not turn the order to invoiced" in text
    client.force_login(staff("wim"))
    assert "R$" not in client.get(address).content.decode()


def test_closing_says_which_package_is_current_now(ana: Client) -> None:
    order = an_order(Line(quantity=2))
    first = do(ana, order, "scan", code="1001")["package"]
    second = do(ana, order, "new")["package"]
    do(ana, order, "scan", code="1001", package=second)
    assert "Package 1 is current now." in do(ana, order, "close", package=second)["text"]
    assert "current now" not in do(ana, order, "close", package=first)["text"]
