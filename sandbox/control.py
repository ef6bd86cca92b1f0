"""The control API: how a person, a script or a test moves the marketplace's side."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sandbox import orders, packages
from sandbox.config import changed
from sandbox.market import Marketplace
from sandbox.orders import Order
from sandbox.shoppers import Cart
from sandbox.wire import Answer, Json, Refused, Request, refusal

PAGE = 100
CARTS_TRIED = 5
Act = Callable[[Marketplace, Json], Any]


def answer(market: Marketplace, request: Request) -> Answer:
    name = request.path.removeprefix("/_control/").rstrip("/")
    try:
        if request.method == "GET":
            return Answer(200, _look(market, name, request))
        if request.method != "POST" or name not in ACTS:
            raise Refused(404, "1", f"No such control: {request.method} {request.path}")
        return Answer(200, ACTS[name](market, request.json()))
    except Refused as refused:
        return refusal(refused)


# Looking


def _look(market: Marketplace, name: str, request: Request) -> Any:
    book, head, tail = market.book, *name.partition("/")[::2]
    with book.lock:
        if head == "orders":
            return detail(book.get(tail)) if tail else _list(book.orders, request)
        looks: dict[str, Callable[[], Any]] = {
            "health": lambda: {"ok": True, "orders": len(book.orders)},
            "anomalies": lambda: {"anomalies": list(book.anomalies)},
            "knobs": market.knobs.show,
            "portal": market.config.shown,
            "hook": lambda: {"unanswered": len(market.events.unanswered)},
            "notices": lambda: {"notices": list(market.oms.notices)},
            "totals": lambda: _totals(book.orders.values()),
        }
        if name not in looks:
            raise Refused(404, "1", f"No such control: GET {request.path}")
        return looks[name]()


def _list(found: dict[str, Order], request: Request) -> Json:
    """Newest first, a page at a time: `before` takes the `number` of the last row seen."""
    before = request.query.get("before", "")
    wanted, status = int(before) if before.isdecimal() else 10**18, request.query.get("status")
    rows = (o for o in reversed(found.values()) if o.number < wanted)
    chosen = [o for o in rows if status in (None, o.status)][:PAGE]
    return {"orders": [summary(order) for order in chosen], "count": len(found)}


def _totals(found: Any) -> Json:
    statuses: dict[str, int] = {}
    for order in found:
        statuses[order.status] = statuses.get(order.status, 0) + 1
    return {"statuses": statuses}


def summary(order: Order) -> Json:
    return {
        "number": order.number,
        "marketplaceOrderId": order.id,
        "sellerOrderId": order.seller_order_id,
        "status": order.status,
        "value": order.value,
        "invoiced": order.invoiced,
        "returned": order.returned,
        "remaining": order.remaining,
        "packages": len(order.packages),
        "tracked": sum(1 for p in order.packages if p["trackingNumber"]),
        "delivered": sum(1 for p in order.packages if (p["courierStatus"] or {}).get("finished")),
    }


def detail(order: Order) -> Json:
    return summary(order) | {
        "packages": order.packages,
        "received": order.received,
        "history": order.history,
        "cancellation": order.cancellation,
        "cancellationRequests": order.cancellation_requests,
        "items": order.lines,
        "logisticsInfo": order.current["shippingData"]["logisticsInfo"],
        "changes": order.changes,
        "calls": order.calls,
    }


# Acting


def _portal(market: Marketplace, body: Json) -> Json:
    market.configure(changed(market.config, body))
    return market.config.shown()


def _known(market: Marketplace, body: Json) -> Json:
    """`skus`: what random carts draw from. `catalogue`: what change notifications find."""
    for name in ("skus", "catalogue"):
        if name in body:
            market.book.keep(name, body[name] and _texts(body[name], name))
    return {name: market.book.kept.get(name) for name in ("skus", "catalogue")}


def _indexation(market: Marketplace, body: Json) -> Json:
    return market.driver.indexation(_texts(body.get("skus"), "skus"))


def _checkout(market: Marketplace, body: Json) -> Json:
    return market.driver.checkout(_cart(body))


def _place(market: Marketplace, body: Json) -> Json:
    """`count` orders, `parallel` at a time; `fulfill` authorises each as well."""
    if "again" in body:
        order = market.book.get(str(body["again"]))
        return {"orders": [market.driver.place_again(order, body.get("changes") or {})]}
    cart = _cart(body) if "items" in body else None
    count = _number(body.get("count", 1), "count", most=100_000)
    parallel = _number(body.get("parallel", 1), "parallel", most=64)
    with ThreadPoolExecutor(parallel) as threads:
        results = list(threads.map(lambda _: _place_one(market, cart, body), range(count)))
    return {
        "orders": [result for result in results if "error" not in result],
        "refused": [result["error"] for result in results if "error" in result],
    }


def _place_one(market: Marketplace, cart: Cart | None, body: Json) -> Json:
    for attempt in range(1, CARTS_TRIED + 1):
        try:
            placed = market.driver.place(cart)
        except Refused as refused:
            if cart or attempt == CARTS_TRIED:  # a random cart may well be unavailable
                return {"error": {"code": refused.code, "message": refused.message}}
        else:
            break
    if body.get("fulfill") and placed["sellerOrderId"]:
        order = market.book.get(placed["marketplaceOrderId"])
        return placed | market.driver.fulfill(order, handling=bool(body.get("handling")))
    return placed


def _fulfill(market: Marketplace, body: Json) -> Json:
    return market.driver.fulfill(_order(market, body), handling=bool(body.get("handling")))


def _cancel(market: Marketplace, body: Json) -> Json:
    return market.driver.cancel(
        _order(market, body),
        reason=str(body.get("reason", "Changed my mind")),
        by_user=body.get("requestedByUser", True) is True,
    )


def _change(market: Marketplace, body: Json) -> Json:
    """`remove`: [{id, quantity}]. The seller's yes comes by itself; `drive/confirm` is ours."""
    return market.driver.ask_change(
        _order(market, body),
        remove=_items({"items": body.get("remove")}),
        reason=str(body.get("reason", "The client does not want them")),
    )


