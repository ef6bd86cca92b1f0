"""The radar: what today's open work will miss at the usual pace, and what ails an order."""

from __future__ import annotations

import random
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from orders.models import Order
from orders.states import Status
from reporting.attention.causes import CAUSES
from reporting.attention.inbox import collect
from reporting.radar.pace import SLOTS, Pace, likely_misses
from reporting.radar.today import outlooks
from sellers.models import Hold
from tests.builders import Line, a_seller, a_warehouse, an_order
from tests.reporting.stuck import stuck

ZONE = ZoneInfo("America/Sao_Paulo")
RADAR = "/admin/radar/"
#: A Wednesday.
TODAY = date(2026, 3, 11)
NOON = datetime.combine(TODAY, time(12), ZONE)


def _day(**packed: int) -> tuple[int, ...]:
    """`h13=8`: eight orders in the hour from 13:00, two in each quarter."""
    slots = [0] * SLOTS
    for hour, orders in packed.items():
        for quarter in range(4):
            slots[int(hour[1:]) * 4 + quarter] = orders // 4
    return tuple(slots)


def _at(hour: int, minute: int = 0) -> datetime:
    return datetime.combine(TODAY, time(hour, minute), ZONE)


# --- the pace -------------------------------------------------------------------------------------


def test_a_usual_day_is_the_mean_of_the_days_that_were_worked():
    pace = Pace((_day(h13=8, h14=8), _day(h13=4, h14=12)))
    assert pace.packed(NOON, _at(14)) == 6
    assert pace.packed(NOON, _at(15)) == 16
    assert pace.packed(_at(13, 30), _at(14)) == 3
    assert pace.packed(_at(15), _at(14)) == 0


def test_what_is_due_tomorrow_has_the_rest_of_the_day():
    pace = Pace((_day(h13=8, h22=4),))
    assert pace.packed(NOON, _at(23) + timedelta(hours=12)) == 12


def test_the_orders_beyond_the_usual_pace_are_foreseen_and_no_others():
    pace = Pace((_day(h12=4, h13=4),))
    dues = [_at(14)] * 8 + [_at(14)] * 2
    assert likely_misses(dues, pace, NOON) == [8, 9]


def test_what_is_late_already_is_packed_first_but_not_foreseen():
    pace = Pace((_day(h12=4),))
    dues = [_at(11), _at(11), *[_at(13)] * 4]
    assert likely_misses(dues, pace, NOON) == [4, 5]


def test_a_break_is_in_the_pace():
    pace = Pace((_day(h12=0, h13=8),))
    assert likely_misses([_at(13), _at(14)], pace, NOON) == [0]


def test_nothing_is_foreseen_without_a_past():
    assert likely_misses([_at(13)] * 50, Pace(()), NOON) == []


@given(
    st.lists(st.integers(0, 40), min_size=1, max_size=60),
    st.lists(st.lists(st.integers(0, 5), min_size=SLOTS, max_size=SLOTS), min_size=1, max_size=3),
)
def test_less_time_never_means_fewer_misses(minutes: list[int], days: list[list[int]]):
    dues = sorted(NOON + timedelta(minutes=15 * each) for each in minutes)
    pace = Pace(days)
    later = NOON + timedelta(minutes=30)
    still_ahead = {place for place in likely_misses(dues, pace, NOON) if dues[place] > later}
    assert still_ahead <= set(likely_misses(dues, pace, later))


# --- replayed: what it said at noon, and how the day went -----------------------------------------


def _worked_day(rng: random.Random) -> list[int]:
    """Packing from eight to six with a lunch break, now faster, now slower."""
    speed = rng.uniform(2.2, 3.2)
    hours = [*range(8, 12), *range(13, 18)]
    day = [0] * SLOTS
    for hour in hours:
        for quarter in range(4):
            day[hour * 4 + quarter] = max(0, round(rng.gauss(speed, 0.8)))
    return day


def _missed(dues: list[datetime], day: list[int]) -> set[int]:
    """Which were in fact late, when the day packed soonest due first."""
    done, missed = 0, set()
    for slot in range(12 * 4, SLOTS):
        ended = datetime.combine(TODAY, time(), ZONE) + timedelta(minutes=15 * (slot + 1))
        for place in range(done, min(len(dues), done + day[slot])):
            if ended > dues[place]:
                missed.add(place)
        done += day[slot]
    return missed | set(range(done, len(dues)))


def test_foresees_most_of_the_real_misses_by_noon():
    rng = random.Random(20260311)
    flagged = real = caught = 0
    for _replayed in range(200):
        pace = Pace([_worked_day(rng) for _past in range(10)])
        load = rng.randint(25, 90)
        dues = sorted(_at(rng.choice((14, 15, 16, 18))) for _order in range(load))
        said, missed = set(likely_misses(dues, pace, NOON)), _missed(dues, _worked_day(rng))
        flagged, real, caught = flagged + len(said), real + len(missed), caught + len(said & missed)
    assert real > 500
    assert caught / real >= 0.8
    assert caught / flagged >= 0.8


# --- from the rows --------------------------------------------------------------------------------


def _packed(day: date, *hours: int) -> None:
    """One order of the warehouse `sp` packed at each of these hours."""
    for hour in hours:
        moment = datetime.combine(day, time(hour), ZONE)
        order = an_order(Line("1001"), status=Status.DELIVERED, invoiced_at=moment)
        Hold.objects.filter(seller_order_id=order.seller_order_id).update(state="shipped")


