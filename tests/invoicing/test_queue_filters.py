"""Filters of the queue are addresses with numbers; the queue asks indexes, whatever its size."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qsl

import pytest
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from psycopg import sql

from invoicing import queueing, tallies
from invoicing.models import Invoice, Package
from invoicing.picking import shorts
from orders.models import Order
from orders.states import Status
from sellers.models import Hold, StockLevel
from tests.builders import Line, a_policy, a_seller, a_sku, a_warehouse, an_order, staff
from tests.invoicing import table
from tests.invoicing.walking import Picker

pytestmark = pytest.mark.django_db
URL = "/admin/invoicing/package/queue/"


@pytest.fixture
def ana(client: Client) -> Client:
    client.force_login(staff("ana", first_name="Ana"))
    return client


def shown(client: Client, **query: Any) -> set[str]:
    page = client.get(URL, query).content.decode()
    return set(re.findall(r'data-order="([^"]+)"', page))


def ids(*orders: Order) -> set[str]:
    return {order.marketplace_order_id for order in orders}


def numbers(client: Client, **query: Any) -> dict[str, str]:
    """What each filter says it would show."""
    page = client.get(URL, query).content.decode()
    return dict(re.findall(r'<a href="\?[^"]*"[^>]*>([^<]+?) <b>([^<]*)</b></a>', page))


def link(client: Client, name: str, **query: Any) -> str:
    page = client.get(URL, query).content.decode()
    [address] = re.findall(rf'<a href="(\?[^"]*)"[^>]*>{name} <b>', page)
    return unescape(address)


def test_each_stage_shows_its_orders_and_says_how_many(ana: Client) -> None:
    ready, stopped = an_order(), an_order(status=Status.CANCEL_REQUESTED)
    changed, begun = an_order(change_asked_at=timezone.now()), an_order(Line("9", 2))
    walked, picked, short = an_order(Line("7")), an_order(), an_order(Line("8"))
    table.do(ana, begun, "scan", code="9")
    packed = an_order(status=Status.INVOICED)
    picker = Picker(ana)
    picker.start(picked)
    picker.scan("1001")
    picker.do("finish")
    picker.start(short)
    picker.do("short", sku=a_sku("8").pk, reason="damaged")
    picker.do("finish")
    picker.start(walked)
    expected = {
        "ready": ids(ready),
        "stopped": ids(stopped, changed, short),
        "begun": ids(begun),
        "picking": ids(walked),
        "picked": ids(picked),
        "packed": ids(packed),
        "open": ids(ready, stopped, changed, short, begun, walked, picked),
    }
    assert {view: shown(ana, view=view) for view in expected} == expected
    told = numbers(ana)
    assert [told[name] for name in ("All open", "Ready to pick", "Stopped", "Picked")] == [
        "7",
        "1",
        "3",
        "1",
    ]
    assert numbers(ana, view="packed")["Packed"] == "1"
    assert [each.order for each in shorts.open_shorts()] == [short]


def test_an_order_laid_down_with_nothing_in_hand_is_ready_again(ana: Client) -> None:
    order = an_order()
    picker = Picker(ana)
    picker.start(order)
    assert shown(ana, view="picking") == ids(order)
    picker.do("finish")
    assert Order.objects.get().status == Status.HANDLING
    assert shown(ana, view="ready") == ids(order) == shown(ana)
    assert shown(ana, view="begun") == set() == shown(ana, view="picked")
    assert numbers(ana)["Ready to pick"] == "1"
    page = ana.get(URL).content.decode()
    assert "ready to pick" in page and "slot 1" not in page


def test_due_is_by_the_accounts_own_midnight(ana: Client) -> None:
    account = a_seller(timezone="Asia/Tokyo")
    now = timezone.now()
    midnight = queueing.tonight(now, account.zone)
    moments = {
        "late": now - timedelta(minutes=5),
        "today": midnight - timedelta(microseconds=1),
        "tomorrow": midnight,
        "later": midnight + timedelta(days=1),
    }
    orders = {name: an_order(account=account, due_at=at) for name, at in moments.items()}
    never = an_order(account=account, due_at=None)
    assert {name: shown(ana, due=name) for name in moments} == {
        "late": ids(orders["late"]),
        "today": ids(orders["today"]),
        "tomorrow": ids(orders["tomorrow"]),
        "later": ids(orders["later"], never),
    }
    told = numbers(ana)
    assert [told[name] for name in ("Late", "Today", "Tomorrow", "Later")] == ["1", "1", "1", "2"]


def test_two_accounts_in_two_zones_have_two_midnights(ana: Client) -> None:
    tokyo, lisbon = a_seller(timezone="Asia/Tokyo"), a_seller("rival", timezone="Europe/Lisbon")
    now = timezone.now()
    orders = []
    for account in (tokyo, lisbon):
        tonight = queueing.tonight(now, account.zone)
        orders += [
            an_order(account=account, due_at=tonight - timedelta(seconds=1)),
            an_order(account=account, due_at=tonight),
        ]
    assert shown(ana, due="today") == ids(orders[0], orders[2])
    assert shown(ana, due="tomorrow") == ids(orders[1], orders[3])


def test_warehouse_account_delivery_and_lines_narrow_it_together(ana: Client) -> None:
    rival = a_seller("rival")
    a_warehouse(account=rival)
    express = a_policy("express")
    rio = a_warehouse("rj")
    one, many = an_order(), an_order(Line("1001"), Line("2002"))
    other = an_order(account=rival)
    one.lines.update(policy_ref="express")
    elsewhere = an_order(Line("3003"))
    StockLevel.objects.filter(sku__ref="3003").update(warehouse=rio)
    assert shown(ana, lines="one") == ids(one, other, elsewhere)
    assert shown(ana, lines="many") == ids(many)
    assert shown(ana, account=rival.pk) == ids(other)
    assert shown(ana, warehouse=rio.pk) == ids(elsewhere)
    assert shown(ana, policy=express.pk) == ids(one)
    assert shown(ana, policy=express.pk, lines="many") == set()
    assert shown(ana, policy=10**9) == set()


def test_a_filters_number_respects_what_else_is_chosen(ana: Client) -> None:
    later, late = (timezone.now() + timedelta(hours=hours) for hours in (50, -1))
    an_order(due_at=late)
    an_order(Line("1001"), Line("2002"), due_at=later)
    an_order(Line("1001"), Line("2002"), due_at=late)
    told = numbers(ana, lines="many")
    assert (told["Late"], told["One line"], told["Several lines"]) == ("1", "1", "2")


def test_a_filter_is_a_link_that_keeps_the_others_and_is_taken_away_again(ana: Client) -> None:
    a_warehouse("rj")
    an_order()
    address = link(ana, "One line", due="later", view="ready")
    assert address == "?view=ready&due=later&lines=one"
    assert link(ana, "One line", due="later", view="ready", lines="one") == "?view=ready&due=later"


@pytest.mark.parametrize(
    "query",
    [
        {"view": "nonsense", "due": "never", "lines": "0", "account": "x"},
        {"warehouse": "99999999999999999999", "policy": "-1"},
        {"account": "1" * 18, "after": "2026-13-99,5"},
    ],
)
def test_an_address_somebody_made_up_shows_a_page(ana: Client, query: dict[str, str]) -> None:
    an_order()
    assert ana.get(URL, query).status_code == 200


def test_beyond_the_bound_a_number_says_so(ana: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tallies, "MOST", 2)
    for _order in range(3):
        an_order()
    assert numbers(ana)["All open"] == "2+"


def test_a_cancelled_order_is_gone_with_its_cancellation(ana: Client) -> None:
    order = an_order()
    assert shown(ana) == ids(order)
    Order.objects.update(status=Status.CANCELLED)
    assert shown(ana) == set() and numbers(ana)["All open"] == "0"


# Any id


def found(client: Client, text: str) -> str:
    return client.get(URL, {"q": text}).headers.get("Location", "")


def test_an_item_leads_to_the_order_that_waits_for_it(ana: Client) -> None:
    a_sku("1001", ean="7891234567895", ref_code="REF-1")
    order = an_order()
    an_order(status=Status.DELIVERED)
    for text in ("1001", "7891234567895", "REF-1"):
        assert order.seller_order_id in found(ana, text), text


def test_an_item_that_several_orders_wait_for_lists_them(ana: Client) -> None:
    orders = [an_order(due_at=timezone.now() + timedelta(hours=hours)) for hours in (3, 1, 2)]
    page = ana.get(URL, {"q": "1001"}).content.decode()
    assert "Orders that wait for Item 1001" in page
    listed = re.findall(r'data-order="([^"]+)"', page)
    assert listed == [orders[i].marketplace_order_id for i in (1, 2, 0)]


def test_an_item_nobody_waits_for_leads_to_its_stock(ana: Client) -> None:
    a_sku("1001")
    page = ana.get(URL, {"q": "1001"}).content.decode()
    assert "No open order waits for it." in page
    assert reverse("admin:sellers_stocklevel_changelist") + "?q=1001" in page


def test_a_group_leads_to_its_order_or_lists_several(ana: Client) -> None:
    order = an_order(marketplace_order_group="G-1")
    assert order.seller_order_id in found(ana, "G-1")
    other = an_order(marketplace_order_group="G-1")
    assert shown(ana, q="G-1") == ids(order, other)


# However large

# So many that an index is several times cheaper than the whole table: at two thousand the planner
# was of two minds, by how full the tables' pages happened to be.
OVER, OPEN_NOW, ITEMS = 6000, 60, 1000
BIG = (
    "orders_order",
    "orders_orderline",
    "sellers_hold",
    "sellers_sku",
    "invoicing_invoice",
    "invoicing_package",
)
MADE = "(SELECT * FROM orders_order WHERE marketplace_order_id LIKE '77%') made"


@pytest.fixture
def busy(db: None) -> Order:
    """Thousands of orders that are over and a few open ones, as the planner knows."""
    order = an_order(Line("1001"), due_at=timezone.now() + timedelta(days=1))
    line, hold = order.lines.get(), Hold.objects.get()
    _repeat(
        order,
        f"generate_series(1, {OVER + OPEN_NOW}) number",
        seller_order_id="'R-' || lpad(number::text, 12, '0')",
        marketplace_order_id="'77' || lpad(number::text, 11, '0') || '-01'",
        marketplace_order_group="'77' || lpad(number::text, 11, '0')",
        status=f"CASE WHEN number > {OVER} THEN 'authorized' ELSE 'delivered' END",
        due_at="due_at + number % 500 * interval '1 minute'",
    )
    _repeat(line, MADE, order_id="made.id")
    _repeat(
        hold,
        MADE,
        seller_order_id="made.seller_order_id",
        state="CASE made.status WHEN 'delivered' THEN 'shipped' ELSE 'held' END",
    )
    _papers(order)
    _repeat(
        line.sku,
        f"generate_series(0, {ITEMS - 1}) number",
        ref="'S' || number",
        ean="'78' || lpad(number::text, 11, '0')",
    )
    _tell_the_planner()
    return order


def _papers(order: Order) -> None:
    """A package and an invoice of every order that is over."""
    at = timezone.now()
    box = Package.objects.create(order=order, number=1, opened_at=at)
    invoice = Invoice.objects.create(
        account=order.account, order=order, package=box, number="NF", value_cents=1, issued_at=at
    )
    over = f"{MADE} WHERE made.status = 'delivered'"
    _repeat(box, over, order_id="made.id", tracking_number="'BR' || lpad(made.id::text, 9, '0')")
    _repeat(
        invoice,
        f"invoicing_package made WHERE made.id <> {box.pk}",
        order_id="made.order_id",
        package_id="made.id",
        number="'NF-' || made.id",
        key="lpad(made.id::text, 44, '0')",
    )
    invoice.delete()
    box.delete()


def _repeat(row: Model, source: str, **changed: str) -> None:
    """A copy of `row` for every row of `source`, in one statement. `changed` holds SQL."""
    table, names = row._meta.db_table, [field.attname for field in row._meta.concrete_fields]
    columns = [name for name in names if name != "id"]
    values = [changed.get(name, f"model.{name}") for name in columns]
    insert = sql.SQL(
        "INSERT INTO {table} ({columns})"
        " SELECT {values} FROM (SELECT * FROM {table} WHERE id = {row}) model, {source}"
    )
    parts = {"table": table, "columns": ", ".join(columns), "values": ", ".join(values)}
    parts |= {"row": str(row.pk), "source": source}
    with connection.cursor() as cursor:
        cursor.execute(insert.format(**{name: sql.SQL(text) for name, text in parts.items()}))


def _tell_the_planner() -> None:
    """Statistics of what was written, of those tables alone; it fails rather than waits for one
    that somebody else holds."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '60s'")
        cursor.execute(f"ANALYZE {', '.join(BIG)}")


