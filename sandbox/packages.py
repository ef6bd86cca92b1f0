"""Invoices and tracking: the rules of the marketplace's order system for a seller's packages."""

import hashlib
import re
from datetime import datetime
from typing import Any

from sandbox.modifications import is_open
from sandbox.orders import DEAD, Order
from sandbox.wire import Json, Refused, now

MOST_CENTS = 10**15
SAFE_NUMBER = re.compile(r"[A-Za-z0-9-]+")
WHOLE = re.compile(r"-?[0-9]{1,16}")
MINUTE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d")
OPTIONAL = (
    "invoiceKey",
    "invoiceUrl",
    "embeddedInvoice",
    "courier",
    "trackingNumber",
    "trackingUrl",
    "dispatchedDate",
)


def add_invoice(order: Order, body: Json, raw: bytes) -> str:
    """Book an invoice (a package). Returns an anomaly, or "".

    Raises Refused(400), the order untouched, when a field is missing or malformed, the order's
    state takes no invoice, or units or cents go beyond what is left.
    """
    invoice = _parse(body)
    digest = hashlib.sha256(raw).hexdigest()
    known = order.received.get(invoice["invoiceNumber"])
    if known is not None:
        return _repeat(known, digest, invoice["invoiceNumber"])
    _check_state(order)
    rows = _allocate(order, invoice)
    _check_value(order, invoice)
    complete = order.remaining == 0
    order.packages.append(
        invoice
        | {"items": rows, "courierStatus": None, "cfop": None, "volumes": 1}
        | {"restitutions": _restitutions(invoice, complete=complete), "EnableInferItems": False}
    )
    order.received[invoice["invoiceNumber"]] = {"digest": digest, "at": now(), "times": 1}
    if invoice["type"] == "Output":  # an Output invoice also is how a cancellation is refused
        order.move("invoice")
        if order.remaining == 0:
            order.move("invoiced")
    return "" if SAFE_NUMBER.fullmatch(invoice["invoiceNumber"]) else "unsafe-invoice-number"


def set_tracking(order: Order, number: str, body: Json, *, strict: bool) -> None:
    """PATCH of the order system takes nulls beside the number; POST of the services endpoint
    (`strict`) wants four strings."""
    package = _existing(order, number)
    for key in ("trackingNumber", "trackingUrl", "dispatchedDate", "courier"):
        nullable = not strict and key != "trackingNumber"
        if key not in body:
            raise Refused(400, "1", f"{key}: missing.")
        if not (isinstance(body[key], str) or (nullable and body[key] is None)):
            raise Refused(400, "1", f"{key}: must be a string.")
    if not body["trackingNumber"]:
        raise Refused(400, "1", "trackingNumber: is empty.")
    package.update({k: body[k] for k in ("trackingNumber", "trackingUrl", "courier")})
    package["dispatchedDate"] = body["dispatchedDate"]


def set_events(order: Order, number: str, body: Json, *, strict: bool) -> None:
    """The list sent last stands: it replaces what was known. `strict` demands all three keys."""
    package = _existing(order, number)
    if not package["trackingNumber"]:
        raise Refused(400, "1", "The invoice has no tracking number yet.")
    for key in ("isDelivered", "deliveredDate", "events") if strict else ("isDelivered",):
        if key not in body:
            raise Refused(400, "1", f"{key}: missing.")
    delivered, date = body["isDelivered"], body.get("deliveredDate")
    if not isinstance(delivered, bool):
        raise Refused(400, "1", "isDelivered: must be true or false.")
    if date is not None and not (isinstance(date, str) and MINUTE.fullmatch(date)):
        raise Refused(400, "1", "deliveredDate: must be yyyy-mm-dd hh:mm or null.")
    events = [_event(event) for event in _list(body.get("events", []), "events")]
    package["courierStatus"] = {
        "status": "delivered" if delivered else "ok",
        "finished": delivered,
        "deliveredDate": date,
        "data": events,
    }


def _parse(body: Json) -> Json:
    for key in ("type", "invoiceNumber", "invoiceValue", "issuanceDate", "items"):
        if body.get(key) in (None, "", []):
            raise Refused(400, "1", f"{key}: missing.")
    if body["type"] not in ("Output", "Input"):
        raise Refused(400, "1", "type: must be Output or Input.")
    if not isinstance(body["invoiceNumber"], str):
        raise Refused(400, "1", "invoiceNumber: must be a string.")
    return {
        "type": body["type"],
        "invoiceNumber": body["invoiceNumber"],
        "invoiceValue": _whole(body["invoiceValue"], "invoiceValue", least=1),
        "issuanceDate": _moment(body["issuanceDate"]),
        "items": [_item(item, i) for i, item in enumerate(_list(body["items"], "items"))],
    } | {key: body.get(key) for key in OPTIONAL}