def test_reads_the_pace_and_the_open_work_of_a_warehouse(db: None):
    for days_ago in (1, 2):
        _packed(TODAY - timedelta(days=days_ago), 13, 13, 15)
    _packed(TODAY - timedelta(days=20), 13)
    _packed(TODAY, 9)
    late = an_order(due_at=_at(11))
    orders = [an_order(due_at=_at(14)) for _one in range(3)]
    an_order(due_at=_at(14) + timedelta(days=1))
    an_order(due_at=_at(14), status=Status.CANCEL_REQUESTED)
    an_order(due_at=_at(14), change_asked_at=NOON)
    [outlook] = outlooks(now=NOON)
    assert outlook.warehouse == "SP"
    assert [each.order_id for each in outlook.waiting] == [late.pk, *(o.pk for o in orders)]
    assert (outlook.late, outlook.packed_today, outlook.usual_from_now) == (1, 1, 2)
    assert [each.order_id for each in outlook.misses] == [orders[1].pk, orders[2].pk]
    [later] = outlooks(now=_at(15))
    assert (later.late, later.last_due, later.usual_from_now) == (4, None, None)


def test_an_order_from_two_warehouses_waits_in_both(db: None):
    account = a_seller()
    order = an_order(Line("1001"), Line("1002"), due_at=_at(14))
    other = a_warehouse("rj", account=account)
    level = Hold.objects.filter(seller_order_id=order.seller_order_id).last()
    assert level is not None
    level.level.warehouse = other
    level.level.save()
    assert {each.warehouse: len(each.waiting) for each in outlooks(now=NOON)} == {"SP": 1, "RJ": 1}


def test_another_sellers_work_does_not_count(db: None):
    an_order(due_at=_at(14), account=a_seller("rival"))
    [outlook] = outlooks(now=NOON)
    assert outlook.account_id == a_seller("rival").pk


@pytest.fixture
def overload(db: None) -> list[Order]:
    """More due later today than the warehouse ever packed."""
    now = timezone.localtime(timezone.now(), ZONE)
    for days_ago in (1, 2, 3):
        _packed(now.date() - timedelta(days=days_ago), 0)
    cache.clear()
    end = datetime.combine(now.date(), time(23, 59, 59), ZONE)
    return [an_order(due_at=end) for _one in range(3)]


def test_the_inbox_tells_of_a_warehouse_that_will_be_late(overload: list[Order], packer: Client):
    [matter] = packer.get("/admin/attention/").context["matters"]
    assert matter.cause.code == "likely-misses"
    assert matter.told.subject == "SP" and matter.told.detail.startswith("3 orders")
    assert packer.get(matter.told.step_at).status_code == 200
    packer.post(f"/admin/attention/likely-misses/{matter.row.about}/", {"hours": "4"})
    assert packer.get("/admin/attention/").context["matters"] == []
    assert collect({"likely-misses"}, now=timezone.now(), snoozed=True)


def test_the_page_shows_the_orders_that_will_be_late(overload: list[Order], packer: Client):
    page = packer.get(RADAR)
    [warehouse] = page.context["today"]
    assert {share.name: share.count for share in warehouse.shares} == {"misses": 3}
    for order in overload:
        assert order.marketplace_order_id in page.content.decode()
    assert "R$" not in page.content.decode()


# --- what is stuck --------------------------------------------------------------------------------

TEN = (
    "never-authorised",
    "hold-expired",
    "not-applied",
    "value-gap",
    "feed-dead",
    "message-refused",
    "not-handed-over",
    "tracking-missing",
    "cancel-asked",
    "change-asked",
)


def test_ten_kinds_of_stuck_are_diagnosed_ten_out_of_ten(manager: Client):
    a_seller(app_key="")  # nobody expects it to hear of its orders
    orders = {cause: stuck(cause, now=timezone.now()) for cause in TEN}
    page = manager.get(RADAR)
    assert {row.cause.code: row.count for row in page.context["stuck"]} == dict.fromkeys(TEN, "1")
    for cause, order in orders.items():
        if order is None:
            continue
        [found] = manager.get(f"{RADAR}?q={order.seller_order_id}").context["found"]
        assert [each.code for each, _told in found.matters] == [cause]
    for row in page.context["stuck"]:
        assert len(manager.get(row.link).context["matters"]) == 1


def test_a_sound_order_has_nothing_wrong_with_it(manager: Client):
    order = an_order(due_at=timezone.now() + timedelta(days=1))
    page = manager.get(f"{RADAR}?q={order.marketplace_order_id}")
    assert page.context["found"][0].matters == []
    assert "Nothing is wrong with it." in page.content.decode()
    assert "No order has an id" in manager.get(f"{RADAR}?q=nothing").content.decode()


def test_the_warehouse_sees_its_causes_without_money(packer: Client):
    for cause in TEN:
        stuck(cause, now=timezone.now())
    page = packer.get(RADAR)
    seen = {row.cause.code for row in page.context["stuck"]}
    assert seen == {"not-handed-over", "tracking-missing"}
    assert all(CAUSES[code].sees == "orders.pack_order" for code in seen)
    assert "R$" not in page.content.decode()
