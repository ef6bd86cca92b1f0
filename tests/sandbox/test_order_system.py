"""The rest of the order system: credentials, ids, handling, cancellation, feed, notices."""

from __future__ import annotations

import pytest

from tests.sandbox.conftest import KEYS, Running, Seller, an_invoice

MUG = {"id": "mug", "quantity": 1, "price": 17}


@pytest.mark.parametrize(
    ("headers", "anomaly"),
    [
        ({}, "no-credentials"),
        (KEYS | {"X-VTEX-API-AppToken": "wrong"}, "wrong-credentials"),
        ({"X-VTEX-API-AppKey": "key"}, "wrong-credentials"),
    ],
)
def test_refuses_a_call_without_the_right_keys(
    standin: Running, headers: dict[str, str], anomaly: str
) -> None:
    path = f"/api/oms/pvt/orders/{standin.adopt(MUG)}/invoice"
    answer = standin.call("POST", path, an_invoice("1", 17), headers=headers)
    assert answer.status_code == 401
    assert answer.json() == {
        "error": {"code": "1", "message": "Unauthorized access", "exception": None}
    }
    assert standin.anomalies() == [anomaly]


def test_does_not_know_the_sellers_own_order_id(standin: Running) -> None:
    standin.adopt(MUG, sellerOrderId="R-1")
    assert standin.invoice("R-1", "1", 17).status_code == 404
    assert standin.invoice("nobody", "1", 17).status_code == 404
    assert standin.anomalies() == ["reservation-id-in-path", "unknown-order"]


@pytest.mark.parametrize("raw", [b"{", b"[]", b"\xff\xfe", b'"text"', b"[" * 20000])
def test_refuses_a_body_that_is_no_json_object(standin: Running, raw: bytes) -> None:
    path = f"/api/oms/pvt/orders/{standin.adopt(MUG)}/invoice"
    answer = standin.call("POST", path, data=raw)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "1"


def test_answers_an_unknown_path_with_404(standin: Running) -> None:
    assert standin.call("GET", "/api/nothing").status_code == 404
    assert standin.order_call("DELETE", standin.adopt(MUG)).status_code == 404


def test_starts_handling_only_when_ready(standin: Running) -> None:
    early, ready = standin.adopt(MUG), standin.adopt(MUG, handling=True)
    refused = standin.order_call("POST", early, "/start-handling")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "OMS003")
    accepted = standin.order_call("POST", ready, "/start-handling")
    assert (accepted.status_code, accepted.content) == (204, b"")
    assert standin.control.order(ready)["status"] == "handling"


def test_cancels_for_the_seller_once(standin: Running) -> None:
    order = standin.adopt(MUG)
    for _ in range(2):
        assert standin.order_call("POST", order, "/cancel", {"reason": "none left"}).ok
    document = standin.order_call("GET", order).json()
    assert document["status"] == "canceled"
    assert document["cancellationData"]["Reason"] == "none left"
    assert standin.invoice(order, "1", 17).json()["error"]["code"] == "ORD039"


def test_takes_two_requests_to_cancel_while_handling(standin: Running) -> None:
    order = standin.adopt(MUG, handling=True)
    standin.order_call("POST", order, "/cancel", {"reason": "none left"})
    assert standin.control.order(order)["status"] == "request-cancel"
    standin.order_call("POST", order, "/cancel", {"reason": "none left"})
    assert standin.control.order(order)["status"] == "canceled"


def test_cancels_an_invoiced_order_only_after_its_return(standin: Running) -> None:
    order = standin.adopt({**MUG, "quantity": 2})
    standin.invoice(order, "1", 17)
    assert standin.order_call("POST", order, "/cancel", {"reason": "x"}).status_code == 400
    standin.invoice(order, "2", 17)
    assert standin.order_call("POST", order, "/cancel", {"reason": "x"}).status_code == 400
    two = [{"id": "mug", "price": 17, "quantity": 2}]
    standin.invoice(order, "R", 34, type="Input", items=two)
    assert standin.order_call("POST", order, "/cancel", {"reason": "x"}).status_code == 200
    assert standin.control.order(order)["status"] == "canceled"


