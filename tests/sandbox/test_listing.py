"""The order system's list of orders, which a seller asks for what never reached it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Running, an_invoice

MUG = {"id": "mug", "quantity": 1, "price": 17}
ALWAYS = "creationDate:[2020-01-01T00:00:00.000Z TO 2100-01-01T00:00:00.000Z]"


def _list(standin: Running, **query: Any) -> Any:
    return standin.call("GET", "/api/oms/pvt/orders", params={"f_creationDate": ALWAYS} | query)


def test_lists_what_was_created_in_a_span_page_by_page(standin: Running) -> None:
    ids = [standin.adopt(MUG) for _one in range(3)]
    first, second = (_list(standin, page=page, per_page=2).json() for page in (1, 2))
    assert [row["orderId"] for row in first["list"]] == ids[:2]
    assert [row["orderId"] for row in second["list"]] == ids[2:]
    assert first["paging"] == {"total": 3, "pages": 2, "currentPage": 1, "perPage": 2}
    assert first["list"][0]["totalValue"] == 17.0
    past = "creationDate:[2020-01-01T00:00:00.000Z TO 2020-01-02T00:00:00.000Z]"
    assert _list(standin, f_creationDate=past).json()["list"] == []


@pytest.mark.parametrize(
    "query",
    [
        {"f_creationDate": "yesterday"},
        {"f_creationDate": "creationDate:[x TO y]"},
        {"page": 31},
        {"page": 0},
        {"per_page": 101},
        {"per_page": "many"},
    ],
)
def test_refuses_what_the_marketplace_would_not_take(
    standin: Running, query: dict[str, Any]
) -> None:
    assert _list(standin, **query).status_code == 400


def test_shows_nobody_the_list_without_keys(standin: Running) -> None:
    assert standin.call("GET", "/api/oms/pvt/orders", headers={}).status_code == 401


def test_orders_of_the_past_are_there_with_their_invoices_and_are_no_news(
    standin: Running,
) -> None:
    feed = "/api/orders/feed"
    config = {"filter": {"type": "FromWorkflow", "status": ["payment-approved"]}, "queue": {}}
    assert standin.call("POST", f"{feed}/config", config).status_code == 200
    past = {"placedAt": "2020-01-01T12:00:00-03:00", "invoices": [an_invoice("NF-1", 17)]}
    order = standin.adopt(MUG, **past)
    day = "creationDate:[2020-01-01T00:00:00.000Z TO 2020-01-02T00:00:00.000Z]"
    (row,) = _list(standin, f_creationDate=day).json()["list"]
    assert (row["orderId"], row["status"]) == (order, "invoiced")
    document = standin.order_call("GET", order).json()
    assert document["packageAttachment"]["packages"][0]["invoiceNumber"] == "NF-1"
    assert standin.call("GET", feed, params={"maxlot": 10}).json() == []
    standin.adopt(MUG)
    assert len(standin.call("GET", feed, params={"maxlot": 10}).json()) == 1
    again = standin.call(
        "POST",
        "/_control/orders",
        {"orders": [{"items": [MUG], "marketplaceOrderId": order} | past]},
    )
    assert again.status_code == 409
