"""What VTEX does to the seller: asks for quotes, places, authorises and cancels orders."""

import hashlib
import json
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote as percent
from uuid import uuid4

import requests

from sandbox import modifications, orders, shoppers
from sandbox.book import Book
from sandbox.checks import quote_faults
from sandbox.config import Config
from sandbox.orders import Order
from sandbox.redaction import without_persons
from sandbox.shoppers import Cart
from sandbox.wire import Json, Refused, now

SIMULATION_SECONDS = 2.5  # VTEX's own patience; for the other calls none is published
CALL_SECONDS = 10.0
ATTEMPTS = 3  # server errors and silence are asked again, byte for byte
PAUSE_SECONDS = 0.3


@dataclass(frozen=True)
class Reply:
    status: int  # 0 when nothing came back
    text: str
    seconds: float

    def json(self) -> Any:
        try:
            return json.loads(self.text)
        except ValueError:
            return None

    def report(self) -> Json:
        """What a caller of the control API learns of this call."""
        return {
            "httpStatus": self.status,
            "seconds": round(self.seconds, 4),
            "answer": self.text[:500] if self.json() is None else self.json(),
            "sha256": hashlib.sha256(self.text.encode()).hexdigest(),
        }


class Driver:
    def __init__(self, book: Book, config: Callable[[], Config]) -> None:
        self.book, self._config = book, config
        self._threads = threading.local()

    # The shop window and the cart

    def indexation(self, skus: list[str]) -> Json:
        """Both forms of the call, which must answer alike. Remembers the SKUs for later carts."""
        config = self._config()
        items = [{"id": sku, "quantity": 1, "seller": config.seller_id} for sku in skus]
        body = {"items": items, "country": None, "postalCode": None, "isCheckedIn": False}
        posted = self._post("/pvt/orderForms/simulation", body, seconds=SIMULATION_SECONDS)
        context = percent(json.dumps(body, separators=(",", ":")), safe="")
        path = "/pvt/orderForms/simulation"
        url = f"{config.endpoint(path)}&purchaseContext={context}"
        fetched = self._once("GET", url, b"", {}, SIMULATION_SECONDS)
        faults = self._quote_faults(body, posted)
        if posted.json() != fetched.json():
            faults.append("GET and POST do not answer alike")
        self.book.keep("skus", sorted({*self.book.kept.get("skus", []), *skus}))
        return posted.report() | {"faults": faults}

    def checkout(self, cart: Cart) -> Json:
        body = self._question(cart)
        reply = self._post("/pvt/orderForms/simulation", body, seconds=SIMULATION_SECONDS)
        return reply.report() | {"faults": self._quote_faults(body, reply)}

    def _question(self, cart: Cart) -> Json:
        config = self._config()
        return shoppers.simulation(
            cart, seller=config.seller_id, sales_channel=config.sales_channel
        )

    def _quote_faults(self, body: Json, reply: Reply) -> list[str]:
        faults = quote_faults(body, reply.json()) if reply.status == 200 else []
        for fault in faults:
            self.book.note("bad-quote", "", fault)
        return faults

    # Orders

    def place(self, cart: Cart | None = None) -> Json:
        """Quote, choose a delivery, place. Raises Refused(409) where the checkout would stop."""
        number, order_id = self.book.next_id()
        lot = random.Random(f"{self.book.seed}/{number}")
        cart = cart or self._some_cart(lot)
        body = self._question(cart)
        reply = self._post("/pvt/orderForms/simulation", body, seconds=SIMULATION_SECONDS)
        faults = self._quote_faults(body, reply)
        if reply.status != 200 or faults:
            raise Refused(409, "CHK0110", f"No usable quote: HTTP {reply.status} {faults[:3]}")
        config = self._config()
        whose = {"seller": config.seller_id, "endpoint": config.services_endpoint}
        try:
            placement = shoppers.placement(order_id, cart, reply.json(), lot=lot, **whose)
        except (KeyError, TypeError) as error:
            raise Refused(409, "CHK0110", f"The quote cannot be sold from: {error!r}") from None
        value = placement["marketplacePaymentValue"]
        order = Order(order_id, number, config.seller_id, value, placement)
        self.book.add(order)
        return self._send_placement(order, placement)

    def place_again(self, order: Order, changes: Json) -> Json:
        """The same order once more: byte for byte, or with `changes` at the top of its body."""
        return self._send_placement(order, order.placement | changes, again=True)

    def _send_placement(self, order: Order, body: Json, *, again: bool = False) -> Json:
        config = self._config()
        headers = {
            "authorization": f'VTEX key="{config.inbound_key}" token="{config.inbound_token}"',
            "x-vtex-operation-id": str(uuid4()),
            "x-vtex-cache-client-bypass": "1",
        }
        reply = self._post("/pvt/orders", [body], order=order, headers=headers)
        seller_order_id = _reservation(reply)
        if not again:
            with self.book.change(order):
                if seller_order_id:
                    orders.placed(order, seller_order_id)
                else:
                    order.move("order-creation-error")
        elif seller_order_id and seller_order_id != order.seller_order_id:
            self.book.note("two-reservations", order.id, "A repeated placement got a second id.")
        if reply.status == 200 and not seller_order_id:
            self.book.note("no-reservation-id", order.id, "200 without [{orderId}].")
        return self._told(order, reply)

    def fulfill(self, order: Order, *, handling: bool = False) -> Json:
        """Payment approved. The order takes invoices from before the call: the seller is quick."""
        with self.book.change(order):
            orders.authorize(order, handling=handling)
        lot = random.Random(order.id)
        body = self._ids(order) | {"paymentData": shoppers.payment(order.id, order.value, lot)}
        path = f"/pvt/orders/{percent(order.seller_order_id, safe='')}/fulfill"
        return self._told(order, self._post(path, body, order=order))

    def cancel(self, order: Order, *, reason: str, by_user: bool) -> Json:
        """Ask the seller. 200 with a receipt confirms, 200 without a body is "evaluating", a 4xx
        refuses; the same request is repeated by calling again."""
        with self.book.change(order):
            request = orders.ask_to_cancel(order, reason=reason, by_user=by_user)
        body = self._ids(order) | {
            "cancellationRequestId": request["id"],
            "cancellationRequestDate": request["cancellationRequestDate"],
            "reason": request["reason"],
            "requestedByUser": request["requestedByUser"],
        }
        path = f"/pvt/orders/{percent(order.seller_order_id, safe='')}/cancel"
        reply = self._post(path, body, order=order)
        if reply.status == 200 or 400 <= reply.status < 500:
            answer = (
                "refused" if reply.status != 200 else "confirmed" if reply.text else "evaluating"
            )
            with self.book.change(order):
                anomaly = orders.hear_cancel_answer(order, answer)
            if anomaly:
                self.book.note(anomaly, order.id, "The cancellation was confirmed, too.")
        return self._told(order, reply)

    def ask_change(self, order: Order, *, remove: list[Json], reason: str) -> Json:
        """Propose a change to the seller. 2xx: it considers it; anything else ends it."""
        with self.book.change(order):
            change = modifications.ask(order, remove=remove, reason=reason)
        body = modifications.body_of(change)
        reply = self._post(self._changes(order), body, order=order)
        if not 200 <= reply.status < 300:
            with self.book.change(order):
                modifications.withdraw(order, change["id"], f"HTTP {reply.status}")
        return self._told(order, reply) | {"changeRequestId": change["id"]}

    def confirm_change(self, order: Order) -> Json:
        """The third step of an agreement; repeated by calling again."""
        with self.book.change(order):
            change = modifications.confirm(order)
        path = f"{self._changes(order)}/{change['id']}/send-agreement"
        reply = self._post(path, {"agreementType": "Confirmation"}, order=order)
        return self._told(order, reply)

    def _changes(self, order: Order) -> str:
        return f"/pvt/orders/{percent(order.seller_order_id, safe='')}/changes"

    def _ids(self, order: Order) -> Json:
        return {"marketplaceOrderId": order.id, "marketplaceOrderGroup": order.group}

    def _told(self, order: Order, reply: Reply) -> Json:
        report = reply.report()
        return report | {
            "marketplaceOrderId": order.id,
            "sellerOrderId": order.seller_order_id,
            "status": order.status,
            "value": order.value,
        }

    def _some_cart(self, lot: random.Random) -> Cart:
        skus = self.book.kept.get("skus")
        if not skus:
            raise Refused(409, "1", "No SKU known: send items, or run an indexation first.")
        chosen = lot.sample(skus, min(len(skus), lot.choice([1, 1, 2, 3])))
        items = [{"id": sku, "quantity": lot.choice([1, 1, 1, 2, 3])} for sku in chosen]
        return Cart(items=items, postal_code=shoppers.a_place(lot))

    # HTTP

    def _post(
        self,
        path: str,
        body: Any,
        *,
        order: Order | None = None,
        headers: Json | None = None,
        seconds: float = CALL_SECONDS,
    ) -> Reply:
        config = self._config()
        if order and not order.seller_order_id and path != "/pvt/orders":
            raise Refused(409, "1", "The seller never took this order.")
        raw = json.dumps(body, ensure_ascii=False).encode()
        known = {} if headers else _credentials(config)
        sent = _trace() | known | (headers or {})
        for attempt in range(1 if order is None else ATTEMPTS):
            time.sleep(PAUSE_SECONDS * attempt)
            reply = self._once("POST", config.endpoint(path), raw, sent, seconds)
            if order:
                self.book.log(order, _call(path, reply, body))
            if reply.status and reply.status < 500 and reply.status != 429:
                break
        return reply

    def _once(self, method: str, url: str, raw: bytes, headers: Json, seconds: float) -> Reply:
        started = time.monotonic()
        try:
            answer = self._session().request(
                method, url, data=raw, headers=headers, timeout=seconds, allow_redirects=False
            )
        except requests.RequestException as error:
            return Reply(0, type(error).__name__, time.monotonic() - started)
        return Reply(answer.status_code, answer.text, time.monotonic() - started)

    def _session(self) -> requests.Session:
        if not hasattr(self._threads, "session"):
            session = self._threads.session = requests.Session()
            session.trust_env = False  # a proxy meant for the internet must not see these calls
            session.headers.update(
                {"Content-Type": "application/json", "Accept": "application/json"}
            )
        session = self._threads.session
        assert isinstance(session, requests.Session)  # noqa: S101 (thread-locals are untyped)
        return session


def _credentials(config: Config) -> Json:
    if not config.inbound_key:
        return {}
    return {
        "X-VTEX-API-AppKey": config.inbound_key,
        "X-VTEX-API-AppToken": config.inbound_token,
    }


def _trace() -> Json:
    return {"traceparent": f"00-{uuid4().hex}-{uuid4().hex[:16]}-01"}


def _reservation(reply: Reply) -> str:
    """The seller's order id, from the array that mirrors ours."""
    body = reply.json()
    if reply.status != 200 or not isinstance(body, list) or len(body) != 1:
        return ""
    first = body[0] if isinstance(body[0], dict) else {}
    answer = first.get("orderId")
    return answer if isinstance(answer, str) else ""


def _call(path: str, reply: Reply, body: Any) -> Json:
    return {
        "at": now(),
        "direction": "out",
        "method": "POST",
        "path": path,
        "status": reply.status,
        "note": "" if reply.status else reply.text,
        "ms": round(reply.seconds * 1000, 1),
        "body": without_persons(body),
    }
