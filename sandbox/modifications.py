"""Changes of an order after its payment: fewer units of a SKU, agreed on in four steps.

The seller acknowledges, the marketplace confirms, the seller confirms: only then is the order
another one. What a line keeps of its discounts, services and freight is its units' share, rounded.
"""

from copy import deepcopy
from typing import Any
from uuid import uuid4

from sandbox.orders import HANDLING, Order, discounts, services, totals
from sandbox.wire import Json, Refused, now

ASKED, AGREED, DONE, OFF = "waiting-acknowledgement", "waiting-confirmation", "done", "canceled"


def ask(order: Order, *, remove: list[Json], reason: str) -> Json:
    """A change to be proposed to the seller. Raises Refused by the marketplace's own numbers."""
    if is_open(order):
        raise Refused(409, "SalesOrderSystem014", "A change is in progress.")
    if order.packages:
        raise Refused(409, "SalesOrderSystem046", "The order is invoiced already.")
    if order.status not in HANDLING:
        raise Refused(409, "1", f"An order in status {order.status} cannot be changed.")
    for item in remove:
        same = [line for line in order.lines if line["id"] == item["id"]]
        if len(same) != 1:
            raise Refused(400, "SalesOrderSystem026", f"SKU {item['id']} is on {len(same)} lines.")
        if item["quantity"] > same[0]["quantity"]:
            raise Refused(400, "1", f"SKU {item['id']}: more than there is.")
    if sum(line["quantity"] for line in order.lines) <= sum(item["quantity"] for item in remove):
        raise Refused(400, "1", "A change that leaves nothing is a cancellation.")
    change = {"id": str(uuid4()), "reason": reason, "remove": remove, "status": ASKED, "at": now()}
    order.changes.append(change)
    return change


def is_open(order: Order) -> bool:
    return any(change["status"] in (ASKED, AGREED) for change in order.changes)


def find(order: Order, change_id: str) -> Json:
    for change in order.changes:
        if change["id"] == change_id:
            found: Json = change
            return found
    raise Refused(404, "1", "Change Not Found", anomaly="unknown-change")


def body_of(change: Json) -> Json:
    """What the seller is asked."""
    return {
        "changeRequestId": change["id"],
        "reason": change["reason"],
        "remove": [{"items": change["remove"]}],
    }


def hear(order: Order, change_id: str, body: Json) -> Json:
    """The seller agrees, or confirms. Twice is once; out of turn is refused."""
    change, said = find(order, change_id), str(body.get("agreementType"))
    if said not in ("Acknowledgment", "Confirmation"):
        raise Refused(400, "SalesOrderSystem035", f"agreementType: {said!r} is invalid.")
    if change["status"] == OFF:
        raise Refused(409, "1", "The change was withdrawn.", anomaly="change-out-of-turn")
    if said == "Acknowledgment" and change["status"] == ASKED:
        change["status"] = AGREED
    elif said == "Confirmation" and change["status"] != DONE:
        if not change.get("confirmed"):
            raise Refused(409, "1", "Confirmed before we did.", anomaly="change-out-of-turn")
        _apply(order, change)
    return {"orderId": order.id, "changeRequestId": change_id, "agreementType": said}


def withdraw(order: Order, change_id: str, reason: str) -> None:
    """The seller's no. Twice is once. Raises Refused for a change that is carried out."""
    change = find(order, change_id)
    if change["status"] == DONE:
        raise Refused(409, "1", "The change is carried out.", anomaly="change-out-of-turn")
    change |= {"status": OFF, "why": reason}


def confirm(order: Order) -> Json:
    """The marketplace's own confirmation of what the seller agreed to."""
    for change in order.changes:
        if change["status"] in (AGREED, DONE):
            change["confirmed"] = True
            found: Json = change
            return found
    raise Refused(409, "1", "There is no change the seller agreed to.")


def _apply(order: Order, change: Json) -> None:
    """The order from here on; what it is worth follows from its lines."""
    before = deepcopy(order.current)
    after = deepcopy(before)
    gone = {item["id"]: item["quantity"] for item in change["remove"]}
    for line, freight in zip(after["items"], after["shippingData"]["logisticsInfo"], strict=True):
        if taken := gone.get(line["id"], 0):
            _shrink(line, freight, left=line["quantity"] - taken)
    order.value += sum(totals(after).values()) - sum(totals(before).values())
    order.modified = after
    change["status"] = DONE


def _shrink(line: Json, freight: Json, *, left: int) -> None:
    units = line["quantity"]
    kept: dict[str, Any] = {
        "priceTags": _tags(line, -_share(-discounts(line), left, units)),
        "bundleItems": _bundles(line, _share(services(line), left, units)),
    }
    freight["price"] = _share(freight["price"], left, units)
    line |= {"quantity": left, **kept}


def _share(cents: int, left: int, units: int) -> int:
    """Rounded half up, in whole numbers."""
    return (2 * cents * left + units) // (2 * units)


def _tags(line: Json, cents: int) -> list[Json]:
    first: Json = next(iter(line.get("priceTags", ())), {})
    return [{**first, "value": cents, "rawValue": cents / 100}] if cents else []


def _bundles(line: Json, cents: int) -> list[Json]:
    first: Json = next(iter(line.get("bundleItems", ())), {})
    return [{**first, "price": cents, "quantity": 1}] if cents else []
