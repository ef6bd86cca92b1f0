"""One order as the marketplace keeps it, and how its status moves.

Money is whole cents. Nothing here does I/O; a rule that refuses leaves the order untouched.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import uuid4

from sandbox.wire import Json, Refused, now

CALLS_KEPT = 200

# Nothing is accepted while an order is in one of these.
TRANSITIONS = {"order-created", "cancel"}
HANDLING = {"ready-for-handling", "handling"}
CANCELLING = {"request-cancel", "waiting-for-seller-decision"}
DEAD = {"order-creation-error", "cancel", "canceled"}


@dataclass
class Order:
    id: str
    number: int
    seller: str
    value: int  # what the marketplace will pay, cents: invoices must add up to it
    placement: Json  # the order as it was sent to the seller
    seller_order_id: str = ""
    status: str = ""
    authorized_at: str = ""
    packages: list[Json] = field(default_factory=list)
    received: Json = field(default_factory=dict)  # invoice number: body digest, when, how often
    cancellation: Json | None = None
    cancellation_requests: list[Json] = field(default_factory=list)
    changes: list[Json] = field(default_factory=list)
    modified: Json | None = None  # the placement as a change left it
    history: list[list[str]] = field(default_factory=list)  # [status, at]
    calls: list[Json] = field(default_factory=list)

    @property
    def group(self) -> str:
        return self.id.rsplit("-", 1)[0]

    @property
    def current(self) -> Json:
        """The order as it stands; `placement` stays what was sent."""
        return self.modified or self.placement

    @property
    def lines(self) -> list[Json]:
        return list(self.current["items"])

    @property
    def invoiced(self) -> int:
        return sum_of(self.packages, "Output")

    @property
    def returned(self) -> int:
        return sum_of(self.packages, "Input")

    @property
    def remaining(self) -> int:
        return self.value - self.invoiced

    def state(self) -> Json:
        """What changes over an order's life: all but the placement and the calls."""
        apart = ("placement", "calls")
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name not in apart}

    def move(self, status: str) -> None:
        if status != self.status:
            self.status = status
            self.history.append([status, now()])

    def remember(self, call: Json) -> None:
        self.calls.append(call)
        del self.calls[:-CALLS_KEPT]


def sum_of(packages: Iterable[Json], kind: str) -> int:
    return sum(package["invoiceValue"] for package in packages if package["type"] == kind)


def line_total(line: Json) -> int:
    """What the items of a line cost, before discounts and services.

    The price is per `unitMultiplier` units; 0 and null mean 1.
    """
    multiplier = Decimal(str(line.get("unitMultiplier") or 1))
    exact = multiplier * line["price"] * line["quantity"]
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def discounts(line: Json) -> int:
    """Negative cents for the whole line, as VTEX's price tags carry them."""
    return sum(int(tag["value"]) for tag in line.get("priceTags", ()))


def services(line: Json) -> int:
    return sum(bundle["price"] * bundle["quantity"] for bundle in line.get("bundleItems", ()))


def totals(placement: Json) -> Json:
    lines = placement["items"]
    freight = placement["shippingData"]["logisticsInfo"]
    return {
        "Items": sum(line_total(line) + services(line) for line in lines),
        "Discounts": sum(discounts(line) for line in lines),
        "Shipping": sum(row["price"] for row in freight),
        "Tax": 0,
    }


# The marketplace's own steps.


def placed(order: Order, seller_order_id: str) -> None:
    order.seller_order_id = seller_order_id
    order.move("waiting-for-authorization")
    order.move("payment-pending")


def authorize(order: Order, *, handling: bool = False) -> None:
    """Payment is approved. From here on invoices are welcome, even before /fulfill is answered."""
    if order.authorized_at or order.status in DEAD | TRANSITIONS | CANCELLING:
        return
    order.move("payment-approved")
    order.authorized_at = now()
    if handling:
        order.move("ready-for-handling")


def ask_to_cancel(order: Order, *, reason: str, by_user: bool) -> Json:
    """The request the seller will get. One already made is repeated, same ids: while the seller
    evaluates, and after it confirmed, as a late duplicate."""
    if order.status in CANCELLING | {"canceled"} and order.cancellation_requests:
        return order.cancellation_requests[-1]
    if order.status in DEAD:
        raise Refused(409, "1", f"The order is {order.status}.")
    request = {
        "id": uuid4().hex,
        "reason": reason,
        "requestedByUser": by_user,
        "cancellationRequestDate": now(),
        "statusBefore": order.status,
    }
    order.cancellation_requests.append(request)
    order.move("request-cancel")
    return request


