"""What is not on the shelf goes to a manager; the books follow the decision, to the unit."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from invoicing import packing
from invoicing.models import Package, ShortPick
from invoicing.picking import shorts
from orders import cancelling, flagging
from orders.auditing import findings
from orders.models import Order
from orders.states import Status
from sellers import stock
from sellers.errors import Conflict
from sellers.models import Hold, OutboxMessage, StockLevel, StockMovement
from tests.builders import Line, a_sku, a_warehouse, an_order, staff
from tests.invoicing.walking import Picker
from tests.orders.conftest import fill

pytestmark = pytest.mark.django_db
LIST = "admin:invoicing_shortpick_changelist"


@pytest.fixture
def ana(client: Client) -> Picker:
    client.force_login(staff("ana", first_name="Ana"))
    return Picker(client)


@pytest.fixture
def manager() -> Client:
    client = Client()
    client.force_login(staff("mia", role="Manager"))
    return client


def due(hours: float, *lines: Line) -> Order:
    return an_order(*lines, due_at=timezone.now() + timedelta(hours=hours))


@pytest.fixture
def order(ana: Picker) -> Order:
    """Three of SKU 1001 and one of 2002, of which two of the former are not there."""
    fill("1001", 10, name="Mug", bin_location="A-1")
    fill("2002", 10)
    order = due(1, Line("1001", 3), Line("2002"))
    ana.start(order)
    ana.scan("1001")
    ana.scan("2002")
    ana.do("short", sku=sku_of("1001"), reason="not-there")
    order.refresh_from_db()
    return order


def sku_of(ref: str) -> int:
    return a_sku(ref).pk


def decide(client: Client, action: str, **form: Any) -> Any:
    short = ShortPick.objects.get()
    url = reverse(f"admin:invoicing_shortpick_{action}", args=[short.pk])
    return client.post(url, {"_form_submitted": "on", **form})


def level(ref: str = "1001", warehouse: str = "sp") -> tuple[int, int]:
    found = StockLevel.objects.get(sku__ref=ref, warehouse__code=warehouse)
    return found.on_hand, found.held


def test_the_rest_goes_on_and_the_order_is_put_before_a_manager(order: Order, ana: Picker) -> None:
    short = ShortPick.objects.get()
    assert (short.quantity, short.order, str(short.reported_by)) == (2, order, "ana")
    assert order.flagged_at is not None
    assert order.timeline.filter(code="short-pick").count() == 1
    assert "Nothing is left to pick." in ana.page()
    assert "2 missing: a manager decides" in ana.page()
    assert level() == (10, 3)


def test_who_is_due_last_goes_without(ana: Picker) -> None:
    fill("1001", 10)
    last, first = due(2, Line("1001", 2)), due(1, Line("1001", 2))
    ana.start()
    ana.do("short", sku=sku_of("1001"), quantity=1, reason="damaged", words="crushed")
    assert ShortPick.objects.get().order == last
    ana.do("short", sku=sku_of("1001"), reason="damaged")
    assert {(short.order, short.quantity) for short in ShortPick.objects.all()} == {
        (last, 2),
        (first, 2),
    }


def test_the_next_orders_are_those_that_wait_for_no_manager(ana: Picker, manager: Client) -> None:
    fill("1001", 10)
    stopped, other = due(1, Line("1001"), Line("2002")), due(2, Line("2002"))
    ana.start(stopped)
    ana.do("short", sku=sku_of("1001"), reason="not-there")
    ana.do("finish")
    walk = ana.start(count="5")
    assert walk is not None
    assert [slot.order for slot in walk.slots.all()] == [other]
    ana.do("finish")
    decide(manager, "wait_for_stock", counted=0)
    again = ana.start(count="5")
    assert again is not None
    assert [slot.order for slot in again.slots.order_by("number")] == [stopped, other]


@pytest.mark.parametrize(
    "form",
    [
        {"reason": ""},
        {"reason": "because"},
        {"reason": "other", "words": "  "},
        {"reason": "damaged", "quantity": "0"},
        {"reason": "damaged", "quantity": "4"},
    ],
)
def test_a_short_pick_needs_a_reason_and_a_possible_number(
    ana: Picker, form: dict[str, str]
) -> None:
    order = due(1, Line("1001", 3))
    ana.start()
    assert ana.do("short", sku=sku_of("1001"), **form)["refused"]
    order.refresh_from_db()
    assert not ShortPick.objects.exists() and order.flagged_at is None


def test_open_short_picks_are_told_in_a_sentence(order: Order) -> None:
    [short] = shorts.open_shorts()
    assert shorts.told(short) == "2 × Mug missing in SP, A-1: not on the shelf"


def test_nothing_is_invoiced_while_a_manager_decides(order: Order, ana: Picker) -> None:
    now = timezone.now()
    package = packing.open_package(order=order, now=now, actor=None)
    for line in order.lines.all():
        packing.put(package=package, line=line, quantity=1, now=now, actor=None)
    with pytest.raises(Conflict, match="2 × “Mug” are missing: a manager decides"):
        packing.close(package=package, now=now, actor=None)
    page = ana.client.get(reverse("admin:packing_order", args=[order.seller_order_id]))
    assert "a manager decides before anything leaves" in page.content.decode()


def test_the_packing_table_names_what_is_missing(ana: Picker) -> None:
    for ref, name in (("1", "Mug"), ("2", "Plate"), ("3", "Bowl"), ("4", "Jar"), ("5", "Lid")):
        fill(ref, 10, name=name)
    order = due(1, *(Line(ref) for ref in "12345"))
    ana.start(order)
    told = []
    for ref in "12345":
        ana.do("short", sku=sku_of(ref), reason="not-there")
        page = ana.client.get(reverse("admin:packing_order", args=[order.seller_order_id]))
        told.append(page.content.decode())
    assert "1 × “Mug” is missing: a manager" in told[0]
    assert "1 × “Mug”, 1 × “Plate” are missing: a manager" in told[1]
    assert "1 × “Mug”, 1 × “Plate”, 1 × “Bowl” are missing: a manager" in told[2]
    assert "1 × “Mug”, 1 × “Plate”, 1 × “Bowl” and 2 more are missing: a manager" in told[4]


def test_found_and_packed_after_all_nobody_has_to_decide(order: Order) -> None:
    now = timezone.now()
    package = packing.open_package(order=order, now=now, actor=None)
    for line in order.lines.all():
        packing.put(package=package, line=line, quantity=line.quantity, now=now, actor=None)
    assert shorts.open_shorts() == []
    packing.close(package=package, now=now, actor=None)
    order.refresh_from_db()
    assert order.status == Status.INVOICED


def test_a_missing_unit_that_turns_up_is_scanned_and_the_report_shrinks(
    order: Order, ana: Picker
) -> None:
    assert ana.scan("1001")["slots"] == [[1, 1]]
    assert ShortPick.objects.get().quantity == 1
    ana.scan("1001")
    short = ShortPick.objects.get()
    assert short.decision == "found" and shorts.open_shorts() == []
    order.refresh_from_db()
    assert order.flagged_at is None
    assert ana.scan("1001")["refused"]


def test_a_cancelled_order_asks_no_decision(order: Order, manager: Client) -> None:
    cancelling.cancel(order, code="over-there", now=timezone.now(), actor=None)
    assert shorts.open_shorts() == []
    assert decide(manager, "wait_for_stock").status_code == 403


def test_waiting_keeps_the_promise_and_lets_the_rest_leave(
    order: Order, ana: Picker, manager: Client
) -> None:
    assert decide(manager, "wait_for_stock", note="truck on Friday").status_code == 200
    order.refresh_from_db()
    assert (ShortPick.objects.get().decision, order.flagged_at) == ("wait", None)
    assert level() == (10, 3)
    ana.do("finish")
    assert ana.start(order) is None
    now = timezone.now()
    package = packing.open_package(order=order, now=now, actor=None)
    packing.put(package=package, line=order.lines.get(index=1), quantity=1, now=now, actor=None)
    packing.close(package=package, now=now, actor=None)
    assert Package.objects.get().status == "closed"


def test_once_stock_has_come_the_units_are_picked(
    order: Order, ana: Picker, manager: Client
) -> None:
    decide(manager, "wait_for_stock", counted=0)
    ana.do("finish")
    assert ana.start(order) is None
    stock.correct(
        sku_id=sku_of("1001"),
        warehouse_id=a_warehouse("sp").pk,
        on_hand_change=5,
        reason="delivery",
        cause="truck",
        now=timezone.now(),
        actor=None,
    )
    assert ana.start(order) is not None
    assert ana.scan("2*1001")["tone"] == "done"


def test_a_count_lowers_the_books_to_what_is_promised_and_not_below(
    order: Order, manager: Client
) -> None:
    decide(manager, "wait_for_stock", counted=0)
    # One unit lies in the tote, three are promised: the shelf should have two, and has none.
    assert level() == (3, 3)
    movement = StockMovement.objects.get(kind="correction")
    assert movement.on_hand_change == -7
    assert "0 counted on the shelf" in movement.note
    assert str(movement.actor) == "mia"


def test_a_count_adds_what_lies_in_totes(order: Order, manager: Client) -> None:
    decide(manager, "wait_for_stock", counted=4)
    assert level() == (5, 3)


def test_another_warehouse_takes_the_promise_over(
    order: Order, ana: Picker, manager: Client
) -> None:
    fill("1001", 2, warehouse="rj")
    rio = a_warehouse("rj")
    assert decide(manager, "take_elsewhere", warehouse=rio.pk, counted=0).status_code == 200
    assert (level(), level(warehouse="rj")) == ((1, 1), (2, 2))
    held = Hold.objects.filter(seller_order_id=order.seller_order_id, line_index=0, state="held")
    places = dict(held.values_list("level__warehouse__code", "quantity"))
    assert places == {"sp": 1, "rj": 2}
    assert list(findings(now=timezone.now())) == []
    ana.do("finish")
    ana.start(order)
    assert ana.walk is not None and ana.walk.warehouse == rio
    assert ana.scan("2*1001")["tone"] == "done"
    now = timezone.now()
    package = packing.open_package(order=order, now=now, actor=None)
    for line in order.lines.all():
        packing.put(package=package, line=line, quantity=line.quantity, now=now, actor=None)
    packing.close(package=package, now=now, actor=None)
    assert (level(), level(warehouse="rj")) == ((0, 0), (0, 0))
    assert list(findings(now=timezone.now())) == []


def test_a_warehouse_with_too_little_is_not_offered(order: Order, manager: Client) -> None:
    fill("1001", 2, warehouse="rj", safety=1)
    page = reverse("admin:invoicing_shortpick_change", args=[ShortPick.objects.get().pk])
    assert "Take them from another warehouse" not in manager.get(page).content.decode()
    answer = decide(manager, "take_elsewhere", warehouse=a_warehouse("rj").pk)
    assert answer.status_code == 403
    assert level(warehouse="rj") == (2, 0)


def test_the_order_is_cancelled_by_the_rules_there_are(order: Order, manager: Client) -> None:
    decide(manager, "cancel_short", choice="out-of-stock", words="", counted=0)
    order.refresh_from_db()
    assert (order.status, order.cancel_reason) == (Status.CANCELLED, "Out of stock")
    assert ShortPick.objects.get().decision == "cancel"
    assert level() == (0, 0)
    assert OutboxMessage.objects.filter(kind=OutboxMessage.Kind.CANCEL).count() == 1
    assert list(findings(now=timezone.now())) == []


def test_what_is_invoiced_in_part_can_not_be_cancelled_or_changed(
    order: Order, ana: Picker, manager: Client
) -> None:
    decide(manager, "wait_for_stock")
    now = timezone.now()
    package = packing.open_package(order=order, now=now, actor=None)
    packing.put(package=package, line=order.lines.get(index=1), quantity=1, now=now, actor=None)
    packing.close(package=package, now=now, actor=None)
    ShortPick.objects.update(decided_at=None, decision="")
    for action in ("cancel_short", "ask_for_change"):
        assert decide(manager, action, choice="out-of-stock").status_code == 403
    order.refresh_from_db()
    assert order.status == Status.HANDLING


def test_a_change_that_takes_the_missing_units_away_settles_it(
    order: Order, manager: Client
) -> None:
    decide(manager, "ask_for_change", note="mail to the marketplace")
    assert ShortPick.objects.get().decision == "change"
    ShortPick.objects.update(decided_at=None, decision="")
    order.lines.filter(index=0).update(quantity=1)
    assert shorts.open_shorts() == []


def test_the_page_says_what_the_books_say_and_who_else_waits(order: Order, manager: Client) -> None:
    other = due(5, Line("1001", 4))
    page = reverse("admin:invoicing_shortpick_change", args=[ShortPick.objects.get().pk])
    text = manager.get(page).content.decode()
    assert "On hand: 10, of which promised to orders: 7. In totes and open packages: 1." in text
    assert "So the shelf should have 9." in text
    assert f"{other.seller_order_id} (4)" in text
    listed = manager.get(reverse(LIST)).content.decode()
    assert order.marketplace_order_id in listed


def test_what_is_decided_leaves_the_list(order: Order, manager: Client) -> None:
    decide(manager, "found_after_all")
    assert order.marketplace_order_id not in manager.get(reverse(LIST)).content.decode()
    kept = manager.get(reverse(LIST), {"state": "decided"}).content.decode()
    assert order.marketplace_order_id in kept
    assert decide(manager, "wait_for_stock").status_code == 403


def test_packers_report_and_managers_decide(order: Order, ana: Picker) -> None:
    assert decide(ana.client, "wait_for_stock").status_code == 403
    assert ana.client.get(reverse(LIST)).status_code == 403
    assert ShortPick.objects.get().decided_at is None


def test_the_flag_stays_while_another_problem_waits(order: Order, manager: Client) -> None:
    flagging.raise_to_staff(order, code="price-differs", now=timezone.now())
    decide(manager, "wait_for_stock")
    order.refresh_from_db()
    assert order.flagged_at is not None
