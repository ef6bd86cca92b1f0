"""The order system's list of orders, which a seller asks for what never reached it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Running

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