def hear_cancel_answer(order: Order, answer: str) -> str:
    """`answer` is confirmed, evaluating or refused. Returns an anomaly, or "".

    The status may have moved while the seller thought: an invoice refuses a cancellation.
    """
    if order.status not in CANCELLING:
        crossed = answer == "confirmed" and order.status in {"invoice", "invoiced"}
        return "cancelled-and-invoiced" if crossed else ""
    if answer == "evaluating":
        order.move("waiting-for-seller-decision")
    elif answer == "refused":
        order.move(order.cancellation_requests[-1]["statusBefore"])
    else:
        request = order.cancellation_requests[-1]
        cancel(order, reason=request["reason"], by_user=request["requestedByUser"], by_seller=False)
    return ""


def cancel(order: Order, *, reason: str, by_user: bool, by_seller: bool) -> None:
    order.move("cancel")
    order.cancellation = {
        "RequestedByUser": by_user,
        "RequestedBySystem": False,
        "RequestedBySellerNotification": by_seller,
        "RequestedByPaymentNotification": False,
        "Reason": reason,
        "CancellationDate": now(),
    }
    order.move("canceled")


# What the seller asks for.


def start_handling(order: Order) -> None:
    if order.status != "ready-for-handling":
        raise Refused(
            409, "OMS003", "Order status should be ready-for-handling to perform this action"
        )
    order.move("start-handling")
    order.move("handling")


def cancel_by_seller(order: Order, *, reason: str, by_user: bool) -> None:
    """Raises Refused(400) while the order is in transition or its invoices stand."""
    if order.status == "canceled":
        return
    if order.status in TRANSITIONS | DEAD:
        raise Refused(400, "1", f"An order in status {order.status} cannot be cancelled.")
    if order.invoiced and order.remaining:
        raise Refused(
            400, "1", "A partially invoiced order cannot be cancelled.", anomaly="cancel-invoiced"
        )
    if order.invoiced != order.returned:
        raise Refused(
            400,
            "1",
            "An invoiced order can be cancelled only after Input invoices returned its value.",
            anomaly="cancel-invoiced",
        )
    if order.status in HANDLING:  # the help centre: here cancelling takes two requests
        order.cancellation_requests.append(
            {"id": uuid4().hex, "reason": reason, "requestedByUser": by_user}
            | {"cancellationRequestDate": now(), "statusBefore": order.status}
        )
        order.move("request-cancel")
        return
    cancel(order, reason=reason, by_user=by_user, by_seller=True)


# What GET answers.


def document(order: Order, *, account: str) -> Json:
    placement, sums = order.current, totals(order.current)
    return {
        "orderId": order.id,
        "sequence": str(order.number),
        "marketplaceOrderId": order.id,
        "marketplaceServicesEndpoint": placement["marketplaceServicesEndpoint"],
        "sellerOrderId": order.seller_order_id or None,
        "origin": "Marketplace",
        "affiliateId": "",
        "salesChannel": "1",
        "merchantName": None,
        "status": order.status,
        "workflowIsInError": order.status == "order-creation-error",
        "statusDescription": order.status,
        "value": order.value,
        "creationDate": order.history[0][1],
        "lastChange": order.history[-1][1],
        "orderGroup": order.group,
        "hostname": account,
        "isCompleted": bool(order.seller_order_id),
        "roundingError": order.value - sum(sums.values()),
        "allowCancellation": order.status not in DEAD | TRANSITIONS and not order.invoiced,
        "allowEdition": False,
        "authorizedDate": order.authorized_at or None,
        "invoicedDate": _moment(order, "invoiced"),
        "cancelReason": order.cancellation and order.cancellation["Reason"],
        "totals": [{"id": name, "name": name, "value": cents} for name, cents in sums.items()],
        "sellers": [{"id": order.seller, "name": order.seller, "logo": ""}],
        "items": [_item(line, index, order) for index, line in enumerate(order.lines)],
        "clientProfileData": placement["clientProfileData"],
        "shippingData": {"id": "shippingData", **placement["shippingData"]},
        "packageAttachment": {"packages": order.packages},
        "cancellationData": order.cancellation,
        "cancellationRequests": order.cancellation_requests,
        "changesAttachment": {"id": "changeAttachment", "changesData": order.changes},
        "openTextField": placement.get("openTextField"),
        "marketingData": placement.get("marketingData"),
        "paymentData": {"giftCards": [], "transactions": []},
        "marketplace": {"baseURL": placement["marketplaceServicesEndpoint"], "name": account},
    }


def _item(line: Json, index: int, order: Order) -> Json:
    total = line_total(line) + discounts(line)
    quantity = line["quantity"]
    each, over = divmod(total, quantity) if quantity else (0, 0)
    prices = [(each + 1, over), (each, quantity - over)]
    return {
        **line,
        "uniqueId": f"{order.number:024X}{index:08X}",
        "sellerSku": line["id"],
        "lockId": f"{order.group}-{index:02d}",
        "sellingPrice": each,
        "priceDefinition": {
            "total": total,
            "calculatedSellingPrice": each,
            "sellingPrices": [{"value": v, "quantity": q} for v, q in prices if q],
            "reason": None,
        },
    }


def _moment(order: Order, status: str) -> Any:
    return next((at for state, at in order.history if state == status), None)
