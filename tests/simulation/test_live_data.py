"""What is read on every request, and how often the database is asked."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db.models.signals import pre_init
from django.test import Client
from django.utils import timezone

from sellers import capacity, tariffs
from sellers.errors import Conflict
from sellers.models import (
    Closure,
    DeliveryWindow,
    Hold,
    SellerAccount,
    ShippingPolicy,
    Sku,
    StockLevel,
    Warehouse,
)
from simulation.prepared import Line
from tests.simulation.stage import (
    a_level,
    a_policy,
    a_rate,
    a_sku,
    a_warehouse,
    address,
    ask,
    open_shop,
    sla_ids,
)

pytestmark = pytest.mark.django_db

RIO = {"postalCode": "22270-030", "country": "BRA"}
# A Tuesday, ten in the morning in São Paulo.
NOW = datetime.fromisoformat("2026-03-10T10:00:00-03:00")


@pytest.fixture(autouse=True)
def _tuesday(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)


def balance(client: Client, ref: str = "mug", **fields: Any) -> int:
    rows = ask(client, ref, **fields)["logisticsInfo"]
    return rows[0]["stockBalance"] if rows else 0


# --- stock ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expires_at", "available"),
    [
        (None, 7),
        (NOW + timedelta(seconds=1), 7),
        (NOW, 10),
        (NOW - timedelta(days=1), 10),
    ],
)
def test_a_hold_counts_until_the_moment_it_expires(
    client: Client, expires_at: datetime | None, available: int
) -> None:
    open_shop(NOW)
    hold(3, expires_at)
    assert balance(client) == available


def hold(quantity: int, expires_at: datetime | None) -> None:
    level = StockLevel.objects.get()
    StockLevel.objects.update(held=level.held + quantity)
    Hold.objects.create(
        level=level,
        seller_order_id="R-1",
        line_index=0,
        quantity=quantity,
        expires_at=expires_at,
        created_at=NOW,
    )


def test_released_holds_free_nothing_twice(client: Client) -> None:
    open_shop(NOW)
    hold(3, NOW - timedelta(days=1))
    Hold.objects.update(state=Hold.State.RELEASED)
    StockLevel.objects.update(held=0)
    hold(2, None)
    assert balance(client) == 8


def test_safety_beyond_what_is_on_hand_is_zero_not_less(client: Client) -> None:
    open_shop(
        NOW,
        warehouses=[a_warehouse("SP"), a_warehouse("RJ")],
        stock=[a_level("mug", "SP", 1, safety=5), a_level("mug", "RJ", 2)],
    )
    assert balance(client) == 2


def test_an_inactive_warehouse_has_nothing_to_sell(client: Client) -> None:
    account = open_shop(NOW)
    assert balance(client) == 10
    Warehouse.objects.update(is_active=False)
    tariffs.bump(account.pk)
    assert balance(client) == 0


@pytest.mark.parametrize(
    "ref", ['a"b', "a\\b", "\\", '"', "{a,b}", "a,b", "NULL", "null", " ", "ü☃𝄞", "%s", "$1", "'"]
)
def test_finds_a_sku_whatever_its_id_looks_like(client: Client, ref: str) -> None:
    open_shop(NOW)
    Sku.objects.update(ref=ref)
    answer = ask(client, "other", ref, "mug")
    assert [item["id"] for item in answer["items"]] == [ref]


# --- tariffs ----------------------------------------------------------------------------------


def test_a_changed_rate_is_quoted_at_once(client: Client) -> None:
    account = open_shop(NOW)
    assert freight(client) == [("economy", 1500)]
    ShippingPolicy.objects.get().rates.update(price_cents=1700)
    tariffs.bump(account.pk)
    assert freight(client) == [("economy", 1700)]


def test_an_inactive_policy_is_not_offered(client: Client) -> None:
    account = open_shop(NOW, shipping_policies=[a_policy("economy"), a_policy("express")])
    ShippingPolicy.objects.filter(ref="express").update(is_active=False)
    tariffs.bump(account.pk)
    assert freight(client) == [("economy", 1500)]


def freight(client: Client) -> list[tuple[str, int]]:
    row = ask(client, "mug", **RIO)["logisticsInfo"][0]
    return [(sla["id"], sla["price"]) for sla in row["slas"]]


def test_where_ranges_overlap_the_one_that_starts_first_is_quoted(client: Client) -> None:
    account = open_shop(NOW)
    policy = ShippingPolicy.objects.get()
    policy.rates.all().delete()
    for start, end, price in (("22000000", "29999999", 2), ("20000000", "22999999", 1)):
        policy.rates.create(
            country="BRA", postal_from=start, postal_to=end, price_cents=price, estimate="1bd"
        )
    tariffs.bump(account.pk)
    assert freight(client) == [("economy", 1)]


def test_a_closed_day_moves_the_promise(client: Client) -> None:
    account = open_shop(NOW)
    assert promised(client) == "2026-03-12T23:59:59-03:00"
    Closure.objects.create(account=account, closed_on=date(2026, 3, 11), note="Town's day")
    tariffs.bump(account.pk)
    assert promised(client) == "2026-03-13T23:59:59-03:00"


def test_a_closed_day_of_another_warehouse_does_not(client: Client) -> None:
    account = open_shop(NOW, warehouses=[a_warehouse("SP"), a_warehouse("RJ")])
    rio = Warehouse.objects.get(code="RJ")
    Closure.objects.create(account=account, warehouse=rio, closed_on=date(2026, 3, 11))
    tariffs.bump(account.pk)
    assert promised(client) == "2026-03-12T23:59:59-03:00"


def test_hours_count_from_each_order_and_days_from_the_cut_off(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_shop(
        NOW,
        shipping_policies=[
            a_policy("courier", rates=[a_rate(estimate="3h")]),
            a_policy("post", rates=[a_rate(estimate="2bd")]),
        ],
    )
    told = {}
    for hour in (10, 11, 15):
        monkeypatch.setattr(timezone, "now", lambda hour=hour: NOW.replace(hour=hour))
        row = ask(client, "mug", **RIO)["logisticsInfo"][0]
        told[hour] = [sla["shippingEstimateDate"][:16] for sla in row["slas"]]
    assert told == {
        10: ["2026-03-10T13:00", "2026-03-12T23:59"],
        11: ["2026-03-10T14:00", "2026-03-12T23:59"],
        15: ["2026-03-11T17:00", "2026-03-13T23:59"],
    }


def promised(client: Client) -> str:
    row = ask(client, "mug", **RIO)["logisticsInfo"][0]
    return str(row["slas"][0]["shippingEstimateDate"])


# --- capacity ---------------------------------------------------------------------------------


def test_a_policy_is_offered_until_its_day_is_full(client: Client) -> None:
    policy = limited(daily_capacity=1)
    assert offered(client) == ["economy", "express"]
    capacity.book(policy=policy, at=NOW)
    assert offered(client) == ["economy"]
    with pytest.raises(Conflict):
        capacity.book(policy=policy, at=NOW)
    capacity.free(policy=policy, at=NOW)
    assert offered(client) == ["economy", "express"]


def test_yesterdays_orders_do_not_fill_today(client: Client) -> None:
    policy = limited(daily_capacity=1)
    capacity.book(policy=policy, at=NOW - timedelta(hours=11))  # 23:00 the day before
    assert offered(client) == ["economy", "express"]


def test_a_daily_capacity_of_zero_offers_nothing(client: Client) -> None:
    policy = limited(daily_capacity=0)
    assert offered(client) == ["economy"]
    with pytest.raises(Conflict):
        capacity.book(policy=policy, at=NOW)


def test_a_full_window_is_not_offered_and_a_policy_without_windows_left_neither(
    client: Client,
) -> None:
    policy = limited()
    window = (NOW + timedelta(hours=2), NOW + timedelta(hours=4))
    DeliveryWindow.objects.create(policy=policy, starts_at=window[0], ends_at=window[1], capacity=1)
    tariffs.bump(policy.account_id)
    assert offered(client) == ["economy", "express"]
    capacity.book(policy=policy, at=NOW, window=window)
    assert offered(client) == ["economy"]
    with pytest.raises(Conflict):
        capacity.book(policy=policy, at=NOW, window=window)


def test_a_window_is_gone_the_moment_it_begins(client: Client) -> None:
    policy = limited()
    for starts_at in (NOW, NOW + timedelta(seconds=1)):
        DeliveryWindow.objects.create(
            policy=policy, starts_at=starts_at, ends_at=NOW + timedelta(hours=1)
        )
    tariffs.bump(policy.account_id)
    express = ask(client, "mug", **RIO)["logisticsInfo"][0]["slas"][1]
    assert [w["startDateUtc"] for w in express["availableDeliveryWindows"]] == [
        "2026-03-10T13:00:01+00:00"
    ]


def test_a_window_of_nobody_cannot_be_booked() -> None:
    with pytest.raises(Conflict, match="no delivery window"):
        capacity.book(policy=limited(), at=NOW, window=(NOW, NOW + timedelta(hours=1)))


def limited(**changes: Any) -> ShippingPolicy:
    """The express policy of a shop that also has an economy one."""
    express = a_policy("express", rates=[a_rate(price=9000)])
    open_shop(NOW, shipping_policies=[a_policy("economy"), express])
    ShippingPolicy.objects.filter(ref="express").update(**changes)
    policy = ShippingPolicy.objects.get(ref="express")
    tariffs.bump(policy.account_id)
    return policy


def offered(client: Client) -> list[str]:
    return sla_ids(ask(client, "mug", **RIO)["logisticsInfo"][0])


# --- statements -------------------------------------------------------------------------------


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement of the process, whichever connection it goes through."""
    seen: list[str] = []
    execute = psycopg.Cursor.execute

    def noted(self: Any, query: Any, *args: Any, **options: Any) -> Any:
        seen.append(str(query))
        return execute(self, query, *args, **options)

    monkeypatch.setattr(psycopg.Cursor, "execute", noted)
    ask = Line.ask

    def asked(self: Line, sql: str, *args: Any, **options: Any) -> Any:
        seen.append(sql)
        return ask(self, sql, *args, **options)

    monkeypatch.setattr(Line, "ask", asked)
    return seen


