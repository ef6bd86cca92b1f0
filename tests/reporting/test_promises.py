"""The promise audit: what each SLA promised, how it went, what it cost. Worked out by hand here."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db.models import F
from django.test import Client
from django.urls import reverse

from invoicing.models import Invoice
from jobs.models import Job
from orders.models import Order, OrderLine
from orders.states import Status
from reporting.models import Promise, Workday
from reporting.promises import settling
from sellers.models import Closure, FreightRate, StockLevel
from sellers.tariffs import bump
from tests.builders import Line, a_policy, a_seller, a_sku, a_warehouse, an_order
from tests.reporting.books import an_invoice
from tests.reporting.test_export import fetched, table, work

pytestmark = pytest.mark.django_db

SLAS, ORDERS = (reverse("admin:report", args=[slug]) for slug in ("promises", "promises-orders"))
#: A Monday in a month without public holidays in São Paulo.
MONDAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 20, 12, tzinfo=ZoneInfo("America/Sao_Paulo"))
Outcome = Promise.Outcome


def _at(day: int, hour: int = 10) -> datetime:
    """An hour of a day of that March, on the account's clocks."""
    return datetime(2026, 3, day, hour, tzinfo=ZoneInfo("America/Sao_Paulo"))


def _an_order(
    *, sla: str = "normal", estimate: str = "2bd", paid: datetime | None = None, **facts: Any
) -> Order:
    """Of one line at 17.00 with freight 9.90, unless `line` says otherwise."""
    line = facts.pop("line", Line(freight=990))
    order = an_order(line, now=paid or _at(2), **facts)
    order.lines.update(policy_ref=sla, shipping_estimate=estimate)
    return order


def _settled(order: Order, *, now: datetime = NOW) -> Promise:
    settling.settle_all(now=now)
    return Promise.objects.get(order=order)


def _delivered(day: int, hour: int = 10, **facts: Any) -> Order:
    return _an_order(
        status=Status.DELIVERED, shipped_at=_at(3), delivered_at=_at(day, hour), **facts
    )


def test_business_days_are_promised_by_the_end_of_the_day():
    promise = _settled(_delivered(4, 23))  # Monday and two business days: Wednesday
    assert promise.promised_at == _at(4, 23) + timedelta(minutes=59, seconds=59)
    assert promise.outcome == Outcome.KEPT
    assert (promise.days_promised, promise.days_taken, promise.days_late) == (2, 2, 0)


def test_a_weekend_is_no_business_day():
    promise = _settled(_delivered(10, paid=_at(6)))  # Friday; promised Tuesday the 10th
    assert (promise.outcome, promise.days_taken) == (Outcome.KEPT, 2)


def test_lateness_is_counted_in_business_days():
    promise = _settled(_delivered(9))  # promised Wednesday the 4th, came Monday the 9th
    assert (promise.outcome, promise.days_late, promise.days_taken) == (Outcome.LATE, 3, 5)


def test_what_comes_on_the_weekend_after_is_one_day_late():
    promise = _settled(_delivered(7, estimate="4bd"))  # promised Friday, came Saturday
    assert (promise.outcome, promise.days_late) == (Outcome.LATE, 1)


def test_a_closure_of_the_slas_first_warehouse_moves_the_promise():
    recife, here = a_warehouse("pe", state="PE"), a_warehouse()
    a_policy("normal", recife, here)
    Closure.objects.create(account=a_seller(), warehouse=recife, closed_on=MONDAY.replace(day=3))
    Closure.objects.create(account=a_seller(), warehouse=here, closed_on=MONDAY.replace(day=4))
    promise = _settled(_delivered(5))  # Tuesday is closed: Wednesday, Thursday
    assert promise.promised_at is not None
    assert promise.promised_at.astimezone(NOW.tzinfo).date() == date(2026, 3, 5)
    assert promise.outcome == Outcome.KEPT


@pytest.mark.parametrize(
    ("estimate", "promised"),
    [
        ("3d", _at(5, 23) + timedelta(minutes=59, seconds=59)),
        ("5h", _at(2, 15)),
        ("90m", _at(2, 11) + timedelta(minutes=30)),
        ("soon", None),
        ("", None),
    ],
)
def test_other_units_count_by_the_clock_and_nonsense_not_at_all(
    estimate: str, promised: datetime | None
):
    promise = _settled(_delivered(2, 14, estimate=estimate))
    assert promise.promised_at == promised
    known = Outcome.KEPT if estimate in ("3d", "5h") else Outcome.LATE
    assert promise.outcome == (known if promised else Outcome.UNKNOWN)


