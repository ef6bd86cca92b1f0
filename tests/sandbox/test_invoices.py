"""Invoices at the marketplace's order system."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Running, an_invoice

MUGS = {"id": "mug", "quantity": 4, "price": 17, "priceTags": [{"value": -3}]}


def test_moves_the_order_to_invoiced_only_when_the_invoices_add_up(standin: Running) -> None:
    order = standin.adopt({**MUGS, "freight": 100})
    assert standin.invoice(order, "1", 33).status_code == 200
    assert standin.control.order(order)["status"] == "invoice"
    assert standin.control.order(order)["remaining"] == 132
    answer = standin.invoice(order, "2", "132", items=[{"id": "mug", "price": 17, "quantity": 3}])
    assert set(answer.json()) == {"date", "orderId", "receipt"}
    document = standin.order_call("GET", order).json()
    assert document["status"] == "invoiced"
    assert document["invoicedDate"]
    packages = document["packageAttachment"]["packages"]
    assert [(p["invoiceNumber"], p["invoiceValue"]) for p in packages] == [("1", 33), ("2", 132)]
    assert packages[1]["items"] == [
        {"itemIndex": 0, "quantity": 3, "price": 17, "description": None, "unitMultiplier": 1}
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"type": "Sale"},
        {"type": None},
        {"invoiceNumber": ""},
        {"invoiceNumber": 7},
        {"invoiceValue": 0},
        {"invoiceValue": -5},
        {"invoiceValue": 12.5},
        {"invoiceValue": "12.50"},
        {"invoiceValue": True},
        {"invoiceValue": None},
        {"issuanceDate": "2024-01-31"},
        {"issuanceDate": "2024-01-31 18:25:43"},
        {"issuanceDate": "yesterday"},
        {"issuanceDate": None},
        {"items": []},
        {"items": "mug"},
        {"items": ["mug"]},
        {"items": [{"id": 5, "price": 17, "quantity": 1}]},
        {"items": [{"id": "mug", "price": 1.7, "quantity": 1}]},
        {"items": [{"id": "mug", "price": "17", "quantity": 1}]},
        {"items": [{"id": "mug", "quantity": 1}]},
        {"items": [{"id": "mug", "price": 17, "quantity": 0}]},
        {"items": [{"id": "mug", "price": 17, "quantity": 5}]},
        {"items": [{"id": "jug", "price": 17, "quantity": 1}]},
    ],
)
def test_refuses_a_malformed_invoice_and_keeps_the_order(
    standin: Running, change: dict[str, Any]
) -> None:
    order = standin.adopt(MUGS)
    answer = standin.invoice(order, change.pop("invoiceNumber", "1"), 17, **change)
    assert answer.status_code == 400
    assert set(answer.json()["error"]) == {"code", "message", "exception"}
    assert standin.control.order(order)["packages"] == []
    assert standin.control.order(order)["status"] == "payment-approved"


@pytest.mark.parametrize(
    "field", ["type", "invoiceNumber", "invoiceValue", "issuanceDate", "items"]
)
def test_names_the_missing_field(standin: Running, field: str) -> None:
    body = an_invoice("1", 17)
    del body[field]
    answer = standin.order_call("POST", standin.adopt(MUGS), "/invoice", body)
    assert answer.status_code == 400
    assert field in answer.json()["error"]["message"]


def test_refuses_cents_beyond_the_order(standin: Running) -> None:
    order = standin.adopt(MUGS)
    assert standin.invoice(order, "1", 66).status_code == 400
    assert standin.invoice(order, "1", 65).status_code == 200
    assert standin.anomalies() == ["over-invoiced"]


def test_refuses_units_beyond_the_order_over_several_invoices(standin: Running) -> None:
    order = standin.adopt(MUGS)
    three = [{"id": "mug", "price": 17, "quantity": 3}]
    assert standin.invoice(order, "1", 30, items=three).status_code == 200
    assert standin.invoice(order, "2", 30, items=three).status_code == 400
    assert standin.anomalies() == ["over-quantity"]


def test_spreads_a_merged_sku_over_its_order_lines(standin: Running) -> None:
    line = {"id": "mug", "quantity": 2, "price": 17}
    order = standin.adopt(line, line)
    standin.invoice(order, "1", 51, items=[{"id": "mug", "price": 17, "quantity": 3}])
    package = standin.control.order(order)["packages"][0]
    assert [(row["itemIndex"], row["quantity"]) for row in package["items"]] == [(0, 2), (1, 1)]


def test_takes_an_identical_invoice_again_as_the_same_package(standin: Running) -> None:
    order = standin.adopt(MUGS)
    first, second = standin.invoice(order, "1", 65), standin.invoice(order, "1", 65)
    assert second.status_code == 200
    assert first.json()["receipt"] != second.json()["receipt"]
    assert len(standin.control.order(order)["packages"]) == 1
    assert standin.anomalies() == ["invoice-repeated"]


def test_refuses_another_invoice_under_a_known_number(standin: Running) -> None:
    order = standin.adopt(MUGS)
    standin.invoice(order, "1", 30)
    assert standin.invoice(order, "1", 31).status_code == 400
    assert standin.control.order(order)["packages"][0]["invoiceValue"] == 30
    assert standin.anomalies() == ["invoice-rewritten"]


def test_lists_a_number_used_on_two_orders(standin: Running) -> None:
    for order in (standin.adopt(MUGS), standin.adopt(MUGS)):
        assert standin.invoice(order, "1", 30).status_code == 200
    assert standin.anomalies() == ["invoice-number-on-two-orders"]


def test_refuses_an_invoice_before_the_order_is_paid(facing: Running) -> None:
    placed = facing.control.place([{"id": "mug", "quantity": 1}])["orders"][0]
    answer = facing.invoice(placed["marketplaceOrderId"], "1", 17)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "ORD039"
    facing.control.fulfill(placed["marketplaceOrderId"])
    assert facing.invoice(placed["marketplaceOrderId"], "1", 17).status_code == 200


def test_refunds_a_return_only_after_the_whole_order_was_invoiced(standin: Running) -> None:
    order = standin.adopt(MUGS)
    standin.invoice(order, "1", 30)
    assert standin.invoice(order, "R1", 10, type="Input").status_code == 200
    three = [{"id": "mug", "price": 17, "quantity": 3}]
    standin.invoice(order, "2", 35, items=three)
    assert standin.invoice(order, "R2", 20, type="Input", items=three).status_code == 200
    refunds = [p["restitutions"] for p in standin.control.order(order)["packages"]]
    assert refunds[:3] == [{}, {}, {}]
    assert refunds[3]["Refund"]["value"] == 20


def test_refuses_to_take_back_more_than_was_invoiced(standin: Running) -> None:
    order = standin.adopt(MUGS)
    assert standin.invoice(order, "R0", 1, type="Input").status_code == 400
    standin.invoice(order, "1", 65)
    assert standin.invoice(order, "R1", 66, type="Input").status_code == 400
    two = [{"id": "mug", "price": 17, "quantity": 2}]
    assert standin.invoice(order, "R1", 10, type="Input", items=two).status_code == 400
    assert "over-returned" in standin.anomalies()


TRACKING = {
    "trackingNumber": "BR1",
    "trackingUrl": None,
    "dispatchedDate": None,
    "courier": "Correios",
}


def test_takes_tracking_then_events_then_delivery(standin: Running) -> None:
    order = standin.adopt(MUGS)
    standin.invoice(order, "1", 65)
    event = {"city": "Rio", "state": "RJ", "description": "Posted", "date": "2024-02-01"}
    body = {"isDelivered": False, "deliveredDate": None, "events": [event]}
    assert standin.order_call("PUT", order, "/invoice/1/tracking", body).status_code == 400
    assert standin.order_call("PATCH", order, "/invoice/1", TRACKING).status_code == 200
    assert standin.order_call("PUT", order, "/invoice/1/tracking", body).status_code == 200
    last = {"isDelivered": True, "deliveredDate": "2024-02-03 14:00", "events": [event]}
    assert standin.order_call("PUT", order, "/invoice/1/tracking", last).status_code == 200
    found = standin.control.order(order)
    assert found["status"] == "invoiced"
    assert found["packages"][0]["trackingNumber"] == "BR1"
    assert found["packages"][0]["courierStatus"]["finished"] is True
    assert found["packages"][0]["courierStatus"]["data"][0]["city"] == "Rio"


@pytest.mark.parametrize("missing", list(TRACKING))
def test_wants_all_four_tracking_keys(standin: Running, missing: str) -> None:
    order = standin.adopt(MUGS)
    standin.invoice(order, "1", 65)
    body = {key: value for key, value in TRACKING.items() if key != missing}
    assert standin.order_call("PATCH", order, "/invoice/1", body).status_code == 400
    assert standin.control.order(order)["packages"][0]["trackingNumber"] is None


def test_answers_tracking_of_an_unknown_invoice_with_404(standin: Running) -> None:
    answer = standin.order_call("PATCH", standin.adopt(MUGS), "/invoice/9", TRACKING)
    assert (answer.status_code, answer.json()["error"]["message"]) == (404, "Invoice Not Found")


def test_takes_a_number_with_a_slash_whose_tracking_then_breaks(standin: Running) -> None:
    order = standin.adopt(MUGS)
    assert standin.invoice(order, "A/1", 65).status_code == 200
    assert standin.order_call("PATCH", order, "/invoice/A%2F1", TRACKING).status_code == 404
    assert standin.anomalies() == ["unsafe-invoice-number"]


def test_speaks_the_services_endpoint_dialect(standin: Running) -> None:
    order = standin.adopt(MUGS)
    base = f"/pvt/orders/{order}/invoice"
    assert standin.call("POST", base, an_invoice("1", 65)).status_code == 200
    assert standin.call("POST", f"{base}/1", TRACKING).status_code == 400
    strings = TRACKING | {"trackingUrl": "https://t.example/1", "dispatchedDate": "2024-02-01"}
    assert standin.call("POST", f"{base}/1", strings).status_code == 200
    assert standin.call("POST", f"{base}/1/tracking", {"isDelivered": True}).status_code == 200
    assert standin.control.order(order)["delivered"] == 1
