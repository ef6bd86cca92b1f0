"""Whatever is sent: a 4xx in VTEX's shape that says what is wrong, and nothing changed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from psycopg import OperationalError

from orders import wire
from sellers import prepared
from tests.builders import Line, a_placement
from tests.orders.conftest import error_of, everything


def _with(path: str, value: Any) -> dict[str, Any]:
    """A placement with one value, named by its path, replaced."""
    placement = a_placement()
    *parents, last = path.split(".")
    target: Any = placement
    for name in parents:
        target = target[int(name)] if name.isdigit() else target[name]
    target[int(last) if last.isdigit() else last] = value
    return placement


UNFIT = (".", "..", "a/b", "a?b", "a#b", "a%2Fb", "a b", " a", "a\t", "a\x7f", "<b>", 'a"b', "a\\b")
WRONG = [
    *(("marketplaceOrderId", unfit, "marketplaceOrderId: must fit") for unfit in UNFIT),
    ("marketplaceOrderId", "", "marketplaceOrderId"),
    ("marketplaceOrderId", None, "marketplaceOrderId"),
    ("marketplaceOrderId", "x" * 61, "marketplaceOrderId"),
    ("marketplaceOrderId", {"a": 1}, "marketplaceOrderId"),
    ("marketplacePaymentValue", 12.5, "marketplacePaymentValue"),
    ("marketplacePaymentValue", -1, "marketplacePaymentValue"),
    ("marketplacePaymentValue", 10**30, "marketplacePaymentValue"),
    ("items", [], "items"),
    ("items", None, "[0].items: must not be null."),
    ("items", "many", "[0].items: must be a list."),
    ("items", [None], "[0].items[0]: must"),
    ("items", [7], "[0].items[0]: must be an object."),
    ("items.0.quantity", 0, "items[0].quantity"),
    ("items.0.quantity", -3, "items[0].quantity"),
    ("items.0.quantity", 1.5, "[0].items[0].quantity: must be a whole number from 1 to 1000000."),
    ("items.0.quantity", 1e20, "from 1 to 1000000."),
    ("items.0.quantity", True, "items[0].quantity"),
    ("items.0.quantity", 10**400, "items[0].quantity"),
    ("items.0.quantity", [1], "items[0].quantity"),
    ("items.0.price", "free", "items[0].price"),
    ("items.0.price", None, "items[0].price"),
    ("items.0.id", None, "items[0].id"),
    ("items.0.unitMultiplier", -1, "items[0].unitMultiplier"),
    ("items.0.unitMultiplier", "NaN", "items[0].unitMultiplier"),
    ("items.0.unitMultiplier", "1e999", "items[0].unitMultiplier"),
    ("items.0.isGift", {"a": 1}, "items[0].isGift"),
    ("items.0.bundleItems", "x", "items[0].bundleItems"),
    ("items.0.priceTags", [{"value": 1.5}], "items[0].priceTags[0].value"),
    ("shippingData", None, "shippingData"),
    ("shippingData", [], "shippingData"),
    ("shippingData.logisticsInfo", None, "shippingData.logisticsInfo"),
    ("shippingData.logisticsInfo", [], "items[0]"),
    ("shippingData.logisticsInfo.0.selectedSla", None, "items[0]"),
    ("shippingData.logisticsInfo.0.lockTTL", "soon", "lockTTL"),
    (
        "shippingData.logisticsInfo.0.lockTTL",
        "0d",
        "[0].shippingData.logisticsInfo[0].lockTTL: must",
    ),
    ("shippingData.logisticsInfo.0.lockTTL", "00bd", "logisticsInfo[0].lockTTL"),
    ("shippingData.logisticsInfo.0.lockTTL", "12345m", "logisticsInfo[0].lockTTL"),
    ("shippingData.logisticsInfo.0.lockTTL", "٣d", "logisticsInfo[0].lockTTL"),
    ("shippingData.logisticsInfo.0.selectedSla", "none-such", "[0].items[0]: there is no delivery"),
    ("items.0.id", "9999", "[0].items[0]: there is no SKU 9999."),
    ("shippingData.logisticsInfo.0.price", -5, "price"),
    ("shippingData.logisticsInfo.0.itemIndex", 7, "items[0]"),
    ("shippingData.logisticsInfo.0.deliveryWindow", {"startDateUtc": "noon"}, "startDateUtc"),
    ("shippingData.address", "here", "shippingData.address"),
]


@pytest.mark.parametrize(("path", "value", "named"), WRONG)
def test_names_the_path_of_a_wrong_value(vtex, path, value, named):
    before = everything()
    refusal = vtex.place(_with(path, value))
    assert refusal.status_code == 400
    error = error_of(refusal)
    assert named in error["message"]
    assert error["code"] in ("invalid-field", "unknown-sku", "unknown-sla")
    assert everything() == before


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (Line("9999"), "[1].items[0]: there is no SKU 9999."),
        (Line(quantity=11), "Not enough stock: [1].items[0]: 11 of SKU 1001 asked, 9 available."),
    ],
)
def test_names_the_order_among_several_whose_line_cannot_be_had(vtex, line, said):
    before = everything()
    refusal = vtex.place(a_placement(order_id="1-01"), a_placement(line, order_id="2-01"))
    assert error_of(refusal)["message"] == said
    assert everything() == before


def test_names_no_position_for_an_order_that_comes_alone(vtex):
    refusal = vtex.post("/pvt/orders", a_placement(Line("9999")))
    assert error_of(refusal)["message"] == "items[0]: there is no SKU 9999."


def test_says_what_a_body_of_another_kind_should_be(vtex):
    refusal = vtex.post("/pvt/orders/R-X/fulfill", [1, 2])
    assert refusal.status_code == 400
    assert error_of(refusal) == {
        "code": "invalid-field",
        "message": "body: must be an object.",
        "exception": None,
    }


def test_names_the_position_of_the_order_at_fault(vtex):
    good = a_placement(order_id="1-01")
    refusal = vtex.place(good, a_placement(order_id="2-01") | {"items": []})
    assert refusal.status_code == 400
    assert error_of(refusal)["message"].startswith("[1].items")


def test_refuses_two_logistics_rows_for_one_item(vtex):
    placement = a_placement()
    placement["shippingData"]["logisticsInfo"] *= 2
    refusal = vtex.place(placement)
    assert refusal.status_code == 400
    assert "logisticsInfo[1].itemIndex" in error_of(refusal)["message"]


def test_refuses_the_same_order_twice_in_one_call(vtex):
    refusal = vtex.place(a_placement(), a_placement())
    assert refusal.status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"not json",
        b"\xff\xfe",
        b"null",
        b"7",
        b'"text"',
        b"[]",
        b"[[]]",
        b"{}",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": 1e999}',
        b'{"a": "\\u0000"}',
        b'{"a\\u0000": 1}',
        b'{"a": "\\ud800"}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b"[" * 200 + b"]" * 200,
    ],
)
@pytest.mark.parametrize(
    "path", ["/pvt/orders", "/pvt/orders/R-X/fulfill", "/pvt/orders/R-X/cancel"]
)
def test_refuses_what_is_no_order_at_all(vtex, path, body):
    before = everything()
    refusal = vtex.post(path, body)
    assert 400 <= refusal.status_code < 500
    error_of(refusal)
    assert everything() == before


def test_refuses_text_the_database_cannot_hold_wherever_it_is(vtex):
    refusal = vtex.place(a_placement(openTextField={"value": "a\0b"}))
    assert refusal.status_code == 400
    assert "openTextField.value" in error_of(refusal)["message"]


def test_refuses_a_body_that_is_too_large_before_reading_it(vtex):
    huge = b'{"a": "' + b"x" * wire.LARGEST_BODY + b'"}'
    assert vtex.post("/pvt/orders", huge).status_code == 413


def test_refuses_a_body_of_too_many_values(vtex):
    refusal = vtex.place(a_placement(customData=[0] * wire.MOST_VALUES))
    assert refusal.status_code == 413
    assert error_of(refusal)["code"] == "body-too-large"


@pytest.mark.parametrize("text", ["plain", "\u00e9"])  # the second is written as an escape
@pytest.mark.parametrize(("lists", "status"), [(30, 200), (31, 400)])
def test_reads_bodies_as_deep_as_it_says_and_no_deeper(vtex, text, lists, status):
    """Within the array of orders and the order."""
    deep: object = text
    for _ in range(lists):
        deep = [deep]
    assert vtex.place(a_placement(futureField=deep)).status_code == status


def test_refuses_too_many_items_and_too_many_orders(vtex):
    line = Line(freight=990)
    assert vtex.place(a_placement(*[line] * 501)).status_code == 400
    orders = [a_placement(order_id=f"{number}-01") for number in range(51)]
    assert vtex.place(*orders).status_code == 400


@pytest.mark.parametrize("nothing", [None, "a note", {"value": "a note"}])
def test_accepts_the_buyers_note_in_every_form(vtex, nothing):
    assert vtex.place(a_placement(openTextField=nothing)).status_code == 200


def test_accepts_nulls_where_vtex_sends_them(vtex):
    placement = a_placement(clientProfileData=None, customData=None, marketingData=None)
    placement["items"][0] |= dict.fromkeys(
        ("commission", "bundleItems", "priceTags", "measurementUnit", "isGift", "attachments")
    )
    placement["shippingData"]["address"] |= dict.fromkeys(("receiverName", "state", "city"))
    assert vtex.place(placement).status_code == 200


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch", "options"])
@pytest.mark.parametrize(
    "path", ["/pvt/orders", "/pvt/orders/R-X/fulfill", "/pvt/orders/R-X/cancel", "/hook"]
)
def test_answers_other_methods_in_the_error_shape(vtex, path, method, client):
    answer = getattr(client, method)(vtex.base + path)
    assert answer.status_code == 405
    assert answer["Allow"] == "POST"
    assert error_of(answer) == {
        "code": "method-not-allowed",
        "message": "Use POST.",
        "exception": None,
    }


@pytest.mark.parametrize(
    "path",
    [
        "/pvt/orders/R-X/unknown",
        "/pvt/nothing",
        "/pvt/orders/R-X",
        "/pvt/orders/R%00X/fulfill",
        "/pvt/orders/R%00X/cancel",
        "/pvt/orders/R%00X/changes",
        "/pvt/orders/R-X/changes/a%00b/cancel",
    ],
)
def test_answers_unknown_paths_in_the_error_shape(vtex, path):
    answer = vtex.post(path, {})
    assert answer.status_code == 404
    error_of(answer)


def test_answers_json_whatever_the_caller_accepts(vtex):
    answer = vtex.place(a_placement(), Accept="text/html")
    assert answer.status_code == 200
    assert json.loads(answer.content)


@pytest.mark.parametrize("path", ["/pvt/orders", "/pvt/orders/R-X/fulfill", "/hook"])
def test_asks_to_try_again_while_the_database_is_away(vtex, path, monkeypatch, caplog):
    def away(*_: object) -> None:
        raise OperationalError("the database system is shutting down")

    monkeypatch.setattr(prepared, "_run", away)
    answer = vtex.post(path, {})
    assert answer.status_code == 503
    assert error_of(answer)["code"] == "database-unavailable"
    assert [record.exc_info for record in caplog.records if record.name == "orders.protocol"] == [
        None
    ]