def test_one_statement_reads_what_lives_whatever_the_cart(
    client: Client, statements: list[str]
) -> None:
    refs = [f"sku-{number}" for number in range(100)]
    open_shop(
        NOW,
        skus=[a_sku(ref) for ref in refs],
        stock=[a_level(ref, "SP", 5) for ref in refs],
        shipping_policies=[a_policy(f"policy-{number}") for number in range(5)],
    )
    ask(client, refs[0], **RIO)
    counts = []
    for size in (1, 10, 100):
        statements.clear()
        answer = ask(client, *refs[:size], **RIO)
        assert len(answer["logisticsInfo"]) == size
        counts.append(len(statements))
    assert counts == [1, 1, 1]


def test_makes_no_model_objects_on_the_way(client: Client) -> None:
    open_shop(NOW)
    ask(client, "mug", **RIO)
    made: list[Any] = []

    def noted(sender: Any, **_: Any) -> None:
        made.append(sender)

    pre_init.connect(noted)
    try:
        assert ask(client, "mug", **RIO)["items"]
    finally:
        pre_init.disconnect(noted)
    assert made == []


def test_a_new_revision_costs_one_statement_more(client: Client, statements: list[str]) -> None:
    account = open_shop(NOW)
    ask(client, "mug", **RIO)
    tariffs.bump(account.pk)
    statements.clear()
    ask(client, "mug", **RIO)
    assert len(statements) == 2


def test_writes_nothing(client: Client) -> None:
    open_shop(NOW)
    before = rows()
    client.post(address(), {"items": [{"id": "mug", "quantity": 3}]} | RIO, "application/json")
    assert rows() == before


def rows() -> list[Any]:
    return [
        list(model.objects.order_by("pk").values())
        for model in (SellerAccount, Sku, StockLevel, Hold, ShippingPolicy)
    ]
