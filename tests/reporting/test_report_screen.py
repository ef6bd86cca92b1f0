"""The report on the screen: filters, order, pages, counts, and who may see it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from orders.models import Order
from reporting import reading
from tests.builders import NOW, Line, a_policy, a_seller, a_warehouse, an_order
from tests.reporting.books import an_invoice, finish, packed

URL = reverse("admin:report", args=["mapping"])


def _listed(client: Client, query: str = "") -> list[str]:
    """The marketplace's ids of the rows on the page, from above."""
    response = client.get(f"{URL}?{query}")
    assert response.status_code == 200, response.context["problem"]
    return _ids(response)


def _ids(response: Any) -> list[str]:
    return [row[0][0].text for row in response.context.get("rows", [])]


def _names(*orders: Order) -> list[str]:
    return [order.marketplace_order_id for order in orders]


def test_shows_every_column_of_an_order(manager: Client):
    order = an_order(Line(quantity=2, freight=101))
    packed(order, {0: 2})
    page = manager.get(f"{URL}?columns=all")
    titles = [head.title for head in page.context["heads"]]
    texts = dict(zip(titles, [cell[0].text for cell in page.context["rows"][0]], strict=True))
    assert texts["Marketplace pays"] == texts["Invoiced"] == "R$ 35,01"
    assert texts["Our order id"] == order.seller_order_id
    assert texts["Status"] == "packed and invoiced"
    assert texts["Warehouses"] == "SP"
    assert texts["Difference"] == "R$ 0,00"
    assert texts["Placed"] == "2 Mar, 08:00"


def test_lists_newest_first_and_every_order_by_itself(manager: Client):
    old = an_order(now=NOW - timedelta(days=900))
    new = an_order()
    assert _listed(manager) == _names(new, old)
    assert _listed(manager, "sort=key") == _names(old, new)


def test_sorts_by_a_time_and_leaves_out_what_lacks_it(manager: Client):
    first, second, _never = an_order(), an_order(), an_order()
    Order.objects.filter(pk=first.pk).update(shipped_at=NOW)
    Order.objects.filter(pk=second.pk).update(shipped_at=NOW - timedelta(hours=1))
    assert _listed(manager, "sort=-shipped_at") == _names(first, second)
    assert _listed(manager, "sort=shipped_at") == _names(second, first)


def test_a_day_is_the_account_s_own(manager: Client):
    acre = a_seller("acre", timezone="America/Rio_Branco")
    # 02:30 UTC on the 3rd: the 2nd in São Paulo (23:30) and in Rio Branco (21:30).
    late = an_order(placed_at=datetime.fromisoformat("2026-03-03T02:30Z"))
    # 04:00 UTC: the 3rd in São Paulo (01:00), still the 2nd in Rio Branco (23:00).
    there = an_order(account=acre, placed_at=datetime.fromisoformat("2026-03-03T04:00Z"))
    here = an_order(placed_at=datetime.fromisoformat("2026-03-03T04:00Z"))
    assert _listed(manager, "since=2026-03-02&until=2026-03-02") == _names(there, late)
    assert _listed(manager, "since=2026-03-03") == _names(here)


def test_takes_a_period_by_any_time(manager: Client):
    shipped, _other = an_order(), an_order()
    Order.objects.filter(pk=shipped.pk).update(shipped_at=NOW)
    assert _listed(manager, "time=shipped&since=2026-03-02&until=2026-03-02") == _names(shipped)
    assert _listed(manager, "time=shipped") == _names(shipped)
    assert _listed(manager, "time=delivered") == []


def test_within_a_period_rows_come_by_its_time(manager: Client):
    first, second, third = an_order(), an_order(), an_order()
    for order, hours in ((first, 2), (second, 3), (third, 1)):
        Order.objects.filter(pk=order.pk).update(shipped_at=NOW + timedelta(hours=hours))
    period = "time=shipped&since=2026-03-01&until=2026-03-31"
    assert _listed(manager, period) == _names(second, first, third)
    assert _listed(manager, f"{period}&sort=key") == _names(first, second, third)


def test_filters_by_account_status_sla_warehouse_and_carrier(manager: Client):
    rival = a_seller("rival")
    theirs = an_order(account=rival)
    ours = an_order()
    packed(ours, {0: 1})
    a_policy("express")
    ours.lines.update(policy_ref="express")
    ours.packages.update(courier="Correios")
    assert _listed(manager, f"account={rival.pk}") == _names(theirs)
    assert _listed(manager, "status=invoiced") == _names(ours)
    assert _listed(manager, "status=open") == _names(theirs)
    assert _listed(manager, "sla=express") == _names(ours)
    assert _listed(manager, f"warehouse={a_warehouse(account=rival).pk}") == _names(theirs)
    assert _listed(manager, "carrier=Correios") == _names(ours)


