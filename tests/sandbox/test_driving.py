"""What the stand-in does to a seller."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
import requests

from sandbox.client import StandInError
from tests.sandbox.conftest import Running, Seller


def _until(fact: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not fact():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)


def test_asks_for_a_quote_both_ways_before_indexing(facing: Running, seller: Seller) -> None:
    report = facing.control.indexation(["mug", "tea"])
    assert (report["httpStatus"], report["faults"]) == (200, [])
    (posted, _, body, headers), (fetched, _, same, _) = seller.asked
    assert (posted, fetched) == ("POST", "GET")
    assert body == same
    assert body["items"][0] == {"id": "mug", "quantity": 1, "seller": "seller123"}
    assert headers["X-VTEX-API-AppKey"] == "in"
    seller.get_differs = True
    assert facing.control.indexation(["mug"])["faults"] == ["GET and POST do not answer alike"]


def test_names_what_is_wrong_with_a_quote(facing: Running, seller: Seller) -> None:
    seller.quote_change = {"price": 12.5, "seller": "somebody"}
    faults = facing.control.checkout([{"id": "mug", "quantity": 1}])["faults"]
    assert faults == [
        "items[0]: id or seller is not the one asked for",
        "items[0].price: not whole cents",
    ]
    assert facing.anomalies() == ["bad-quote", "bad-quote"]


def test_places_what_was_quoted_to_the_cent(facing: Running, seller: Seller) -> None:
    items = [
        {"id": "mug", "quantity": 4, "discountCents": 3, "services": True},
        {"id": "tea", "quantity": 3},
    ]
    placed = facing.control.place(items, postalCode="22250-040")["orders"][0]
    _, path, (body,), headers = seller.asked[-1]
    assert path == "/api/abc/pvt/orders"
    assert headers["authorization"] == 'VTEX key="in" token="secret"'
    assert headers["x-vtex-operation-id"]
    assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-01", headers["traceparent"])
    mug, tea = body["items"]
    assert mug["priceTags"][0]["value"] == -3
    assert mug["bundleItems"] == [
        {"type": "Wrap", "id": "5", "name": "Gift wrap", "price": 50, "quantity": 4}
    ]
    assert tea["unitMultiplier"] == 0.3
    rows = body["shippingData"]["logisticsInfo"]
    assert [(row["selectedSla"], row["price"]) for row in rows] == [
        ("Normal", 100),
        ("Normal", 101),
    ]
    assert body["marketplacePaymentValue"] == (4 * 17 - 3 + 4 * 50) + 179 + 100 + 101
    assert re.fullmatch(r"[0-9]{13}-01", body["marketplaceOrderId"])
    assert body["clientProfileData"]["document"].isdecimal()
    assert placed["status"] == "payment-pending"
    assert placed["sellerOrderId"] == seller.reservations[placed["marketplaceOrderId"]]
    document = facing.order_call("GET", placed["marketplaceOrderId"]).json()
    assert document["value"] == body["marketplacePaymentValue"]
    assert sum(total["value"] for total in document["totals"]) == document["value"]


def test_places_the_wanted_delivery(facing: Running, seller: Seller) -> None:
    facing.control.place([{"id": "mug", "quantity": 1}], sla="Express")
    row = seller.calls("/pvt/orders")[-1][0]["shippingData"]["logisticsInfo"][0]
    assert (row["selectedSla"], row["price"]) == ("Express", 300)


@pytest.mark.parametrize(
    ("items", "how", "code"),
    [
        ([{"id": "mug", "quantity": 10}], {}, "itemQuantityNotAvailable"),
        ([{"id": "jug", "quantity": 1}], {}, "itemQuantityNotAvailable"),
        ([{"id": "mug", "quantity": 1}], {"sla": "Teleport"}, "cannotBeDelivered"),
    ],
)
def test_stops_at_the_checkout(
    facing: Running, seller: Seller, items: list[dict[str, object]], how: dict[str, str], code: str
) -> None:
    done = facing.control.place(items, **how)
    assert done["orders"] == []
    assert done["refused"][0]["code"] == code
    assert seller.calls("/pvt/orders") == []


def test_draws_carts_from_the_skus_it_indexed(facing: Running, seller: Seller) -> None:
    assert "No SKU known" in facing.control.place()["refused"][0]["message"]
    facing.control.indexation(["mug", "tea"])
    done = facing.control.place(count=12, parallel=4, fulfill=True)
    assert len(done["orders"]) == 12
    assert {order["status"] for order in done["orders"]} == {"payment-approved"}
    assert len({order["marketplaceOrderId"] for order in done["orders"]}) == 12
    assert len(seller.calls("/fulfill")) == 12


def test_repeats_a_placement_as_it_was_or_with_other_content(
    facing: Running, seller: Seller
) -> None:
    placed = facing.control.place([{"id": "mug", "quantity": 1}])["orders"][0]
    again = facing.control.place_again(placed["marketplaceOrderId"])["orders"][0]
    assert again["sellerOrderId"] == placed["sellerOrderId"]
    first, second = seller.calls("/pvt/orders")
    assert first == second
    facing.control.place_again(placed["marketplaceOrderId"], openTextField="other")
    assert seller.calls("/pvt/orders")[-1][0]["openTextField"] == "other"
    assert facing.anomalies() == []


def test_asks_again_after_a_server_error(facing: Running, seller: Seller) -> None:
    placed = facing.control.place([{"id": "mug", "quantity": 1}])["orders"][0]
    seller.fail_next = [503, 500]
    assert facing.control.fulfill(placed["marketplaceOrderId"])["httpStatus"] == 200
    assert len(seller.calls("/fulfill")) == 3
    calls = facing.control.order(placed["marketplaceOrderId"])["calls"]
    assert [call["status"] for call in calls if call["path"].endswith("/fulfill")] == [
        503,
        500,
        200,
    ]


def test_counts_a_refused_placement_as_never_sold(facing: Running, seller: Seller) -> None:
    real = seller.answer

    def refusing(path: str, body: object) -> tuple[int, str]:
        return (409, "{}") if path.endswith("/pvt/orders") else real(path, body)

    seller.answer = refusing  # type: ignore[method-assign]  # the fake seller's one seam
    placed = facing.control.place([{"id": "mug", "quantity": 1}])["orders"][0]
    assert placed["status"] == "order-creation-error"
    with pytest.raises(StandInError, match="never took"):
        facing.control.fulfill(placed["marketplaceOrderId"])


def test_tells_the_payment_with_the_fulfilment(facing: Running, seller: Seller) -> None:
    placed = facing.control.place([{"id": "mug", "quantity": 1}], fulfill=True)["orders"][0]
    body = seller.calls("/fulfill")[0]
    assert body["marketplaceOrderId"] == placed["marketplaceOrderId"]
    assert body["paymentData"]["payments"][0]["value"] == placed["value"]
    assert {"Message", "message"} <= set(body["paymentData"]["connectorResponses"])


CONFIRMED = (200, '{"receipt":null}')


@pytest.mark.parametrize(
    ("answers", "statuses"),
    [
        ([CONFIRMED], ["canceled"]),
        ([(200, ""), CONFIRMED], ["waiting-for-seller-decision", "canceled"]),
        ([(409, "{}")], ["payment-approved"]),
    ],
)
def test_follows_the_sellers_answer_to_a_cancellation(
    facing: Running, seller: Seller, answers: list[tuple[int, str]], statuses: list[str]
) -> None:
    placed = facing.control.place([{"id": "mug", "quantity": 1}], fulfill=True)["orders"][0]
    seller.cancel_answers = list(answers)
    seen = [facing.control.cancel(placed["marketplaceOrderId"])["status"] for _ in answers]
    assert seen == statuses
    requests_sent = {body["cancellationRequestId"] for body in seller.calls("/cancel")}
    assert len(requests_sent) == 1


def test_repeats_a_confirmed_cancellation_and_a_late_fulfilment(
    facing: Running, seller: Seller
) -> None:
    order = facing.control.place([{"id": "mug", "quantity": 1}])["orders"][0]["marketplaceOrderId"]
    for _ in range(2):
        assert facing.control.cancel(order)["status"] == "canceled"
    first, second = seller.calls("/cancel")
    assert first == second
    assert facing.control.fulfill(order)["status"] == "canceled"
    assert len(seller.calls("/fulfill")) == 1
    assert len(facing.control.order(order)["cancellationRequests"]) == 1


def test_lets_an_invoice_refuse_a_cancellation(facing: Running, seller: Seller) -> None:
    placed = facing.control.place([{"id": "mug", "quantity": 1}], fulfill=True)["orders"][0]
    order = placed["marketplaceOrderId"]
    seller.cancel_answers = [(200, ""), CONFIRMED]
    facing.control.cancel(order)
    assert facing.invoice(order, "1", placed["value"]).status_code == 200
    assert facing.control.order(order)["status"] == "invoiced"


def test_lists_a_seller_that_invoices_and_confirms_the_cancellation(
    facing: Running, seller: Seller
) -> None:
    placed = facing.control.place([{"id": "mug", "quantity": 1}], fulfill=True)["orders"][0]
    order, real = placed["marketplaceOrderId"], seller.answer

    def invoicing(path: str, body: object) -> tuple[int, str]:
        if path.endswith("/cancel"):
            facing.invoice(order, "1", placed["value"])
        return real(path, body)

    seller.answer = invoicing  # type: ignore[method-assign]  # the fake seller's one seam
    facing.control.cancel(order)
    assert facing.control.order(order)["status"] == "invoiced"
    assert facing.anomalies() == ["cancelled-and-invoiced"]


def test_sends_events_to_the_hook_until_it_answers(facing: Running, seller: Seller) -> None:
    seller.hook_status = 503
    facing.control.connect(hook_header_name="x-secret", hook_header_value="s")
    facing.control.place([{"id": "mug", "quantity": 1}])
    _until(lambda: len(seller.calls("/hook")) >= 3)
    assert facing.control.unanswered_hooks() == 3
    seller.hook_status = 200
    _until(lambda: facing.control.unanswered_hooks() == 0)
    hooks = [(body, headers) for _, path, body, headers in seller.asked if path.endswith("/hook")]
    body, headers = hooks[-1]
    assert headers["x-secret"] == "s"
    assert body["Origin"] == {"Account": "bigstore", "Key": "key"}
    assert {body["State"] for body, _ in hooks} == {
        "order-created",
        "waiting-for-authorization",
        "payment-pending",
    }


def test_sends_events_twice_when_told_to(facing: Running, seller: Seller) -> None:
    facing.control.knobs(hook_repeat_rate=1, hook_spread_ms=50)
    facing.control.connect(hook_header_name="x-secret", hook_header_value="s")
    facing.control.place([{"id": "mug", "quantity": 1}])
    _until(lambda: len(seller.calls("/hook")) == 6)


def test_starts_without_a_portal_and_says_what_it_lacks(standin: Running) -> None:
    with pytest.raises(StandInError, match="/_control/portal"):
        standin.control.indexation(["mug"])


def test_survives_a_portal_that_is_not_there(facing: Running) -> None:
    facing.control.connect(portal="http://127.0.0.1:9/api/abc")
    assert facing.control.checkout([{"id": "mug", "quantity": 1}])["httpStatus"] == 0
    assert requests.get(facing.url, timeout=5).status_code == 200