def _confirm(market: Marketplace, body: Json) -> Json:
    return market.driver.confirm_change(_order(market, body))


def _adopt(market: Marketplace, body: Json) -> Json:
    """Orders that exist and are paid without a word to the portal, for tests and benchmarks; with
    `placedAt`, orders of the past, which nobody gets news of: their `invoices` are booked too."""
    made = list(_adopted(market, body.get("orders")))
    return {"orders": [summary(order) for order in made]}


def _adopted(market: Marketplace, wanted: Any) -> Iterator[Order]:
    for row in wanted if isinstance(wanted, list) else []:
        items = _items(row)
        for index, item in enumerate(items):
            _number(item.get("price"), f"items[{index}].price", most=10**12)
        number, fresh = market.book.next_id()
        freight = [{"itemIndex": i, "price": it.get("freight", 0)} for i, it in enumerate(items)]
        placement: Json = {
            "marketplaceServicesEndpoint": market.config.services_endpoint,
            "items": items,
            "shippingData": {"logisticsInfo": freight},
            "clientProfileData": {},
        }
        order_id = str(row.get("marketplaceOrderId") or fresh)
        value = sum(orders.totals(placement).values())
        order = Order(order_id, number, market.config.seller_id, value, placement)
        seller_order_id = str(row.get("sellerOrderId") or f"adopted-{number}")
        if "placedAt" in row:
            _recall(market, order, seller_order_id, row)
        else:
            market.book.add(order)
            with market.book.change(order):
                orders.placed(order, seller_order_id)
                orders.authorize(order, handling=bool(row.get("handling")))
        yield order


def _recall(market: Marketplace, order: Order, seller_order_id: str, row: Json) -> None:
    order.move("order-created")
    orders.placed(order, seller_order_id)
    orders.authorize(order, handling=True)
    for invoice in row.get("invoices", []):
        packages.add_invoice(order, invoice, json.dumps(invoice).encode())
    if reason := row.get("cancelReason"):
        orders.cancel(order, reason=str(reason), by_user=False, by_seller=True)
    order.authorized_at = str(row["placedAt"])
    order.history = [[status, order.authorized_at] for status, _at in order.history]
    market.book.recall(order)


def _reset(market: Marketplace, _: Json) -> Json:
    market.reset()
    return {"ok": True}


ACTS: dict[str, Act] = {
    "portal": _portal,
    "catalogue": _known,
    "knobs": lambda market, body: market.knobs.turn(body),
    "reset": _reset,
    "orders": _adopt,
    "drive/indexation": _indexation,
    "drive/checkout": _checkout,
    "drive/place": _place,
    "drive/fulfill": _fulfill,
    "drive/cancel": _cancel,
    "drive/change": _change,
    "drive/confirm": _confirm,
}


# Reading what was asked


def _order(market: Marketplace, body: Json) -> Order:
    return market.book.get(str(body.get("marketplaceOrderId")))


def _items(body: Any) -> list[Json]:
    items = body.get("items") if isinstance(body, dict) else None
    if not isinstance(items, list) or not items:
        raise Refused(400, "1", "items: must be a list of {id, quantity}.")
    for index, item in enumerate(items):
        if not isinstance(item, dict) or not isinstance(item.get("id"), str):
            raise Refused(400, "1", f"items[{index}].id: must be a string.")
        _number(item.get("quantity"), f"items[{index}].quantity", most=10**6)
    return items


def _cart(body: Json) -> Cart:
    return Cart(
        items=_items(body),
        postal_code=str(body.get("postalCode", "22250-040")),
        country=str(body.get("country", "BRA")),
        sla=str(body.get("sla", "")),
        channel=str(body.get("channel", "delivery")),
        note=body.get("note"),
    )


def _number(value: Any, where: str, *, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise Refused(400, "1", f"{where}: must be a whole number from 1 to {most}.")
    return value


def _texts(value: Any, where: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        raise Refused(400, "1", f"{where}: must be a list of strings.")
    return value