def test_keeps_what_the_seller_called_without_persons(standin: Running) -> None:
    order = standin.adopt(MUG)
    xml = "<NFe><xNome>Maria Souza</xNome></NFe>"
    standin.invoice(order, "1", 17, embeddedInvoice=xml, customerName="Maria Souza")
    standin.invoice(order, "1", 99)
    calls = standin.control.order(order)["calls"]
    assert [(call["method"], call["status"]) for call in calls] == [("POST", 200), ("POST", 400)]
    assert calls[0]["body"]["invoiceValue"] == 17
    assert "Maria" not in str(calls)


FEED = {
    "filter": {"type": "FromWorkflow", "status": ["payment-approved", "invoiced"]},
    "queue": {"visibilityTimeoutInSeconds": 0, "MessageRetentionPeriodInSeconds": 345600},
}


def test_feeds_events_until_they_are_committed(standin: Running) -> None:
    assert standin.call("GET", "/api/orders/feed").status_code == 404
    assert standin.call("POST", "/api/orders/feed/config", FEED).status_code == 200
    order = standin.adopt(MUG)
    standin.invoice(order, "1", 17)
    first = standin.call("GET", "/api/orders/feed?maxlot=10").json()
    assert [(row["orderId"], row["state"]) for row in first] == [
        (order, "payment-approved"),
        (order, "invoiced"),
    ]
    again = standin.call("GET", "/api/orders/feed?maxlot=10").json()
    assert [row["eventId"] for row in again] == [row["eventId"] for row in first]
    stale = {"handles": [first[0]["handle"]]}
    fresh = {"handles": [again[0]["handle"], "unknown"]}
    assert standin.call("POST", "/api/orders/feed", stale).ok
    assert standin.call("POST", "/api/orders/feed", fresh).ok
    left = standin.call("GET", "/api/orders/feed?maxlot=10").json()
    assert [row["eventId"] for row in left] == [first[1]["eventId"]]
    assert standin.call("DELETE", "/api/orders/feed/config").ok
    assert standin.call("GET", "/api/orders/feed").status_code == 404


def test_hides_an_event_from_the_next_reader(standin: Running) -> None:
    queue = {"visibilityTimeoutInSeconds": 60}
    standin.call("POST", "/api/orders/feed/config", FEED | {"queue": queue})
    standin.adopt(MUG)
    assert len(standin.call("GET", "/api/orders/feed?maxlot=10").json()) == 1
    assert standin.call("GET", "/api/orders/feed?maxlot=10").json() == []


def test_refuses_a_mixed_or_missing_filter(standin: Running) -> None:
    mixed = {"type": "FromWorkflow", "status": ["invoiced"], "expression": "value > 1"}
    path = "/api/orders/feed/config"
    assert standin.call("POST", path, FEED | {"filter": mixed}).status_code == 409
    assert standin.call("POST", path, {"queue": {}}).status_code == 400


def test_configures_a_hook_only_if_it_answers_the_ping(standin: Running, seller: Seller) -> None:
    hook = {"url": f"{seller.url}/hook", "headers": {"x-secret": "s"}}
    config = {"filter": {"type": "FromWorkflow", "status": ["invoiced"]}, "hook": hook}
    seller.hook_status = 500
    assert standin.call("POST", "/api/orders/hook/config", config).status_code == 400
    assert standin.call("GET", "/api/orders/hook/config").status_code == 404
    seller.hook_status = 200
    assert standin.call("POST", "/api/orders/hook/config", config).status_code == 200
    assert seller.calls("/hook")[-1] == {"hookConfig": "ping"}
    assert standin.call("GET", "/api/orders/hook/config").json() == config


def test_tells_known_from_unknown_skus(standin: Running) -> None:
    path = "/api/catalog_system/pvt/skuseller/changenotification"
    assert standin.call("POST", f"{path}/seller123/mug").status_code == 204
    standin.control.catalogue(catalogue=["mug"])
    assert standin.call("POST", f"{path}/seller123/mug").status_code == 204
    assert standin.call("POST", f"{path}/seller123/jug").status_code == 404
    assert standin.call("POST", f"{path}/other/mug").status_code == 404
    price = "/api/notificator/seller123/changenotification/mug/price"
    assert standin.call("POST", price).status_code == 202
    assert [notice["sku"] for notice in standin.control.notices()] == [
        "mug",
        "mug",
        "jug",
        "mug",
        "mug",
    ]