def plans(client: Client, query: dict[str, str]) -> list[str]:
    """How the database would carry out each question of a page."""
    with CaptureQueriesContext(connection) as captured:
        client.get(URL, query)
    selects = [each["sql"] for each in captured if each["sql"].startswith("SELECT")]
    found = []
    with connection.cursor() as cursor:
        for select in selects:
            cursor.execute(f"EXPLAIN {select}")
            found.append("\n".join(row for (row,) in cursor.fetchall()))
    return found


QUESTIONS: list[dict[str, str]] = [
    {},
    {"view": "ready"},
    {"view": "picking"},
    {"view": "stopped"},
    {"view": "packed"},
    {"lines": "one"},
    {"lines": "many"},
    {"due": "later"},
    {"due": "late"},
    {"warehouse": "1"},
    {"policy": "1"},
    {"q": "7700000000001-01"},
    {"q": "7700000000001"},
    {"q": "7800000000999"},
    {"q": "S999"},
    {"q": "T-12"},
    {"q": "770000000"},
]


def test_the_queue_asks_indexes_alone(ana: Client, busy: Order) -> None:
    policy = a_policy()
    for query in QUESTIONS:
        real = dict(query)
        if "warehouse" in real:
            real["warehouse"] = str(a_warehouse().pk)
        if "policy" in real:
            real["policy"] = str(policy.pk)
        for plan in plans(ana, real):
            assert not re.search(rf"Seq Scan on ({'|'.join(BIG)})\b", plan), (real, plan)


def test_a_page_far_down_begins_at_its_place_in_the_index(ana: Client, busy: Order) -> None:
    page = ana.get(URL).content.decode()
    [address] = re.findall(r'class="more"><a href="\?([^"]+)"', page)
    query = dict(parse_qsl(unescape(address)))
    bounds = [plan for plan in plans(ana, query) if re.search(r"Index Cond: .*due_at >= ", plan)]
    assert len(bounds) == 1