def test_a_chosen_window_is_the_promise():
    order = _delivered(5)
    order.lines.update(window_starts_at=_at(6, 8), window_ends_at=_at(6, 12))
    promise = _settled(order)
    assert (promise.promised_at, promise.outcome) == (_at(6, 12), Outcome.KEPT)


def test_the_slowest_line_of_an_sla_counts():
    order = _delivered(5)
    OrderLine.objects.create(
        order=order,
        index=1,
        sku=a_sku("other"),
        ref="other",
        name="Other",
        quantity=1,
        price_cents=100,
        items_cents=100,
        policy_ref="normal",
        shipping_estimate="5bd",
    )
    promise = _settled(order)
    assert (promise.estimate, promise.days_promised, promise.sold_cents) == ("5bd", 5, 2790)


def test_what_has_not_come_is_ahead_and_then_overdue():
    order = _an_order(status=Status.SHIPPED, shipped_at=_at(3))
    assert _settled(order, now=_at(4, 23)).outcome == Outcome.AHEAD
    late = _settled(order, now=_at(6))
    assert (late.outcome, late.days_late, late.days_taken) == (Outcome.OVERDUE, 2, None)


def test_what_was_given_back_for_a_late_order_is_its_cost():
    order = _delivered(9)
    an_invoice(order, 2690)
    an_invoice(order, 1700, kind=Invoice.Kind.INPUT)
    an_invoice(order, 500, kind=Invoice.Kind.INPUT, voided_at=NOW)
    promise = _settled(order)
    assert (promise.returned_cents, promise.cost_cents) == (1700, 1700)


def test_what_was_given_back_for_an_order_in_time_is_no_cost_of_lateness():
    order = _delivered(4)
    an_invoice(order, 1700, kind=Invoice.Kind.INPUT)
    promise = _settled(order)
    assert (promise.returned_cents, promise.cost_cents) == (1700, 0)


def test_an_order_that_is_cancelled_when_it_was_late_costs_its_value():
    facts: dict[str, Any] = {"status": Status.CANCELLED, "due_at": _at(3, 16)}
    late = _an_order(cancelled_at=_at(3, 17), **facts)
    before = _an_order(cancelled_at=_at(3, 15), **facts)
    settling.settle_all(now=NOW)
    assert Promise.objects.get(order=late).outcome == Outcome.CANCELLED_LATE
    assert Promise.objects.get(order=late).cost_cents == 2690
    assert Promise.objects.get(order=before).outcome == Outcome.CANCELLED
    assert Promise.objects.get(order=before).cost_cents == 0


def test_what_came_back_undelivered_says_nothing_of_the_promise():
    order = _an_order(status=Status.RETURNED, shipped_at=_at(3))
    assert _settled(order).outcome == Outcome.UNKNOWN


def test_settling_again_writes_only_what_changed():
    order = _an_order(status=Status.SHIPPED, shipped_at=_at(3))
    assert settling.settle_all(now=_at(4)) == 1
    days = Workday.objects.count()
    assert settling.settle_recent(now=_at(4, 11)) == 0
    Order.objects.filter(pk=order.pk).update(status=Status.DELIVERED, delivered_at=_at(4))
    assert settling.settle_recent(now=_at(4, 12)) == 1
    order.lines.update(policy_ref="express")
    settling.settle_recent(now=_at(4, 13))
    assert [each.policy_ref for each in Promise.objects.all()] == ["express"]
    assert Workday.objects.count() == days


# --- the reports ----------------------------------------------------------------------------------


def _shown(client: Client, url: str, query: str = "columns=all") -> list[dict[str, str]]:
    page = client.get(f"{url}?{query}")
    assert page.status_code == 200
    titles = [head.title for head in page.context["heads"]]
    return [
        dict(zip(titles, [cell[0].text for cell in row], strict=True))
        for row in page.context["rows"]
    ]


def _three_slas() -> None:
    """Cheap lateness, costly lateness, and none."""
    for ref in ("normal", "express", "pickup"):
        a_policy(ref)
    _delivered(9)
    costly = _delivered(9, sla="express", line=Line(price=10_000, freight=2000))
    costly.lines.update(freight_commission=10)
    an_invoice(costly, 12_000, kind=Invoice.Kind.INPUT)
    _delivered(3, sla="express")
    _delivered(4, sla="pickup")
    settling.settle_all(now=NOW)


