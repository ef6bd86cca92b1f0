"""The door: addresses, methods, credentials, caching and refusals."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from sellers.models import SellerAccount
from tests.simulation.stage import KEY, a_seller, address, an_account, ask, ask_by_get, open_shop

pytestmark = pytest.mark.django_db

CART = {"items": [{"id": "mug", "quantity": 1, "seller": "acme01"}]}
NOW = datetime.fromisoformat("2026-03-10T10:00:00-03:00")


@pytest.fixture(autouse=True)
def _one_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers that are compared with each other are of the same time of day."""
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.fixture
def shop() -> SellerAccount:
    return open_shop(NOW)


@pytest.fixture
def guarded_shop() -> SellerAccount:
    """A seller whose marketplace sends a key and a token."""
    account = an_account(inbound_app_key="vtex-key", inbound_app_token="vtex-token")
    return open_shop(NOW, account=account)


@pytest.mark.parametrize("path", ["pvt", "api/pvt"])
@pytest.mark.parametrize("slash", ["", "/"])
def test_answers_with_and_without_slash_on_both_paths(
    shop: SellerAccount, client: Client, path: str, slash: str
) -> None:
    url = f"/api/{KEY}/{path}/orderForms/simulation{slash}?sc=1&an=bigstore"
    response = client.post(url, CART, content_type="application/json")
    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    assert [item["id"] for item in response.json()["items"]] == ["mug"]


def test_get_answers_the_bytes_of_post_and_only_get_may_be_cached(
    shop: SellerAccount, client: Client
) -> None:
    posted = client.post(address(), CART, content_type="application/json")
    got = ask_by_get(client, CART, sc="1", an="bigstore")
    assert got.content == posted.content
    assert posted["Cache-Control"] == "no-store"
    assert got["Cache-Control"] == "public, max-age=5"


@pytest.mark.parametrize("key", ["unknownkey0123456789", "x", "no-such-key!", "a%00b"])
def test_refuses_an_unknown_endpoint_key(shop: SellerAccount, client: Client, key: str) -> None:
    response = client.post(address(key), CART, content_type="application/json")
    assert_refused(response, 404, "unknown-endpoint")


@pytest.mark.parametrize("query", ["", "?purchaseContext=%7B", "?purchaseContext={}"])
def test_says_first_that_nobody_is_there(shop: SellerAccount, client: Client, query: str) -> None:
    nowhere = address("unknownkey0123456789")
    assert_refused(client.get(nowhere + query), 404, "unknown-endpoint")
    assert_refused(client.post(nowhere, b"{", "application/json"), 404, "unknown-endpoint")
    huge = b"x" * (1024 * 1024 + 1)
    assert_refused(client.post(nowhere, huge, "application/json"), 404, "unknown-endpoint")


def test_refuses_an_inactive_account(shop: SellerAccount, client: Client) -> None:
    SellerAccount.objects.update(is_active=False)
    response = client.post(address(), CART, content_type="application/json")
    assert_refused(response, 404, "unknown-endpoint")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": 'VTEX key="vtex-key" token="vtex-token"'},
        {"X-VTEX-API-AppKey": "vtex-key", "X-VTEX-API-AppToken": "vtex-token"},
    ],
)
def test_accepts_right_credentials_and_none(
    guarded_shop: SellerAccount, client: Client, headers: dict[str, str]
) -> None:
    response = client.post(address(), CART, content_type="application/json", headers=headers)
    assert response.status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": 'VTEX key="vtex-key" token="guess"'},
        {"X-VTEX-API-AppKey": "guess", "X-VTEX-API-AppToken": "vtex-token"},
        {"X-VTEX-API-AppToken": "vtex-token"},
    ],
)
def test_refuses_wrong_credentials(
    guarded_shop: SellerAccount, client: Client, headers: dict[str, str]
) -> None:
    response = client.post(address(), CART, content_type="application/json", headers=headers)
    assert_refused(response, 401, "unauthorised")


