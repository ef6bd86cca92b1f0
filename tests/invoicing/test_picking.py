"""A walk through the warehouse: what is on the list, where it goes, and whose list it is."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from invoicing import packing
from invoicing.models import Pick, PickList, PickSlot
from orders import cancelling
from orders.models import Order
from orders.states import Status
from sellers import stock
from sellers.models import OutboxMessage, StockLevel
from tests.builders import Line, a_sku, a_warehouse, an_order, staff
from tests.invoicing.walking import Picker

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana(client: Client) -> Picker:
    client.force_login(staff("ana", first_name="Ana"))
    return Picker(client)


@pytest.fixture
def ivo() -> Picker:
    client = Client()
    client.force_login(staff("ivo", first_name="Ivo"))
    return Picker(client)


def due(hours: float, *lines: Line) -> Order:
    return an_order(*lines, due_at=timezone.now() + timedelta(hours=hours))


def picked(order: Order) -> dict[str, int]:
    units: dict[str, int] = {}
    for pick in Pick.objects.filter(slot__order=order, gesture__undone_at=None):
        units[pick.line.ref] = units.get(pick.line.ref, 0) + pick.quantity
    return units


def test_the_next_orders_are_those_due_soonest(ana: Picker) -> None:
    later, first, second = due(9), due(1), due(2)
    walk = ana.start(count="2")
    assert walk is not None
    slots = [(slot.number, slot.order) for slot in walk.slots.order_by("number")]
    assert slots == [(1, first), (2, second)]
    later.refresh_from_db()
    assert later.status == Status.AUTHORIZED


def test_starting_tells_the_marketplace_once_for_each_order(ana: Picker) -> None:
    order = due(1)
    ana.start(order)
    ana.do("finish")
    ana.start(order)
    order.refresh_from_db()
    assert order.status == Status.HANDLING
    assert OutboxMessage.objects.filter(kind=OutboxMessage.Kind.START_HANDLING).count() == 1


def test_equal_skus_are_one_row_and_bins_are_walked_in_natural_order(ana: Picker) -> None:
    for ref, place in (("1", "A-10-1"), ("2", "A-2-1"), ("3", "B-1"), ("4", ""), ("5", "a-2-9")):
        a_sku(ref, bin_location=place)
    due(1, Line("1", 2), Line("3"), Line("4"))
    due(2, Line("1"), Line("2"), Line("5"))
    ana.start()
    refs = re.findall(r'data-(?:ref|row)="([^"]+)"', ana.page())
    assert refs == ["2", "5", "1", "3", "4"]


def test_a_scan_goes_to_the_most_urgent_order_and_then_to_the_next(ana: Picker) -> None:
    a_sku("1001", ean="7891234567895")
    second, first = due(2, Line("1001", 2)), due(1, Line("1001"))
    ana.start()
    assert ana.scan("7891234567895")["slots"] == [[1, 1]]
    assert ana.scan("2*7891234567895")["slots"] == [[2, 2]]
    assert (picked(first), picked(second)) == ({"1001": 1}, {"1001": 2})


def test_one_scan_may_fill_several_slots_and_says_when_all_is_picked(ana: Picker) -> None:
    due(1, Line("1001", 2))
    due(2, Line("1001", 3))
    ana.start()
    said = ana.scan("5*1001")
    assert said["slots"] == [[1, 2], [2, 3]]
    assert said["tone"] == "done"


def test_two_lines_of_one_sku_are_picked_line_by_line(ana: Picker) -> None:
    order = due(1, Line("1001", 2), Line("1001", 3))
    ana.start()
    ana.scan("4*1001")
    lines = Pick.objects.order_by("pk").values_list("line__index", "quantity")
    assert list(lines) == [(0, 2), (1, 2)]
    assert picked(order) == {"1001": 4}


def test_too_many_wrong_and_unknown_are_refused_and_nothing_is_picked(ana: Picker) -> None:
    a_sku("stray", name="Stray", ean="7890000000001")
    a_sku("1001", name="Mug", bin_location="A-1")
    due(1, Line("1001", 2))
    ana.start()
    many = ana.scan("3*1001")
    assert (many["refused"], many["tone"]) == (True, "many")
    assert "Only 2 more of “Mug” are needed, not 3." in many["text"]
    wrong = ana.scan("7890000000001")
    assert (wrong["refused"], wrong["tone"]) == (True, "wrong")
    assert "“Stray” is not on this list." in wrong["text"] and "A-1" in wrong["text"]
    assert "no-such" in ana.scan("no-such")["text"]
    assert not Pick.objects.exists()
    ana.scan("2*1001")
    assert "put it back" in ana.scan("1001")["text"]


def test_a_repeated_gesture_counts_once(ana: Picker) -> None:
    order = due(1, Line("1001", 5))
    ana.start()
    answers = [ana.do("scan", code="1001", key="the-same-gesture") for _time in range(3)]
    assert [answer["text"] for answer in answers] == [answers[0]["text"]] * 3
    assert picked(order) == {"1001": 1}


def test_what_has_no_barcode_is_confirmed_by_hand_and_marked_so(ana: Picker) -> None:
    order = due(1, Line("1001", 5))
    ana.start()
    sku = order.lines.get().sku_id
    ana.do("take", sku=sku, quantity=1)
    ana.do("take", sku=sku)
    assert picked(order) == {"1001": 5}
    assert set(Pick.objects.values_list("by_hand", flat=True)) == {True}
    assert {pick.gesture.actor.username for pick in Pick.objects.all()} == {"ana"}


def test_undo_takes_back_the_last_scan_and_then_the_one_before(ana: Picker) -> None:
    order = due(1, Line("1001", 5), Line("2002"))
    ana.start()
    ana.scan("2*1001")
    ana.scan("2002")
    assert ana.do("undo")["slots"] == [[1, -1]]
    assert picked(order) == {"1001": 2}
    ana.do("undo")
    assert picked(order) == {}
    assert ana.do("undo")["refused"]


def test_an_order_is_on_one_open_list_only(ana: Picker, ivo: Picker) -> None:
    order, other = due(1), due(2)
    ana.start(order)
    walk = ivo.start(order, other)
    assert walk is not None and [slot.order for slot in walk.slots.all()] == [other]
    told = [str(message) for message in get_messages(ivo.answer.wsgi_request)]
    assert told == [f"Left out: {order}. Ana is picking this order."]
    assert ivo.start(order) is None
    ana.do("finish")
    assert ivo.start(order) is not None


def test_each_warehouse_picks_its_part_of_an_order(ana: Picker, ivo: Picker) -> None:
    order = an_order(Line("1001", 2), due_at=timezone.now() + timedelta(hours=1))
    rio = a_warehouse("rj", name="Rio")
    level = StockLevel.objects.create(sku=a_sku("1001"), warehouse=rio, on_hand=5)
    stock.relocate(
        seller_order_id=order.seller_order_id,
        line_index=0,
        level=StockLevel.objects.get(warehouse__code="sp"),
        to=level,
        quantity=1,
        cause="test",
        now=timezone.now(),
        actor=None,
    )
    assert ana.start(order) is None
    question = ana.answer.content.decode()
    assert "In which warehouse" in question and "Rio" in question
    here = ana.start(order, warehouse=a_warehouse("sp").pk)
    there = ivo.start(order, warehouse=rio.pk)
    assert here is not None and there is not None
    assert ana.scan("1001")["tone"] == "done"
    assert ivo.scan("1001")["tone"] == "done"
    assert ana.scan("1001")["refused"]


def test_a_list_belongs_to_its_picker_until_somebody_takes_it_over(
    ana: Picker, ivo: Picker
) -> None:
    order = due(1, Line("1001", 2))
    ivo.walk = ana.start(order)
    assert "Ana has this list" in ivo.scan("1001")["text"]
    assert "Ana is walking with this list." in ivo.page()
    ivo.do("take-over")
    assert ivo.scan("1001")["tone"] == "right"
    refused = ana.scan("1001")
    assert refused["refused"] and "Ivo has this list" in refused["text"]
    assert picked(order) == {"1001": 1}


def test_a_pause_stops_the_clock_and_the_next_scan_goes_on(ana: Picker) -> None:
    due(1, Line("1001", 2))
    walk = ana.start()
    assert walk is not None
    ana.do("pause")
    long_ago = timezone.now() - timedelta(minutes=30)
    PickList.objects.filter(pk=walk.pk).update(paused_at=long_ago)
    ana.scan("1001")
    walk.refresh_from_db()
    assert walk.paused_at is None
    assert timedelta(minutes=30) <= walk.paused_for < timedelta(minutes=35)


def test_a_cancelled_order_leaves_the_walk_and_what_was_picked_goes_back(ana: Picker) -> None:
    gone, stays = due(1, Line("1001", 2)), due(2, Line("1001"))
    ana.start()
    ana.scan("2*1001")
    gone.refresh_from_db()
    cancelling.cancel(gone, code="over-there", now=timezone.now(), actor=None)
    page = ana.page()
    assert "Put back 2 × Item 1001" in page
    assert ana.scan("1001")["slots"] == [[2, 1]]
    ana.do("put-back", sku=a_sku("1001").pk)
    assert "Put back" not in ana.page()
    assert (picked(gone), picked(stays)) == ({"1001": 0}, {"1001": 1})


def test_an_order_whose_cancellation_is_asked_stands_still(ana: Picker) -> None:
    order = due(1, Line("1001", 2))
    ana.start()
    Order.objects.update(status=Status.CANCEL_REQUESTED, change_asked_at=None)
    assert ana.scan("1001")["refused"]
    assert "Stop packing until a manager has decided" in ana.page()
    assert picked(order) == {}


def test_an_order_with_an_open_change_is_not_picked(ana: Picker) -> None:
    order = due(1)
    Order.objects.update(change_asked_at=timezone.now())
    order.changes.create(
        account=order.account,
        change_request_id="c-1",
        plan={},
        fingerprint="x",
        received_at=timezone.now(),
    )
    assert ana.start(order) is None
    assert not PickSlot.objects.exists()


def test_what_a_packer_packed_without_a_list_is_not_picked_again(ana: Picker) -> None:
    order = due(1, Line("1001", 3))
    now = timezone.now()
    package = packing.open_package(order=order, now=now, actor=None)
    packing.put(package=package, line=order.lines.get(), quantity=2, now=now, actor=None)
    ana.start(order)
    assert "Only one more" in ana.scan("2*1001")["text"]
    ana.scan("1001")
    packing.put(package=package, line=order.lines.get(), quantity=1, now=now, actor=None)
    packing.close(package=package, now=now, actor=None)
    assert ana.scan("1001")["refused"]
    assert "Nothing is left to pick." in ana.page()
    assert "Put back" not in ana.page()


def test_totes_are_named_and_lead_to_their_order(ana: Picker) -> None:
    first, second = due(1), due(2)
    ana.start()
    assert ana.do("tote", slot=1, tote="T-12")["tone"] == "right"
    said = ana.do("tote", slot=2, tote="T-12")
    assert said["refused"] and first.marketplace_order_id in said["text"]
    ana.do("tote", slot=2, tote="T-13")
    found = ana.client.get(reverse("admin:packing_queue"), {"q": "T-13"})
    assert second.seller_order_id in found.headers["Location"]


def test_the_queue_says_who_picks_what_and_where_picked_goods_are(ana: Picker) -> None:
    due(1)
    ana.start()
    url = reverse("admin:packing_queue")
    assert "being picked<small>Ana</small>" in ana.client.get(url).content.decode()
    ana.scan("1001")
    ana.do("tote", slot=1, tote="T-12")
    ana.do("finish")
    page = ana.client.get(url, {"view": "picked"}).content.decode()
    assert "picked<small>tote T-12</small>" in page and "1 picked" in page


def test_a_finished_list_takes_nothing_more_and_is_kept(ana: Picker) -> None:
    due(1, Line("1001", 2))
    walk = ana.start()
    assert walk is not None
    ana.scan("1001")
    assert ana.do("finish")["goto"] == reverse("admin:packing_queue")
    assert ana.scan("1001")["refused"]
    overview = ana.client.get(reverse("admin:pick_lists")).content.decode()
    assert str(walk) in overview and "Nobody is picking." in overview
    assert "finished" in ana.page()


def test_plain_forms_do_without_the_script(ana: Picker) -> None:
    due(1, Line("1001", 2))
    walk = ana.start()
    assert walk is not None
    url = reverse("admin:pick_do", args=[walk.pk])
    form = {"action": "scan", "code": "1001", "gesture": "plain-gesture"}
    page = ana.client.post(url, form, follow=True).content.decode()
    assert "1 of 2: Item 1001 → 1: 1" in page
    again = ana.client.post(url, form | {"gesture": "another-one", "code": "x"}, follow=True)
    assert "Nothing here has the code “x”." in again.content.decode()


@pytest.mark.parametrize(
    "form",
    [
        {"action": "explode", "gesture": "12345678"},
        {"action": "scan", "code": "1001", "gesture": "short"},
        {"action": "take", "sku": "nonsense", "gesture": "12345678"},
        {"action": "take", "sku": "1" * 18, "gesture": "12345678"},
        {"action": "tote", "slot": "99", "tote": "T", "gesture": "12345678"},
        {"action": "short", "sku": "0", "quantity": "-1", "gesture": "12345678"},
    ],
)
def test_what_makes_no_sense_is_refused(ana: Picker, form: dict[str, str]) -> None:
    due(1)
    ana.start()
    said = ana.do(
        form["action"],
        key=form["gesture"],
        **{k: v for k, v in form.items() if k not in ("action", "gesture")},
    )
    assert said["refused"]
    assert not Pick.objects.exists()


def test_only_who_may_pack_may_pick(client: Client, ana: Picker) -> None:
    walk = (due(1), ana.start())[1]
    assert walk is not None
    stranger = Client()
    user = staff("eva")
    user.groups.clear()
    stranger.force_login(user)
    for name, args in (
        ("pick_lists", []),
        ("pick_list", [walk.pk]),
        ("pick_state", [walk.pk]),
        ("pick_paper", [walk.pk]),
    ):
        assert stranger.get(reverse(f"admin:{name}", args=args)).status_code == 403
    for name, args in (("pick_start", []), ("pick_do", [walk.pk])):
        assert stranger.post(reverse(f"admin:{name}", args=args)).status_code == 403


def test_paper_shows_what_is_left_with_barcodes_and_a_box_for_each_slot(ana: Picker) -> None:
    a_sku("1001", ean="7891234567895", name="Mug", bin_location="A-4")
    first = due(1, Line("1001", 3))
    due(2, Line("1001"))
    walk = ana.start()
    assert walk is not None
    ana.scan("1001")
    page = ana.client.get(reverse("admin:pick_paper", args=[walk.pk])).content.decode()
    assert page.count('<svg class="barcode"') == 2
    assert "7891234567895" in page and "A-4" in page and first.marketplace_order_id in page
    assert page.count("tick-box") == 4
    assert '<td class="number">3</td>' in page
    found = ana.client.get(reverse("admin:packing_queue"), {"q": str(walk)})
    assert found.headers["Location"] == reverse("admin:pick_list", args=[walk.pk])
