"""The stand-in on a free port, facing a seller small enough to read."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from sandbox.book import Book
from sandbox.client import StandIn
from sandbox.config import Config
from sandbox.journal import Journal
from sandbox.market import Marketplace
from sandbox.server import Server

Json = dict[str, Any]
KEYS = {"X-VTEX-API-AppKey": "key", "X-VTEX-API-AppToken": "token"}


@dataclass
class Seller:
    """A seller with two SKUs: `mug` at 17 ¢ and `tea`, sold by 0.3, at 199 ¢."""

    url: str = ""
    cancel_answers: list[tuple[int, str]] = field(default_factory=list)
    fail_next: list[int] = field(default_factory=list)
    quote_change: Json = field(default_factory=dict)
    get_differs: bool = False
    hook_status: int = 200
    asked: list[tuple[str, str, Any, Json]] = field(default_factory=list)
    reservations: dict[str, str] = field(default_factory=dict)

    def calls(self, tail: str) -> list[Any]:
        return [body for _, path, body, _ in self.asked if path.endswith(tail)]

    def answer(self, path: str, body: Any) -> tuple[int, str]:
        if self.fail_next:
            return self.fail_next.pop(0), '{"error":{"code":"1","message":"x","exception":null}}'
        if path.endswith("/simulation"):
            return 200, json.dumps(self._quote(body))
        if path.endswith("/pvt/orders"):
            return 200, json.dumps([order | {"orderId": self._reserve(order)} for order in body])
        if path.endswith("/cancel") and self.cancel_answers:
            return self.cancel_answers.pop(0)
        if path.endswith("/hook"):
            return self.hook_status, ""
        return 200, json.dumps({"orderId": path.split("/")[-2], "receipt": None})

    def _reserve(self, order: Json) -> str:
        return self.reservations.setdefault(order["marketplaceOrderId"], f"R{len(self.asked)}")

    def _quote(self, asked: Json) -> Json:
        rows = [(i, item) for i, item in enumerate(asked["items"]) if item["id"] in PRICES]
        return {
            "country": asked.get("country"),
            "postalCode": asked.get("postalCode"),
            "items": [self._item(i, item) for i, item in rows],
            "logisticsInfo": [self._row(i, item, asked.get("postalCode")) for i, item in rows],
            "allowMultipleDeliveries": True,
        }

    def _item(self, index: int, item: Json) -> Json:
        price, multiplier = PRICES[item["id"]]
        return {
            "id": item["id"],
            "requestIndex": index,
            "seller": item["seller"],
            "quantity": min(item["quantity"], 9),
            "price": price,
            "listPrice": price,
            "priceValidUntil": None,
            "offerings": [{"type": "Wrap", "id": "5", "name": "Gift wrap", "price": 50}],
            "priceTags": [],
            "measurementUnit": "un",
            "unitMultiplier": multiplier,
            "merchantName": None,
        } | self.quote_change

    def _row(self, index: int, item: Json, postal_code: str | None) -> Json:
        slas = [_sla("Express", 300), _sla("Normal", 100 + index)] if postal_code else []
        return {
            "itemIndex": index,
            "quantity": min(item["quantity"], 9),
            "stockBalance": 9,
            "shipsTo": ["BRA"],
            "slas": slas,
            "deliveryChannels": [{"id": "delivery", "stockBalance": 9}],
        }


PRICES: dict[str, tuple[int, float]] = {"mug": (17, 1), "tea": (199, 0.3)}


def _sla(name: str, price: int) -> Json:
    return {
        "id": name,
        "name": name,
        "deliveryChannel": "delivery",
        "price": price,
        "shippingEstimate": "2bd",
        "availableDeliveryWindows": [],
        "pickupStoreInfo": None,
    }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    seller: Seller

    def do_POST(self) -> None:
        url = urlsplit(self.path)
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        context = parse_qs(url.query).get("purchaseContext")
        body = json.loads(context[0] if context else raw)
        self.seller.asked.append((self.command, url.path, body, dict(self.headers)))
        status, text = self.seller.answer(url.path, body)
        if context and self.seller.get_differs:
            text = "{}"
        payload = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    do_GET = do_POST  # noqa: N815 (http.server's name)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def seller() -> Iterator[Seller]:
    seller = Seller()
    handler = type("Handler", (_Handler,), {"seller": seller})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    seller.url = f"http://127.0.0.1:{server.server_address[1]}/api/abc"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
    yield seller
    server.shutdown()
    server.server_close()


@dataclass
class Running:
    """A stand-in in this process: its control client and the seller's hand on its OMS."""

    server: Server

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def control(self) -> StandIn:
        return StandIn(self.url)

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> requests.Response:
        options.setdefault("headers", KEYS)
        return requests.request(method, self.url + path, json=body, timeout=10, **options)

    def order_call(
        self, method: str, order_id: str, tail: str = "", body: Any = None
    ) -> requests.Response:
        return self.call(method, f"/api/oms/pvt/orders/{order_id}{tail}", body)

    def invoice(self, order_id: str, number: str, value: Any, **changes: Any) -> requests.Response:
        return self.order_call("POST", order_id, "/invoice", an_invoice(number, value, **changes))

    def adopt(self, *items: Json, **how: Any) -> str:
        order = self.control.adopt([{"items": list(items), **how}])["orders"][0]
        return str(order["marketplaceOrderId"])

    def anomalies(self) -> list[str]:
        return [anomaly["kind"] for anomaly in self.control.anomalies()]

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.server.market.close()


def an_invoice(number: str, value: Any, **changes: Any) -> Json:
    return {
        "type": "Output",
        "invoiceNumber": number,
        "invoiceValue": value,
        "issuanceDate": "2024-01-31T18:25:43-05:00",
        "items": [{"id": "mug", "price": 17, "quantity": 1}],
    } | changes


def start(data: Path, **settings: Any) -> Running:
    server = Server(("127.0.0.1", 0))
    config = Config(
        app_key="key",
        app_token="token",
        services_endpoint=f"{server.url}/api/oms?an=bigstore",
        **settings,
    )
    server.market = Marketplace(Book(Journal(data), seed=settings.pop("seed", None)), config)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
    return Running(server)


@pytest.fixture
def standin(tmp_path: Path) -> Iterator[Running]:
    running = start(tmp_path)
    yield running
    running.stop()


@pytest.fixture
def facing(tmp_path: Path, seller: Seller) -> Iterator[Running]:
    """A stand-in that knows the seller."""
    running = start(tmp_path, portal=seller.url, inbound_key="in", inbound_token="secret")
    yield running
    running.stop()