def _item(item: Any, index: int) -> Json:
    where = f"items[{index}]"
    if not isinstance(item, dict) or not isinstance(item.get("id"), str):
        raise Refused(400, "1", f"{where}.id: must be the seller's SKU id, a string.")
    return {
        "id": item["id"],
        "price": _whole(item.get("price"), f"{where}.price", least=0, text=False),
        "quantity": _whole(item.get("quantity"), f"{where}.quantity", least=1, text=False),
        "description": item.get("description"),
    }


def _whole(value: Any, where: str, *, least: int, text: bool = True) -> int:
    """Cents or units. A text of digits is an integer too, where the order system says so."""
    if text and isinstance(value, str) and WHOLE.fullmatch(value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value < MOST_CENTS:
        raise Refused(400, "1", f"{where}: must be a whole number from {least}, got {value!r}.")
    return value


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise Refused(400, "1", f"{where}: must be a list.")
    return value


def _moment(value: Any) -> str:
    try:
        if "T" in value and " " not in value:
            datetime.fromisoformat(value)
            return str(value)
    except (TypeError, ValueError):
        pass
    raise Refused(400, "1", f"issuanceDate: must be an ISO date with time, got {value!r}.")


def _repeat(known: Json, digest: str, number: str) -> str:
    if known["digest"] != digest:
        raise Refused(
            400, "1", f"Invoice {number} exists with other content.", anomaly="invoice-rewritten"
        )
    known["times"] += 1
    return "invoice-repeated"


def _check_state(order: Order) -> None:
    if not order.authorized_at or order.status in DEAD:
        raise Refused(
            400,
            "ORD039",
            f"The order's state ({order.status}) cannot take an invoice.",
            anomaly="invoice-out-of-turn",
        )
    if is_open(order):
        raise Refused(
            400, "SalesOrderSystem014", "A change is in progress.", anomaly="invoice-during-change"
        )


def _check_value(order: Order, invoice: Json) -> None:
    output = invoice["type"] == "Output"
    left = order.remaining if output else order.invoiced - order.returned
    if invoice["invoiceValue"] > left:
        raise Refused(
            400,
            "1",
            f"invoiceValue {invoice['invoiceValue']} is beyond the {left} left.",
            anomaly="over-invoiced" if output else "over-returned",
        )


def _allocate(order: Order, invoice: Json) -> list[Json]:
    """The invoice's units onto the order's lines, first line first."""
    room = _room(order, invoice["type"])
    rows = []
    for item in invoice["items"]:
        left = item["quantity"]
        for index, line in enumerate(order.lines):
            take = min(left, room[index]) if line["id"] == item["id"] else 0
            if take:
                room[index] -= take
                left -= take
                rows.append(_row(item, index, take, line))
        if left:
            raise _beyond(order, item["id"], left)
    return rows


def _room(order: Order, kind: str) -> list[int]:
    """Units per line that an Output may still invoice, or an Input still return."""
    room = [line["quantity"] if kind == "Output" else 0 for line in order.lines]
    for package in order.packages:
        sign = -1 if package["type"] == kind else 1
        for row in package["items"] if kind == "Input" or sign == -1 else ():
            room[row["itemIndex"]] += sign * row["quantity"]
    return room


def _row(item: Json, index: int, quantity: int, line: Json) -> Json:
    return {
        "itemIndex": index,
        "quantity": quantity,
        "price": item["price"],
        "description": item["description"],
        "unitMultiplier": line.get("unitMultiplier") or 1,
    }


def _beyond(order: Order, sku: str, left: int) -> Refused:
    if all(line["id"] != sku for line in order.lines):
        return Refused(400, "1", f"SKU {sku} is not in the order.", anomaly="unknown-sku")
    return Refused(400, "1", f"SKU {sku}: {left} beyond what is left.", anomaly="over-quantity")


def _restitutions(invoice: Json, *, complete: bool) -> Json:
    """A return pays back by itself, but only once the whole order was invoiced."""
    if invoice["type"] == "Output" or not complete:
        return {}
    items = [{k: item[k] for k in ("id", "quantity", "price")} for item in invoice["items"]]
    refund = {"value": invoice["invoiceValue"], "giftCardData": None, "items": items}
    return {"Refund": refund}


def _existing(order: Order, number: str) -> Json:
    for package in order.packages:
        if package["invoiceNumber"] == number:
            return package
    raise Refused(404, "1", "Invoice Not Found", anomaly="invoice-not-found")


def _event(event: Any) -> Json:
    if not isinstance(event, dict):
        raise Refused(400, "1", "events: each must be an object.")
    for key in ("city", "state", "description", "date"):
        if not isinstance(event.get(key), str):
            raise Refused(400, "1", f"events: {key} must be a string.")
    day = event["date"]
    return {
        "city": event["city"],
        "state": event["state"],
        "description": event["description"],
        "createDate": day,
        "lastChange": day,
    }