LINE = {"id": "mug", "quantity": 1, "seller": "1"}


@pytest.mark.parametrize(
    ("body", "code", "named"),
    [
        (b"", "malformed-json", "not JSON"),
        (b"{", "malformed-json", "not JSON"),
        (b'{"items": [}', "malformed-json", "not JSON"),
        (b"\xff\xfe", "malformed-json", "The body is not UTF-8 text."),
        ('{"items": []}'.encode("utf-16"), "malformed-json", "The body is not UTF-8 text."),
        ('{"items": []}'.encode("utf-16-le"), "malformed-json", "The body is not UTF-8 text."),
        ('{"items": [], "x": "ç"}'.encode("latin-1"), "malformed-json", "not UTF-8 text."),
        (b'{"items":[{"id":"\\ud800","quantity":1}]}', "malformed-json", "not JSON"),
        (b"[" * 5000 + b"]" * 5000, "malformed-json", "not JSON"),
        (b"[]", "invalid-field", "body: must be an object"),
        (b"null", "invalid-field", "body: must be an object"),
        ({}, "invalid-field", "items: must be a list, got null"),
        ({"items": {}}, "invalid-field", "items: must be a list"),
        ({"items": [LINE, 7]}, "invalid-field", "items[1]: must be an object, got 7"),
        ({"items": [LINE | {"id": None}]}, "invalid-field", "items[0].id: must be a SKU id"),
        ({"items": [LINE | {"id": ""}]}, "invalid-field", "items[0].id"),
        ({"items": [LINE | {"id": True}]}, "invalid-field", "items[0].id"),
        ({"items": [LINE | {"id": ["mug"]}]}, "invalid-field", "items[0].id"),
        ({"items": [{"id": "mug"}]}, "invalid-field", "items[0].quantity"),
        ({"items": [LINE, LINE | {"quantity": 0}]}, "invalid-field", "items[1].quantity"),
        ({"items": [LINE | {"quantity": -1}]}, "invalid-field", "got -1"),
        ({"items": [LINE | {"quantity": 2.5}]}, "invalid-field", "got 2.5"),
        ({"items": [LINE | {"quantity": 10**30}]}, "invalid-field", "from 1 to 1000000000"),
        ({"items": [LINE | {"quantity": "two"}]}, "invalid-field", 'got "two"'),
        ({"items": [LINE | {"quantity": True}]}, "invalid-field", "got true"),
        ({"items": [LINE | {"seller": {}}]}, "invalid-field", "items[0].seller"),
        ({"items": [LINE], "postalCode": ["1"]}, "invalid-field", "postalCode: must be text"),
        ({"items": [LINE], "country": {"a": 1}}, "invalid-field", "country: must be text"),
        ({"items": [LINE], "geoCoordinates": "1,2"}, "invalid-field", "geoCoordinates"),
        ({"items": [LINE], "geoCoordinates": [None]}, "invalid-field", "geoCoordinates"),
        ({"items": [LINE], "sc": []}, "invalid-field", "sc: must be text"),
        ({"items": [LINE] * 501}, "too-many-items", "at most 500 lines"),
    ],
)
def test_refuses_what_it_cannot_understand_and_names_the_place(
    shop: SellerAccount, client: Client, body: Any, code: str, named: str
) -> None:
    sent = body if isinstance(body, bytes) else json.dumps(body)
    response = client.post(address(), sent, content_type="application/json")
    assert_refused(response, 400, code)
    assert named in response.json()["error"]["message"]


def test_answers_five_hundred_lines(shop: SellerAccount, client: Client) -> None:
    answer = ask(client, *[LINE] * 500)
    assert sum(item["quantity"] for item in answer["items"]) == 10