def test_slas_come_by_what_their_lateness_costs(manager: Client):
    _three_slas()
    rows = _shown(manager, SLAS)
    assert [row["SLA id"] for row in rows][:1] == ["express"]
    express = rows[0]
    assert express == {
        "SLA": "Express",
        "SLA id": "express",
        "Account": "Acme",
        "Orders": "2",
        "In time": "1",
        "Late": "1",
        "Overdue": "0",
        "Cancelled late": "0",
        "Broken, %": "50",
        "Days promised": "2",
        "Half took": "1",
        "Nine of ten took": "5",
        "Days late": "3",
        "Value": "R$ 146,90",
        "Freight charged": "R$ 29,90",
        "Freight commission": "R$ 2,00",
        "Given back": "R$ 120,00",
        "Cost of lateness": "R$ 120,00",
    }


def test_a_period_takes_in_the_orders_paid_in_it(manager: Client):
    _three_slas()
    _delivered(12, paid=_at(10), sla="pickup")
    settling.settle_all(now=NOW)
    rows = _shown(manager, SLAS, "columns=all&since=2026-03-10&until=2026-03-10")
    assert [(row["SLA id"], row["Orders"]) for row in rows] == [("pickup", "1")]


def test_a_number_leads_to_the_orders_behind_it(manager: Client):
    _three_slas()
    page = manager.get(f"{SLAS}?since=2026-03-01&columns=all")
    late = next(
        cell[0].link
        for head, cell in zip(page.context["heads"], page.context["rows"][0], strict=True)
        if head.title == "Late"
    )
    rows = _shown(manager, late.partition("?")[0], f"{late.partition('?')[2]}&columns=all")
    assert [(row["SLA id"], row["Outcome"], row["Days late"]) for row in rows] == [
        ("express", "delivered late", "3")
    ]
    assert rows[0]["Promised for"] == "4 Mar, 23:59"


def test_slas_go_into_a_file_in_the_order_of_the_screen(
    manager: Client, settings: Any, tmp_path: Any
):
    settings.MEDIA_ROOT = str(tmp_path)
    _three_slas()
    url = reverse("admin:report_file", args=["promises"])
    assert manager.post(url, {"format": "csv", "since": "2026-03-01"}).status_code == 302
    work()
    rows, notes = table(fetched(manager, Job.objects.latest("pk"))[1])
    assert rows[0]["SLA id"] == "express"
    assert sorted(row["SLA id"] for row in rows) == ["express", "normal", "pickup"]
    assert (notes["Rows"], notes["Sum: Cost of lateness, BRL"]) == ("3", "120.00")


@pytest.mark.parametrize("url", [SLAS, ORDERS])
def test_packers_see_no_promises(packer: Client, url: str):
    assert packer.get(url).status_code == 403
    order = _an_order()
    assert packer.get(reverse("admin:promise_now", args=[order.pk])).status_code == 403


# --- then and now ---------------------------------------------------------------------------------


def _now_page(client: Client, order: Order) -> Any:
    return client.get(reverse("admin:promise_now", args=[order.pk]))


def test_compares_with_what_todays_rates_promise_whatever_the_stock(manager: Client):
    a_policy("normal", price=1290, estimate="3d")
    order = _delivered(9, estimate="2d", ship_postal_code="01310100", ship_country="BRA")
    StockLevel.objects.update(on_hand=F("held"))
    settling.settle_all(now=NOW)
    page = _now_page(manager, order)
    (line,) = page.context["lines"]
    assert (line.then, line.freight) == ("2 days", "R$ 9,90")
    assert line.now.endswith(" days")
    assert (line.freight_now, line.more) == ("R$ 12,90", "+R$ 3,00")
    assert page.context["past"][0].outcome == "delivered late"


def test_says_when_the_sla_does_not_go_there_any_more(manager: Client):
    policy = a_policy("normal")
    order = _delivered(9, ship_postal_code="01310100", ship_country="BRA")
    FreightRate.objects.filter(policy=policy).delete()
    bump(policy.account_id)
    assert "This SLA does not go there now." in _now_page(manager, order).content.decode()