def test_shows_only_differences_and_only_those_of_a_cause(manager: Client):
    an_order()
    cent, much = finish(an_order()), finish(an_order())
    an_invoice(cent, 1699)
    an_invoice(much, 100)
    assert _listed(manager, "difference=mend") == _names(much, cent)
    assert _listed(manager, "difference=rounding") == _names(cent)


def test_finds_an_order_by_any_id(manager: Client):
    order, _other = an_order(marketplace_order_group="G-77"), an_order()
    (package,) = packed(order, {0: 1})
    order.packages.update(tracking_number="AA123456785BR")
    package.invoices.update(number="NF-77", key="35" * 22)
    ids = [order.seller_order_id, order.marketplace_order_id, "G-77", "AA123456785BR"]
    for wanted in [*ids, "NF-77", "35" * 22]:
        assert _listed(manager, f"q={wanted}") == _names(order), wanted


@pytest.mark.parametrize(
    "query",
    [
        "status=lost",
        "account=999",
        "since=yesterday",
        "since=2026-02-31",
        "since=2026-03-03&until=2026-03-02",
        "span=ever",
        "time=noon",
        "sort=colour",
        "after=x,y",
        "after=2026,5",
        "sort=-pays&after=x,5",
        "sort=shipped_at&before=now,5",
    ],
)
def test_says_what_it_does_not_understand_and_lists_nothing(manager: Client, query: str):
    an_order()
    response = manager.get(f"{URL}?{query}")
    assert response.status_code == 400
    assert response.context["problem"]
    assert "rows" not in response.context


def test_leaves_empty_fields_out_of_the_address(manager: Client):
    response = manager.get(f"{URL}?q=&status=open&span=&sort=")
    assert (response.status_code, response["Location"]) == (302, f"{URL}?status=open")


def test_pages_by_key_there_and_back(manager: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reading, "PAGE", 2)
    names = _names(*[an_order() for _i in range(5)])[::-1]
    for sort in ("-key", "-placed_at", "-pays"):
        first = manager.get(f"{URL}?sort={sort}")
        second = manager.get(URL + first.context["older"])
        third = manager.get(URL + second.context["older"])
        assert [*_ids(first), *_ids(second), *_ids(third)] == names
        assert first.context["newer"] == third.context["older"] == ""
        assert _ids(manager.get(URL + third.context["newer"])) == _ids(second)
        assert _ids(manager.get(URL + second.context["newer"])) == _ids(first)


def test_says_whether_a_count_is_exact(manager: Client, monkeypatch: pytest.MonkeyPatch):
    an_order()
    assert manager.get(URL).context["count"] == "1 order"
    an_order(), an_order()
    monkeypatch.setattr(reading, "MOST_COUNTED", 2)
    assert manager.get(URL).context["count"] == "more than 2 orders"


def test_shows_filters_that_are_on_and_takes_each_away(manager: Client):
    page = manager.get(f"{URL}?status=open&span=last-month&columns=all")
    chips = {chip["label"]: (chip["text"], chip["without"]) for chip in page.context["chips"]}
    assert chips == {
        "Placed": ("last month", "?status=open&columns=all"),
        "Status": ("open work", "?span=last-month&columns=all"),
    }


def _statements(client: Client, query: str) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        client.get(f"{URL}?{query}")
    return [re.sub(r"\d+", "?", query["sql"]) for query in queries]


@pytest.mark.parametrize(
    "query", ["", "status=open&span=last-month&difference=mend", "columns=all"]
)
def test_statements_are_the_same_at_any_size(manager: Client, query: str):
    an_order()
    manager.get(URL)
    few = _statements(manager, query)
    for _one in range(4):
        an_order(Line("1001"), Line("1002"))
    assert _statements(manager, query) == few
    assert not [sql for sql in few if sql.startswith("SELECT COUNT(*)")]


def test_only_who_may_see_reports_and_money_sees_it(packer: Client, manager: Client):
    an_order()
    assert packer.get(URL).status_code == 403
    assert packer.get(reverse("admin:reports")).status_code == 403
    assert Client().get(URL).status_code == 302
    assert manager.get(reverse("admin:reports")).status_code == 200
    assert manager.get(reverse("admin:report", args=["nothing"])).status_code == 404