def test_refuses_a_body_beyond_the_limit(shop: SellerAccount, client: Client) -> None:
    body = b'{"items":[],"x":"' + b"x" * 1024 * 1024 + b'"}'
    response = client.post(address(), body, content_type="application/json")
    assert_refused(response, 413, "body-too-large")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "purchase-context-missing"),
        ("?purchaseContext=", "purchase-context-missing"),
        ("?purchaseContext=%7B", "malformed-json"),
        ("?purchaseContext=%FF", "malformed-json"),
        ("?purchaseContext=[]", "invalid-field"),
    ],
)
def test_refuses_a_get_without_a_readable_context(
    shop: SellerAccount, client: Client, query: str, code: str
) -> None:
    response = client.get(address() + query)
    assert_refused(response, 400, code)
    assert response["Cache-Control"] == "no-store"
    message = response.json()["error"]["message"]
    assert message.startswith("purchaseContext")
    assert "body" not in message


@pytest.mark.parametrize("method", ["put", "patch", "delete", "head"])
def test_refuses_other_methods(shop: SellerAccount, client: Client, method: str) -> None:
    response = getattr(client, method)(address())
    assert response.status_code == 405
    assert response["Allow"] == "GET, POST"


@pytest.mark.parametrize("ref", ["a\x00b", "x" * 5000, "☃", "'; DROP TABLE", "%s", "{}"])
def test_strange_sku_ids_are_unknown_and_spoil_nothing(
    shop: SellerAccount, client: Client, ref: str
) -> None:
    answer = ask(client, ref, "mug", query="?sc=%00")
    assert [item["requestIndex"] for item in answer["items"]] == [1]


@pytest.mark.parametrize("code", ["<script>", "0000", "9" * 30, "٢٢٢٧٠٠٣٠", "ABCDEFGH", "-- -"])
def test_a_postal_code_that_is_none_is_unserved(
    shop: SellerAccount, client: Client, code: str
) -> None:
    answer = ask(client, "mug", postalCode=code, country="BRA")
    assert answer["postalCode"] == code
    assert answer["logisticsInfo"][0]["slas"] == []
    assert answer["logisticsInfo"][0]["stockBalance"] == 10


@pytest.mark.parametrize("code", ["22270-030", "22270030", " 22270.030 ", 22270030])
def test_a_postal_code_means_the_same_however_it_is_written(
    shop: SellerAccount, client: Client, code: str | int
) -> None:
    expected = ask(client, "mug", postalCode="22270-030", country="BRA")
    answer = ask(client, "mug", postalCode=code, country="BRA")
    assert answer["logisticsInfo"][0]["slas"]
    assert answer == expected | {"postalCode": str(code)}


@pytest.mark.parametrize(
    "coordinates", [[-43.18, -22.95], ["-43.18", "-22.95"], ["-43.18"], [], None]
)
def test_coordinates_come_back_as_they_were_sent(
    shop: SellerAccount, client: Client, coordinates: Any
) -> None:
    answer = ask(client, "mug", geoCoordinates=coordinates)
    assert answer["geoCoordinates"] == (coordinates or [])
    assert answer["logisticsInfo"][0]["slas"] == []
    assert answer["logisticsInfo"][0]["stockBalance"] == 10


def test_sees_nothing_of_another_seller(shop: SellerAccount, client: Client) -> None:
    rival = a_seller(
        account=an_account(slug="rival", seller_id="rival01", endpoint_key="Rv" + "a" * 20),
        stock=[{"sku": "mug", "warehouse": "SP", "on_hand": 99}],
    )
    open_shop(NOW, **rival)
    assert ask(client, "mug")["logisticsInfo"][0]["stockBalance"] == 10
    rivals = ask(client, "mug", key="Rv" + "a" * 20)
    assert rivals["logisticsInfo"][0]["stockBalance"] == 99


def assert_refused(response: Any, status: int, code: str) -> None:
    assert response.status_code == status, response.content
    error = response.json()["error"]
    assert set(error) == {"code", "message", "exception"}
    assert (error["code"], error["exception"]) == (code, None)
    assert error["message"]
