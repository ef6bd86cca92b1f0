"""The marketplace's own endpoints: what a seller calls on VTEX."""

import hmac
import re
from collections import deque
from collections.abc import Callable

from sandbox import modifications, orders, packages
from sandbox.book import Book
from sandbox.config import Config
from sandbox.events import Events
from sandbox.listing import listed
from sandbox.orders import Order
from sandbox.wire import Answer, Json, Refused, Request, now, receipt, refusal

# The order system's own paths, and those relative to an order's marketplaceServicesEndpoint.
ORDER = re.compile(r"(?:/api/oms)?/pvt/orders/([^/]+)(/.*)?")
LIST = "/api/oms/pvt/orders"
INVOICE = re.compile(r"/invoice/([^/]+)")
TRACKING = re.compile(r"/invoice/([^/]+)/tracking")
AGREEMENT = re.compile(r"/changes/([^/]+)/send-agreement")
REFUSAL = re.compile(r"/api/order-system/orders/([^/]+)/changes/([^/]+)/cancel")
NOTICE = re.compile(
    r"/api/(catalog_system|sku-binding)/pvt/skuseller/changenotification/([^/]+)/([^/]+)", re.I
)
NOTIFICATOR = re.compile(r"(?:/api)?/notificator/([^/]+)/changenotification/([^/]+)/\w+")
NOTICES_KEPT = 1000


class Oms:
    def __init__(self, book: Book, events: Events, config: Callable[[], Config]) -> None:
        self.book, self.events, self._config = book, events, config
        self.notices: deque[Json] = deque(maxlen=NOTICES_KEPT)

    def answer(self, request: Request) -> Answer:
        """Never raises for anything a caller can send: a refusal is an answer, and is listed when
        it shows a mistake of the seller's."""
        try:
            self._authenticate(request)
            return self._route(request)
        except Refused as refused:
            if refused.anomaly:
                detail = f"{request.method} {request.path}: {refused.message}"
                self.book.note(refused.anomaly, order_id(request.path), detail)
            return refusal(refused)

    def _authenticate(self, request: Request) -> None:
        config = self._config()
        key = request.headers.get("X-VTEX-API-AppKey") or ""
        token = request.headers.get("X-VTEX-API-AppToken") or ""
        good = hmac.compare_digest(
            f"{key}\n{token}".encode(), f"{config.app_key}\n{config.app_token}".encode()
        )
        if not (good and key):
            anomaly = "wrong-credentials" if key or token else "no-credentials"
            raise Refused(401, "1", "Unauthorized access", anomaly=anomaly)

    def _route(self, request: Request) -> Answer:
        if (request.method, request.path) == ("GET", LIST):
            with self.book.lock:
                return Answer(200, listed(self.book.orders.values(), request.query))
        if match := ORDER.fullmatch(request.path):
            return self._order(request, self.book.get(match[1]), match[2] or "")
        if (match := REFUSAL.fullmatch(request.path)) and request.method == "POST":
            return self._refuse_change(self.book.get(match[1]), match[2], request.json())
        if request.path.startswith("/api/orders/"):
            return self._events(request)
        if match := NOTICE.fullmatch(request.path):
            return self._notice(request, match[2], match[3])
        if match := NOTIFICATOR.fullmatch(request.path):
            self._heard(request, match[2])
            return Answer(202)
        raise Refused(404, "1", f"No such endpoint: {request.method} {request.path}")

    # Orders

    def _order(self, request: Request, order: Order, rest: str) -> Answer:
        post = request.method == "POST"
        tracked, invoiced = TRACKING.fullmatch(rest), INVOICE.fullmatch(rest)
        if post and (agreed := AGREEMENT.fullmatch(rest)):
            with self.book.change(order):
                return Answer(200, modifications.hear(order, agreed[1], request.json()))
        if request.method == "GET" and not rest:
            with self.book.lock:
                return Answer(200, orders.document(order, account=self._config().account))
        if post and rest == "/invoice":
            return self._invoice(order, request)
        if tracked and request.method in ("PUT", "POST"):
            with self.book.change(order):
                packages.set_events(order, tracked[1], request.json(), strict=not post)
        elif invoiced and request.method in ("PATCH", "POST"):
            with self.book.change(order):
                packages.set_tracking(order, invoiced[1], request.json(), strict=post)
        elif post and rest == "/start-handling":
            with self.book.change(order):
                orders.start_handling(order)
            return Answer(204)
        elif post and rest == "/cancel":
            self._cancel(order, request.json())
        else:
            raise Refused(404, "1", f"No such endpoint: {request.method} {request.path}")
        return Answer(200, receipt(order.id))

    def _invoice(self, order: Order, request: Request) -> Answer:
        body = request.json()
        with self.book.change(order):
            owner = self.book.invoice_numbers.get(str(body.get("invoiceNumber")), order.id)
            anomaly = packages.add_invoice(order, body, request.raw)
        for kind in (anomaly, "" if owner == order.id else "invoice-number-on-two-orders"):
            if kind:
                self.book.note(kind, order.id, f"Invoice {body['invoiceNumber']}")
        return Answer(200, receipt(order.id))

    def _cancel(self, order: Order, body: Json) -> None:
        reason, by_user = body.get("reason") or "", body.get("requestedByUser") is True
        if not isinstance(reason, str):
            raise Refused(400, "1", "reason: must be a string.")
        with self.book.change(order):
            orders.cancel_by_seller(order, reason=reason, by_user=by_user)

    def _refuse_change(self, order: Order, change_id: str, body: Json) -> Answer:
        with self.book.change(order):
            modifications.withdraw(order, change_id, str(body.get("reason") or ""))
        return Answer(200, {"orderId": order.id, "changeRequestId": change_id})

    # Events

    def _events(self, request: Request) -> Answer:
        way, _, config = request.path.removeprefix("/api/orders/").partition("/")
        if way in ("feed", "hook") and config == "config":
            return self._event_config(request, way)
        if (way, config) != ("feed", ""):
            raise Refused(404, "1", f"No such endpoint: {request.method} {request.path}")
        if request.method == "GET":
            most = request.query.get("maxlot", "1")
            return Answer(200, self.events.read(int(most) if most.isdecimal() else 1))
        handles = request.json().get("handles")
        if request.method != "POST" or not isinstance(handles, list):
            raise Refused(400, "1", "handles: must be a list.")
        self.events.commit(handles)
        return Answer(200)

    def _event_config(self, request: Request, way: str) -> Answer:
        if request.method == "POST":
            self.events.configure(way, request.json())
            return Answer(200)
        config = self.events.configuration(way)
        if request.method == "DELETE":
            self.book.keep(way, None)
            return Answer(200)
        return Answer(200, config)

    # Catalogue

    def _notice(self, request: Request, seller: str, sku: str) -> Answer:
        """404 invites the seller to suggest the SKU; without a list of SKUs all are known."""
        self._heard(request, sku)
        listed = self.book.kept.get("catalogue")
        if seller == self._config().seller_id and (listed is None or sku in listed):
            return Answer(204)
        text = f"Seller StockKeepingUnit {sku} not found for this seller id {seller}"
        return Answer(404, text, content_type="text/plain; charset=utf-8")

    def _heard(self, request: Request, sku: str) -> None:
        self.notices.append({"at": now(), "path": request.path, "sku": sku})


def order_id(path: str) -> str:
    """The id in an order's path, "" elsewhere."""
    match = ORDER.fullmatch(path) or REFUSAL.fullmatch(path)
    return match[1] if match else ""
