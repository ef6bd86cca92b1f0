"""What scans mean at the packing table, and what the table does by itself."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from invoicing import finishing
from invoicing.models import (
    Gesture,
    InvoiceSeries,
    Package,
    PaperSettings,
    PickSlot,
    ShortPick,
    TableSettings,
)
from orders.models import TimelineEntry
from orders.states import Status
from sellers.models import CaseBarcode, OutboxMessage, StockLevel, StockMovement
from tests.builders import Line, a_seller, a_sku, an_order
from tests.invoicing.table import do, packed, packer, screen
from tests.invoicing.walking import Picker

pytestmark = pytest.mark.django_db
KEY = "35260312345678000190550010000001231000001230"
CASE = "17891234567892"


@pytest.fixture
def ana(db: None) -> Client:
    return packer("ana", first_name="Ana", last_name="Lima")


@pytest.fixture
def bia(db: None) -> Client:
    return packer("bia", first_name="Bia", last_name="Souza")


@pytest.fixture
def closing_by_itself(db: None) -> None:
    InvoiceSeries.objects.create(account=a_seller(), prefix="N-", closes_by_itself=True)


def a_case(ref: str = "1001", units: int = 6, barcode: str = CASE) -> None:
    CaseBarcode.objects.create(sku=a_sku(ref), barcode=barcode, units=units)


# --- cases, and more than one at once


def test_a_case_counts_its_units_and_stock_stays_in_units(ana: Client) -> None:
    a_case(units=6)
    order = an_order(Line(quantity=13))
    before = list(StockLevel.objects.values("on_hand", "held")), StockMovement.objects.count()
    do(ana, order, "scan", code=CASE)
    assert packed(order) == [(1, "1001", 6)]
    do(ana, order, "scan", code=f"1*{CASE}")
    do(ana, order, "scan", code="1001")
    assert packed(order) == [(1, "1001", 13)]
    after = list(StockLevel.objects.values("on_hand", "held")), StockMovement.objects.count()
    assert after == before


def test_a_case_that_is_more_than_the_order_needs_is_refused_whole(ana: Client) -> None:
    a_case(units=6)
    order = an_order(Line(quantity=5))
    said = do(ana, order, "scan", code=CASE)
    assert (said["tone"], said["refused"]) == ("many", True)
    assert "Only 5 more" in said["text"]
    assert packed(order) == []


def test_a_case_fills_the_lines_of_its_sku_one_after_the_other(ana: Client) -> None:
    a_case(units=6)
    order = an_order(Line(quantity=4), Line("2002"), Line(quantity=3, price=900))
    do(ana, order, "scan", code=CASE)
    lines = [(item.line.index, item.quantity) for item in Package.objects.get().items.all()]
    assert sorted(lines) == [(0, 4), (2, 2)]
    do(ana, order, "undo")
    assert packed(order) == []


def test_a_case_of_another_orders_item_is_a_wrong_item(ana: Client) -> None:
    a_case("2002")
    assert do(ana, an_order(), "scan", code=CASE)["tone"] == "wrong"


def test_a_quantity_given_before_the_scan_multiplies_it(ana: Client) -> None:
    a_case(units=2)
    order = an_order(Line(quantity=12))
    do(ana, order, "scan", code="1001", times="4")
    do(ana, order, "scan", code=CASE, times="3")
    assert packed(order) == [(1, "1001", 10)]


# --- refusals


def test_a_wrong_item_names_both_and_is_recorded_but_not_packed(ana: Client) -> None:
    a_sku("3003", name="Stray")
    order = an_order(Line("1001", name="Mug"))
    said = do(ana, order, "scan", code="3003")
    assert "“Stray” is not in this order." in said["text"]
    assert "Still to pack: “Mug”." in said["text"]
    assert packed(order) == []
    assert Gesture.objects.get().refused == "wrong-item"
    told = TimelineEntry.objects.get(order=order, code="wrong-item-scanned")
    assert (told.actor.username, told.facts) == ("ana", {"why": "3003 · Stray"})  # type: ignore[union-attr]


def test_one_too_many_is_recorded_as_well(ana: Client) -> None:
    order = an_order(Line(quantity=1), Line("2002"))
    do(ana, order, "scan", code="1001")
    do(ana, order, "scan", code="1001")
    assert TimelineEntry.objects.filter(order=order, code="too-many-scanned").count() == 1
    assert [gesture.refused for gesture in Gesture.objects.order_by("id")] == ["", "too-many"]


def test_a_slip_of_the_hand_is_not_told_on_the_timeline(ana: Client) -> None:
    order = an_order()
    do(ana, order, "scan", code="nonsense")
    assert not TimelineEntry.objects.filter(order=order).exists()


def test_a_refused_scan_sent_again_is_refused_again_whatever_happened_since(ana: Client) -> None:
    order, key = an_order(Line(quantity=1), Line("2002")), uuid4().hex
    do(ana, order, "scan", code="1001")
    first = do(ana, order, "scan", code="1001", gesture=key)
    do(ana, order, "undo")
    again = do(ana, order, "scan", code="1001", gesture=key)
    assert again["refused"] and again["text"] == first["text"]
    assert packed(order) == []


# --- closing


def test_the_access_key_off_a_printed_invoice_closes_the_package(ana: Client) -> None:
    from invoicing.nfe import check_digit

    order = an_order()
    do(ana, order, "scan", code="1001")
    key = KEY[:43] + check_digit(KEY[:43])
    said = do(ana, order, "scan", code=key)
    assert (said["tone"], said["refused"]) == ("done", False)
    invoice = order.invoices.get()
    assert (invoice.number, invoice.key) == ("123", key)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (KEY[:-1], "was misread: it has 44 digits, and 43 came."),
        (KEY[1:], "was misread: it has 44 digits, and 43 came."),
        (KEY + KEY[-1], "was misread: it has 44 digits, and 45 came."),
        (KEY[:-1] + "7", "was misread: a digit in it is wrong."),
        ("0" * 43 + "9", "was misread: a digit in it is wrong."),
        ("X" + KEY[1:], "was misread: a digit in it is wrong."),
        ("35260312345678000190570010000001231000001238", "This key is another paper's"),
    ],
    ids=["short", "begun late", "long", "wrong digit", "nonsense", "letter", "a carrier's paper"],
)
def test_says_in_words_that_an_access_key_was_misread(ana: Client, code: str, words: str) -> None:
    order = an_order()
    package = do(ana, order, "scan", code="1001")["package"]
    for said in (
        do(ana, order, "scan", code=code),
        do(ana, order, "close", package=package, number=code),
        do(ana, order, "close", package=package, key=code),
    ):
        assert said["refused"] and words in said["text"], said["text"]
        assert "Scan " in said["text"]
    assert not order.invoices.exists()


def test_a_long_code_off_a_case_is_no_misread_access_key(ana: Client) -> None:
    said = do(ana, an_order(), "scan", code="01178910001001031715123110ABC12321000000000012")
    assert said["text"].startswith("Nothing here has the code")


def test_a_package_waits_for_the_packer_unless_the_series_closes_it(ana: Client) -> None:
    order = an_order()
    said = do(ana, order, "scan", code="1001")
    assert said["text"] == "Everything is packed. Scan the invoice, or close with number 1."
    assert Package.objects.get().status == Package.Status.OPEN


@pytest.mark.usefixtures("closing_by_itself")
def test_the_last_unit_closes_all_packages_and_the_invoice_waits_a_moment(ana: Client) -> None:
    order = an_order(Line(quantity=2))
    do(ana, order, "scan", code="1001")
    second = do(ana, order, "new")["package"]
    said = do(ana, order, "scan", code="1001", package=second)
    assert said["text"] == "Everything is packed and closed. Invoice: N-1, N-2"
    order.refresh_from_db()
    assert order.status == Status.INVOICED
    assert sum(i.value_cents for i in order.invoices.all()) == order.payment_value_cents
    waits = [m.due_at - m.created_at for m in OutboxMessage.objects.filter(kind="invoice")]
    assert waits == [finishing.TO_THINK_AGAIN] * 2


@pytest.mark.usefixtures("closing_by_itself")
def test_undo_after_the_last_unit_opens_the_packages_and_takes_it_out(ana: Client) -> None:
    order = an_order(Line(quantity=2))
    do(ana, order, "scan", code="1001")
    do(ana, order, "scan", code="1001")
    said = do(ana, order, "undo")
    assert not said["refused"], said["text"]
    assert packed(order) == [(1, "1001", 1)]
    order.refresh_from_db()
    assert order.status == Status.HANDLING
    assert TimelineEntry.objects.filter(order=order, code="package-reopened").exists()
    do(ana, order, "scan", code="1001")
    assert order.invoices.get(voided_at=None).number == "N-1"


@pytest.mark.usefixtures("closing_by_itself")
def test_undo_says_so_once_the_invoice_has_left(ana: Client) -> None:
    order = an_order()
    do(ana, order, "scan", code="1001")
    OutboxMessage.objects.filter(kind="invoice").update(status="delivered")
    said = do(ana, order, "undo")
    assert said["refused"] and "use a return" in said["text"]
    assert Package.objects.get().status == Package.Status.CLOSED


@pytest.mark.usefixtures("closing_by_itself")
def test_what_cannot_be_closed_stays_packed_and_says_why(ana: Client) -> None:
    order = an_order(Line(price=0), pays=0)
    said = do(ana, order, "scan", code="1001")
    assert said["tone"] == "done" and "not closed: No cent is left" in said["text"]
    assert packed(order) == [(1, "1001", 1)]


@pytest.mark.usefixtures("closing_by_itself")
def test_reopen_takes_the_package_that_closed_last(ana: Client) -> None:
    order = an_order()
    do(ana, order, "scan", code="1001")
    assert not do(ana, order, "reopen")["refused"]
    assert Package.objects.get().status == Package.Status.OPEN
    assert do(ana, order, "reopen")["refused"]


@pytest.mark.usefixtures("closing_by_itself")
def test_says_what_closed_and_what_the_packer_wants_done_then(ana: Client) -> None:
    order, following = an_order(Line(quantity=1)), an_order(Line("2002"))
    assert 'data-prints="account"' in screen(ana, order) and "data-opens-next" in screen(ana, order)
    ana.post(reverse("admin:packing_settings"), {"prints": "label", "opens_next": "0"})
    assert 'data-prints="label"' in screen(ana, order)
    assert "data-opens-next" not in screen(ana, order)
    said = do(ana, order, "scan", code="1001")
    assert said["closed"] == [Package.objects.get().pk]
    assert following.seller_order_id in said["html"]
    shown = screen(ana, following, after=order.seller_order_id)
    assert f"order {order.marketplace_order_id} is closed" in shown


# --- several packages


def test_units_move_from_one_package_to_another(ana: Client) -> None:
    order = an_order(Line(quantity=4))
    first = do(ana, order, "scan", code="3*1001")["package"]
    second = do(ana, order, "new")["package"]
    line = order.lines.get().pk
    do(ana, order, "move", package=first, line=line, quantity="2", to=second)
    assert packed(order) == [(1, "1001", 1), (2, "1001", 2)]
    said = do(ana, order, "move", package=first, line=line, quantity="5", to=second)
    assert said["refused"]
    assert packed(order) == [(1, "1001", 1), (2, "1001", 2)]


def test_units_move_into_a_new_package_when_no_other_is_open(ana: Client) -> None:
    order = an_order(Line(quantity=2))
    first = do(ana, order, "scan", code="2*1001")["package"]
    do(ana, order, "move", package=first, line=order.lines.get().pk, quantity="1", to="")
    assert packed(order) == [(1, "1001", 1), (2, "1001", 1)]


def test_shows_the_weight_expected_and_doubts_one_that_cannot_be(ana: Client) -> None:
    a_sku("1001", weight_g=900)
    order = an_order(Line(quantity=2))
    package = do(ana, order, "scan", code="2*1001")["package"]
    assert "expected 1.80 kg" in screen(ana, order)
    said = do(ana, order, "close", package=package, weight_g="900")
    assert "weighed 900 g" in said["html"] and "look inside" in said["html"]


# --- one packer at a time


def test_another_packer_is_refused_by_name_until_they_take_over(ana: Client, bia: Client) -> None:
    order = an_order(Line(quantity=3))
    do(ana, order, "open")
    said = do(bia, order, "scan", code="1001")
    assert said["refused"] and said["text"].startswith("Ana Lima is packing this order since")
    assert "Take it over" in said["html"]
    do(bia, order, "scan", code="CMDTAKEOVER")
    do(bia, order, "scan", code="1001")
    refused = do(ana, order, "scan", code="1001")
    assert refused["refused"] and refused["text"].startswith("Bia Souza")
    assert packed(order) == [(1, "1001", 1)]
    assert TimelineEntry.objects.filter(order=order, code="taken-over").count() == 1


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("put", {"line": "line"}),
        ("take-out", {"line": "line", "package": "package"}),
        ("move", {"line": "line", "package": "package"}),
        ("new", {}),
        ("undo", {}),
        ("close", {"package": "package"}),
        ("reopen", {"package": "closed"}),
    ],
)
def test_nothing_is_changed_in_somebody_elses_order(
    ana: Client, bia: Client, action: str, fields: dict[str, str]
) -> None:
    order = an_order(Line(quantity=3))
    closed = do(ana, order, "scan", code="1001")["package"]
    do(ana, order, "close", package=closed)
    package = do(ana, order, "scan", code="1001")["package"]
    ids = {"line": order.lines.get().pk, "package": package, "closed": closed}
    before = packed(order), list(order.packages.values_list("status", flat=True))
    said = do(bia, order, action, **{name: ids[value] for name, value in fields.items()})
    assert said["refused"] and "Ana Lima" in said["text"]
    assert (packed(order), list(order.packages.values_list("status", flat=True))) == before


def test_who_looks_only_is_not_at_the_order(ana: Client, bia: Client) -> None:
    order = an_order()
    screen(ana, order)
    assert not do(bia, order, "scan", code="1001")["refused"]


def test_who_left_a_while_ago_is_named_but_in_nobodys_way(ana: Client, bia: Client) -> None:
    order = an_order(Line(quantity=2))
    do(ana, order, "open")
    long_ago = timezone.now() - timedelta(hours=1)
    type(order.packing_lease).objects.update(since=long_ago, seen_at=long_ago)
    assert "Ana Lima packed here until" in screen(bia, order)
    assert not do(bia, order, "scan", code="1001")["refused"]


def test_the_next_order_is_one_that_nobody_else_is_at(ana: Client, bia: Client) -> None:
    order, taken, free = (an_order(Line(ref)) for ref in ("1001", "2002", "3003"))
    do(bia, taken, "open")
    package = do(ana, order, "scan", code="1001")["package"]
    said = do(ana, order, "close", package=package)
    assert free.seller_order_id in said["html"]
    assert taken.seller_order_id not in said["html"]


def test_an_order_that_is_done_is_nobodys(ana: Client, bia: Client) -> None:
    order = an_order()
    package = do(ana, order, "scan", code="1001")["package"]
    do(ana, order, "close", package=package)
    assert not do(bia, order, "reopen")["refused"]


def test_who_comes_back_is_told_what_was_packed(ana: Client) -> None:
    order = an_order(Line(quantity=3))
    assert do(ana, order, "open")["text"] == ""
    do(ana, order, "scan", code="2*1001")
    assert do(ana, order, "open")["text"] == "Your session was recovered: 2 of 3 are packed."


# --- settings and the sheet


def test_settings_are_kept_with_the_person(ana: Client, bia: Client) -> None:
    address = reverse("admin:packing_settings")
    ana.post(address, {"is_muted": "1"}, headers={"X-Requested-With": "fetch"})
    ana.post(address, {"prints": "nonsense", "opens_next": "perhaps"})
    liked = TableSettings.objects.get()
    assert (liked.packer.username, liked.is_muted, liked.prints) == ("ana", True, "account")
    order = an_order()
    assert 'id="mute" class="icon" hidden aria-pressed="true"' in screen(ana, order)
    assert 'id="mute" class="icon" hidden aria-pressed="false"' in screen(bia, order)


def test_an_account_says_what_is_printed_when_a_package_closes(ana: Client) -> None:
    order = an_order()
    assert 'data-account-prints="slip label"' in screen(ana, order)
    PaperSettings.objects.create(account=order.account, on_closing="")
    assert 'data-account-prints=""' in screen(ana, order)


@pytest.mark.parametrize("language", ["en", "pt-br"])
def test_the_sheet_has_every_command_as_a_barcode(language: str) -> None:
    from invoicing import commands

    page = packer(language=language).get(reverse("admin:packing_commands")).content.decode()
    codes = [command.code for command in commands.COMMANDS]
    assert all(code in page for code in codes)
    assert page.count('class="barcode"') == len(commands.BY_CODE)
    assert all(code.isalnum() and code.isascii() for code in commands.BY_CODE)


def test_a_command_only_a_script_can_do_is_refused_to_a_plain_form(ana: Client) -> None:
    said = do(ana, an_order(), "scan", code="CMDMUTE")
    assert said["refused"]


# --- what pickers know


def test_a_stray_item_belongs_in_the_tote_beside_this_one(ana: Client) -> None:
    """Of all that wait for it, the order that was picked in the same walk; and its tote."""
    a_sku("2002", name="Stray")
    now = timezone.now()
    an_order(Line("2002"), due_at=now)
    order, beside = an_order(Line("1001")), an_order(Line("2002"), due_at=now + timedelta(days=3))
    picker = Picker(ana)
    picker.start(order, beside)
    slot = PickSlot.objects.get(order=beside)
    picker.do("tote", slot=slot.number, tote="T-31")
    said = do(ana, order, "scan", code="2002")
    assert f"Order {beside.marketplace_order_id} waits for it, tote T-31." in said["text"]
    PickSlot.objects.update(tote="")
    said = do(ana, order, "scan", code="2002")
    assert f"waits for it, slot {slot.number} of L-" in said["text"]


def test_missing_units_are_put_before_a_manager_and_hold_the_package(ana: Client) -> None:
    order, following = an_order(Line(quantity=3), Line("2002")), an_order(Line("3003"))
    package = do(ana, order, "scan", code="1001")["package"]
    line = order.lines.get(ref="1001").pk
    said = do(ana, order, "short", lines=[line], reason="damaged")
    assert said["text"] == "2 units are missing: a manager is told. Put the box aside."
    short = ShortPick.objects.get()
    assert (short.line_id, short.quantity, short.reason) == (line, 2, "damaged")
    assert "2 missing: a manager decides" in said["html"]
    assert following.seller_order_id in said["html"]
    refused = do(ana, order, "close", package=package)
    assert refused["refused"] and "a manager decides before anything leaves" in refused["text"]
    again = do(ana, order, "short", lines=[line], reason="damaged")
    assert again["refused"]
    assert ShortPick.objects.get().quantity == 2


@pytest.mark.parametrize("reason", ["", "nonsense", "other"])
def test_missing_units_need_a_reason(ana: Client, reason: str) -> None:
    order = an_order(Line(quantity=3))
    said = do(ana, order, "short", lines=[order.lines.get().pk], reason=reason)
    assert said["refused"]
    assert not ShortPick.objects.exists()


def test_the_next_order_is_one_that_can_be_finished(ana: Client, bia: Client) -> None:
    done, short, walked, free = (an_order(Line(ref)) for ref in ("1001", "2002", "3003", "4004"))
    do(ana, short, "short", lines=[short.lines.get().pk], reason="not-there")
    Picker(bia).start(walked)
    package = do(ana, done, "scan", code="1001")["package"]
    said = do(ana, done, "close", package=package)
    assert free.seller_order_id in said["html"]


def test_the_queue_names_who_is_at_an_order(ana: Client, bia: Client) -> None:
    order = an_order()
    do(ana, order, "open")
    page = bia.get(reverse("admin:packing_queue")).content.decode()
    assert "Ana Lima" in page
    assert "data-can-pack" not in page
