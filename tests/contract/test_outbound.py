"""Everything we say about an order, against VTEX's OpenAPI files when at hand, and our own reading
of the contract always; in both dialects."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.utils import timezone
from jsonschema import Draft202012Validator

from invoicing import crediting, packing, returning, tracking
from invoicing.returning import Arrived
from orders import agreeing, deciding, shapes
from orders.models import Order, OrderChange
from orders.modifications import modification_of
from orders.modifying import receive_change
from sellers.models import OutboxMessage
from tests.builders import NOW, Line, a_seller, a_warehouse, an_order
from tests.contract.test_simulation_openapi import SCHEMAS, _make_nullable
from tests.invoicing.nfe_files import a_document

pytestmark = pytest.mark.django_db
WHEN: dict[str, Any] = {"now": NOW, "actor": None}
FILES = {"oms": "orders-api.json", "services": "external-seller-marketplace.json"}
#: Calls that only one file describes, whatever the dialect.
ONE_FILE = {"change-agreement": "services", "change-refusal": "oms"}
MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d"

OURS: dict[str, Any] = {
    "invoice": {
        "type": "object",
        "required": ["type", "invoiceNumber", "invoiceValue", "issuanceDate", "items", "courier"],
        "properties": {
            "type": {"enum": ["Output", "Input"]},
            "invoiceNumber": {"type": "string", "pattern": "^[A-Za-z0-9-]+$"},
            "invoiceValue": {"type": "integer", "minimum": 1},
            "issuanceDate": {"type": "string", "pattern": f"^{MOMENT}$"},
            "items": {"type": "array", "minItems": 1},
            "invoiceKey": {"type": "string", "minLength": 44, "maxLength": 44},
            "trackingNumber": {"const": ""},
        },
    },
    "tracking": {
        "type": "object",
        "required": ["trackingNumber", "trackingUrl", "dispatchedDate", "courier"],
        "properties": {
            "trackingNumber": {"type": "string", "minLength": 1},
            "dispatchedDate": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$"},
        },
    },
    "tracking-events": {
        "type": "object",
        "required": ["isDelivered", "deliveredDate", "events"],
        "properties": {
            "deliveredDate": {"type": ["string", "null"], "pattern": r"^[-\d]{10} \d\d:\d\d$"},
            "events": {"type": "array", "minItems": 1},
        },
    },
    "change-agreement": {
        "type": "object",
        "required": ["agreementType"],
        "properties": {"agreementType": {"enum": ["Acknowledgment", "Confirmation"]}},
    },
    "change-refusal": {"type": "object", "required": ["reason"]},
    "cancel": {"type": "object", "required": ["reason"]},
    "cancel-returned": {"type": "object", "required": ["reason"]},
}


def messages_of(dialect: str) -> list[OutboxMessage]:
    """One order's whole life: packed twice, tracked, delivered, returned, cancelled; one that was
    cancelled before anything else; and two that the marketplace would change."""
    acme = a_seller(dialect=dialect)
    endpoint = f"{acme.marketplace_url}/api/oms?an=bigstore"
    order = an_order(
        Line("1001", 2, price=1000), Line("1002"), marketplace_services_endpoint=endpoint
    )
    with_file = a_document(("1001", 2), total="20.00")
    for index, document in ((0, with_file), (1, b"")):
        package = packing.open_package(order=order, **WHEN)
        line = order.lines.get(index=index)
        packing.put(package=package, line=line, quantity=line.quantity, **WHEN)
        url = "https://nfe.example/77" if document else ""
        packing.close(package=package, document=document, url=url, **WHEN)
        told_on_its_way(order, package)
    OutboxMessage.objects.update(status="delivered")
    house = a_warehouse()
    arrived = [Arrived(line, line.quantity, warehouse=house) for line in order.lines.all()]
    taken_in = returning.receive(order=order, arrived=arrived, key="k", **WHEN)
    crediting.credit(taken_in=taken_in, **WHEN)
    OutboxMessage.objects.update(status="delivered")
    deciding.cancel_by_seller(order=order, reason="Returned", **WHEN)
    never_packed = an_order(marketplace_services_endpoint=endpoint)
    deciding.cancel_by_seller(order=never_packed, reason="Damaged", **WHEN)
    agreeing.accept_change(change=a_change("c1"), **WHEN)
    agreeing.refuse_change(change=a_change("c2"), reason="Packed", **WHEN)
    return list(OutboxMessage.objects.order_by("id"))


def a_change(request_id: str) -> OrderChange:
    """Of three units, one less."""
    order = an_order(Line("1001", quantity=3))
    body = {
        "changeRequestId": request_id,
        "reason": "Two will do",
        "remove": [{"items": [{"id": "1001", "quantity": 1}]}],
    }
    asked = modification_of(shapes.CHANGE_ORDER.read(body), document=body)
    known = order.marketplace_order_id
    return receive_change(account=order.account, path_id=known, modification=asked, now=NOW)


def told_on_its_way(order: Order, package: Any) -> None:
    today = timezone.localdate(NOW, order.account.zone)
    facts: dict[str, Any] = {"courier": "Correios", "number": "QB123456785BR", "url": ""}
    tracking.enter_tracking(package=package, **facts, dispatched_on=today, **WHEN)
    tracking.add_event(package=package, at=NOW, description="Posted", city="", state="", **WHEN)
    tracking.deliver(package=package, delivered_at=NOW, **WHEN)


@pytest.mark.parametrize("dialect", FILES)
def test_every_body_is_what_we_read_in_the_contract(dialect: str) -> None:
    told = [message for message in messages_of(dialect) if message.body]
    assert {message.kind for message in told} == set(OURS)
    for message in told:
        Draft202012Validator(OURS[message.kind]).validate(json.loads(message.body))


def test_the_value_of_an_invoice_is_text_where_the_account_asks_for_it() -> None:
    acme = a_seller(invoice_values_as_text=True)
    package = packing.open_package(order=an_order(account=acme), **WHEN)
    packing.put(package=package, line=package.order.lines.get(), quantity=1, **WHEN)
    packing.close(package=package, **WHEN)
    message = OutboxMessage.objects.get(kind="invoice")
    assert json.loads(message.body)["invoiceValue"] == "1700"


# The files are VTEX's and not kept here; without them there is nothing to compare with.
if SCHEMAS.exists():

    @pytest.mark.parametrize("dialect", FILES)
    def test_every_call_fits_vtex_s_openapi_file(dialect: str) -> None:
        for message in messages_of(dialect):
            file = FILES[ONE_FILE.get(message.kind, dialect)]
            document = json.loads((SCHEMAS / file).read_text())
            operation = operation_of(document, message)
            if message.kind == OutboxMessage.Kind.START_HANDLING:
                assert message.body == ""
                continue
            validator_of(document, operation).validate(json.loads(message.body))


def operation_of(document: dict[str, Any], message: OutboxMessage) -> dict[str, Any]:
    """What the file says of the message; the one on services endpoints starts no handling."""
    path = message.path.partition("?")[0]
    if message.kind == OutboxMessage.Kind.CHANGE_AGREEMENT:
        path = path.removeprefix("/api/oms")
    for template, operations in document["paths"].items():
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))
        if re.fullmatch(pattern, path) and message.method.lower() in operations:
            found: dict[str, Any] = operations[message.method.lower()]
            return found
    assert message.kind == OutboxMessage.Kind.START_HANDLING, (message.method, message.path)
    return {}


def validator_of(document: dict[str, Any], operation: dict[str, Any]) -> Draft202012Validator:
    """Cents are a text in one file and an integer in the other; we send the integer to both."""
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    whole = {"components": document["components"], "allOf": [schema]}
    _make_nullable(whole)
    for each in _all_schemas(whole):
        if "invoiceValue" in each.get("properties", {}):
            each["properties"]["invoiceValue"]["type"] = ["integer", "string"]
    return Draft202012Validator(whole)


def _all_schemas(node: Any) -> list[dict[str, Any]]:
    if isinstance(node, dict):
        return [node, *(found for value in node.values() for found in _all_schemas(value))]
    if isinstance(node, list):
        return [found for value in node for found in _all_schemas(value)]
    return []
