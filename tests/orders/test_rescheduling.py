"""A day that is closed afterwards moves the hand-over of what is not late yet."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from orders.models import Order, Schedule
from orders.tasks import reschedule
from sellers import tariffs as revisions
from sellers.models import SellerAccount, User
from tests.builders import a_placement


@pytest.fixture
def order(vtex) -> Order:
    vtex.fulfill(vtex.placed(a_placement()))
    while reschedule.run() or not Schedule.objects.filter(is_settled=True).exists():
        pass
    return Order.objects.get()


def close_the_day_of(order: Order, admin: Client) -> None:
    day = timezone.localdate(order.due_at, order.account.zone)
    form = {"account": order.account_id, "closed_on": day.isoformat(), "note": "Town holiday"}
    answer = admin.post(reverse("admin:sellers_closure_add"), form)
    assert answer.status_code == 302, answer.content


@pytest.fixture
def admin(client: Client, acme: SellerAccount) -> Client:
    client.force_login(User.objects.create_superuser("root"))
    return client


def due_of(order: Order) -> datetime:
    order.refresh_from_db()
    assert order.due_at is not None
    return order.due_at


def test_a_holiday_entered_later_gives_the_next_working_day(order: Order, admin: Client) -> None:
    before = due_of(order)
    close_the_day_of(order, admin)
    assert reschedule.run() == 1
    after = due_of(order)
    assert after.date() > before.date()
    assert after.time() == before.time()
    assert reschedule.run() == 0
    assert due_of(order) == after


def test_an_earlier_cut_off_counts_for_orders_that_wait(order: Order, admin: Client) -> None:
    before = due_of(order)
    warehouse = order.account.warehouses.get()
    cutoff = timezone.localtime(before - timedelta(minutes=30), order.account.zone).time()
    page = reverse("admin:sellers_warehouse_change", args=[warehouse.pk])
    form = {
        "code": "sp",
        "name": "SP",
        "priority": 0,
        "is_active": "on",
        "cutoff": cutoff.isoformat(),
        "handling_days": 0,
        "country": "BRA",
    }
    assert admin.post(page, form).status_code == 302
    Order.objects.update(authorized_at=before - timedelta(hours=2))
    assert reschedule.run() == 1
    assert due_of(order) == before - timedelta(minutes=30)


def test_a_late_order_is_not_excused(order: Order, admin: Client) -> None:
    close_the_day_of(order, admin)
    Order.objects.update(due_at=timezone.now() - timedelta(minutes=5))
    late = due_of(order)
    assert reschedule.run() == 0
    assert due_of(order) == late


def test_an_order_paid_while_the_calendar_changes_is_found_by_the_second_run(
    order: Order, admin: Client
) -> None:
    before = due_of(order)
    close_the_day_of(order, admin)
    assert reschedule.run() == 1
    # Its transaction began with the old calendar and ended after the first run.
    Order.objects.update(due_at=before)
    assert reschedule.run() == 1
    assert due_of(order) > before


def test_looks_no_further_while_nothing_changed(order: Order, django_assert_num_queries) -> None:
    with django_assert_num_queries(1):
        assert reschedule.run() == 0
    revisions.bump(order.account_id)
    assert reschedule.run() == 0
    assert not Schedule.objects.get().is_settled
