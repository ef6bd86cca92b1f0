"""Answers against VTEX's own OpenAPI file, when it is at hand, and requests gone wrong."""

from __future__ import annotations

import copy
import json
import os
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.simulation.stage import address, ask_by_get, open_shop

GOLDEN = sorted((Path(__file__).parents[1] / "simulation" / "golden").glob("*.json"))
SCHEMAS = Path(os.environ.get("VTEX_SCHEMAS", Path(__file__).parents[3] / "shared" / "vtex"))
OPENAPI = SCHEMAS / "external-seller-fulfillment.json"

# Where the file's text allows what its schema does not: null without an address and when the
# marketplace charges; multipliers of weighted goods are fractions.
WIDENED: dict[tuple[str, ...], list[str]] = {
    ("country",): ["string", "null"],
    ("postalCode",): ["string", "null"],
    ("items", "merchantName"): ["string", "null"],
    ("items", "unitMultiplier"): ["number"],
}


def validator() -> Draft202012Validator:
    document = json.loads(OPENAPI.read_text())
    schema = copy.deepcopy(document["components"]["schemas"]["responseFulfillmentSimulation"])
    _make_nullable(schema)
    for (*parents, name), types in WIDENED.items():
        properties = schema["properties"]
        for parent in parents:
            properties = properties[parent]["items"]["properties"]
        properties[name]["type"] = types
    return Draft202012Validator(schema)


def _make_nullable(schema: Any) -> None:
    """OpenAPI 3.0 says `nullable` where JSON Schema lists the type null."""
    if isinstance(schema, dict):
        if schema.pop("nullable", False):
            schema["type"] = [schema["type"], "null"]
        for value in schema.values():
            _make_nullable(value)


# The file is VTEX's and not kept here; without it there is nothing to compare with.
if OPENAPI.exists():

    @pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
    def test_golden_answers_fit_the_openapi_file(path: Path) -> None:
        validator().validate(json.loads(path.read_text())["answer"])

    def test_an_answer_without_a_required_key_would_not_fit() -> None:
        answer = json.loads(GOLDEN[0].with_name("checkout.json").read_text())["answer"]
        del answer["logisticsInfo"][0]["slas"][0]["availableDeliveryWindows"]
        assert not validator().is_valid(answer)


ITEM_KEYS = {
    "id",
    "requestIndex",
    "quantity",
    "seller",
    "price",
    "listPrice",
    "priceTags",
    "priceValidUntil",
    "measurementUnit",
    "unitMultiplier",
    "merchantName",
    "offerings",
    "attachmentOfferings",
}
ROW_KEYS = {"itemIndex", "quantity", "shipsTo", "slas", "stockBalance", "deliveryChannels"}
SLA_KEYS = {
    "id",
    "name",
    "deliveryChannel",
    "price",
    "shippingEstimate",
    "shippingEstimateDate",
    "availableDeliveryWindows",
    "pickupStoreInfo",
}
TOP_KEYS = {
    "country",
    "postalCode",
    "geoCoordinates",
    "items",
    "logisticsInfo",
    "allowMultipleDeliveries",
}


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_golden_answers_have_every_field_of_both_documents(path: Path) -> None:
    answer = json.loads(path.read_text())["answer"]
    assert set(answer) == TOP_KEYS
    assert len(answer["items"]) == len(answer["logisticsInfo"])
    for item, row in zip(answer["items"], answer["logisticsInfo"], strict=True):
        assert set(item) == ITEM_KEYS
        assert set(row) == ROW_KEYS
        assert item["requestIndex"] == row["itemIndex"]
        assert item["quantity"] == row["quantity"]
        assert [channel["id"] for channel in row["deliveryChannels"]] == [
            "delivery",
            "pickup-in-point",
        ]
        assert all(set(sla) == SLA_KEYS for sla in row["slas"])


# --- requests gone wrong --------------------------------------------------------------------------

REQUEST = {
    "items": [
        {"id": "mug", "quantity": 2, "seller": "1"},
        {"id": "bowl", "quantity": 1, "seller": "1"},
    ],
    "postalCode": "22270-030",
    "country": "BRA",
    "geoCoordinates": [-43.1, -22.9],
    "sc": "1",
    "clientProfileData": {"email": "a@b.example"},
    "shippingData": {"selectedAddresses": []},
    "isCheckedIn": False,
}
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def places_of_request() -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    pending: list[tuple[tuple[Any, ...], Any]] = [((), REQUEST)]
    while pending:
        path, value = pending.pop()
        found.append(path)
        if isinstance(value, dict):
            pending += [((*path, key), inner) for key, inner in value.items()]
        elif isinstance(value, list):
            pending += [((*path, at), inner) for at, inner in enumerate(value)]
    return found


def mutated(path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    request: Any = copy.deepcopy(REQUEST)
    holder = request
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    return request


@pytest.mark.django_db
@given(path=st.sampled_from(places_of_request()), value=anything)
@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_a_request_gone_wrong_is_answered_or_refused_by_both_methods(
    shop: None, client: Client, path: tuple[Any, ...], value: Any
) -> None:
    body = json.dumps(mutated(path, value))
    posted = client.post(address(), body, content_type="application/json")
    got = ask_by_get(client, mutated(path, value))
    assert posted.status_code in (200, 400), posted.content
    assert got.status_code == posted.status_code
    answer = posted.json()
    if posted.status_code == 200:
        assert set(answer) == TOP_KEYS
    else:
        assert set(answer["error"]) == {"code", "message", "exception"}
        assert len(answer["error"]["message"]) < 300


@pytest.mark.django_db
@given(body=st.binary(max_size=200))
@settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_bytes_that_mean_nothing_are_refused(shop: None, client: Client, body: bytes) -> None:
    response = client.post(address(), body, content_type="application/json")
    assert response.status_code == 400
    assert response.json()["error"]["exception"] is None


@pytest.fixture
def shop(db: None) -> None:
    open_shop(timezone.now())
