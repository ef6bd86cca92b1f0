"""The marketplace's order book: every order, every call, every anomaly, kept in the journal."""

import random
import secrets
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import RLock
from typing import Any

from sandbox.journal import Journal
from sandbox.orders import Order
from sandbox.wire import Json, Refused, now

ANOMALIES_KEPT = 10_000
IDS = 9 * 10**12


class Book:
    """One lock for all: the rules are short and pure, so nobody waits long for it."""

    def __init__(self, journal: Journal, *, seed: int | None = None) -> None:
        self.lock = RLock()
        self.journal = journal
        self.on_move: Callable[[Order, list[str], list[str]], None] = lambda *_: None
        self.later: dict[str, list[Json]] = {"event": [], "done": []}
        self._empty()
        self.number = 0
        self.seed = -1
        for line in journal.read():
            for kind, record in line.items():
                self._replay(kind, record)
        if seed is not None or self.seed < 0:
            self.seed = secrets.randbelow(IDS) if seed is None else seed
            self._begin()

    def _empty(self) -> None:
        self.orders: dict[str, Order] = {}
        self.by_seller_id: dict[str, str] = {}
        self.invoice_numbers: dict[str, str] = {}
        self.anomalies: deque[Json] = deque(maxlen=ANOMALIES_KEPT)
        self.kept: Json = {}

    def _begin(self) -> None:
        self.journal.append("start", {"seed": self.seed, "number": self.number})

    def _replay(self, kind: str, record: Any) -> None:
        if kind == "start":
            self.seed, self.number = record["seed"], record["number"]
        elif kind == "kept":
            self.kept.update(record)
        elif kind == "placed":
            self._index(Order(**record))
        elif kind == "order":
            self._index(self._again(record))
        elif kind == "call":
            self.orders[record["order"]].remember(record["call"])
        elif kind == "anomaly":
            self.anomalies.append(record)
        else:
            self.later[kind].append(record)

    def _again(self, state: Json) -> Order:
        order = self.orders[state["id"]]
        return Order(**state, placement=order.placement, calls=order.calls)

    def _index(self, order: Order) -> None:
        self.orders[order.id] = order
        self.number = max(self.number, order.number)
        if order.seller_order_id:
            self.by_seller_id[order.seller_order_id] = order.id
        for package in order.packages[-1:]:
            self.invoice_numbers.setdefault(package["invoiceNumber"], order.id)

    def next_id(self) -> tuple[int, str]:
        """A number and a marketplace order id never given before by this data directory."""
        with self.lock:
            self.number += 1
            start = random.Random(self.seed).randrange(IDS)
            return self.number, f"{10**12 + (start + self.number * 1_000_003) % IDS}-01"

    def add(self, order: Order) -> None:
        with self.lock:
            self._refuse_again(order)
            order.move("order-created")
            self._index(order)
            self.journal.append("placed", order.state() | {"placement": order.placement})
            self.on_move(order, ["", order.history[0][1]], order.history[0])

    def recall(self, order: Order) -> None:
        """An order from before anybody listened: kept as it is, and no news of it is sent."""
        with self.lock:
            self._refuse_again(order)
            self._index(order)
            self.journal.append("placed", order.state() | {"placement": order.placement})

    def _refuse_again(self, order: Order) -> None:
        if order.id in self.orders:
            raise Refused(409, "1", f"Order {order.id} exists.")

    def get(self, order_id: str) -> Order:
        order = self.orders.get(order_id)
        if order is None:
            raise Refused(404, "OMS007", "Order Not Found", anomaly=self._why_unknown(order_id))
        return order

    def _why_unknown(self, order_id: str) -> str:
        return "reservation-id-in-path" if order_id in self.by_seller_id else "unknown-order"

    @contextmanager
    def change(self, order: Order) -> Iterator[Order]:
        """Apply a rule to the order and keep the result. A rule that refuses is not kept."""
        with self.lock:
            before = len(order.history)
            yield order
            self._index(order)
            self.journal.append("order", order.state())
            for index in range(before, len(order.history)):
                self.on_move(order, order.history[index - 1], order.history[index])

    def note(self, kind: str, order_id: str, detail: str) -> None:
        """List an anomaly: something a correct seller does not do, or does only when in doubt."""
        anomaly = {"at": now(), "kind": kind, "order": order_id, "detail": detail[:300]}
        with self.lock:
            self.anomalies.append(anomaly)
            self.journal.append("anomaly", anomaly)

    def log(self, order: Order, call: Json) -> None:
        with self.lock:
            order.remember(call)
            self.journal.append("call", {"order": order.id, "call": call})

    def keep(self, name: str, value: Any) -> None:
        with self.lock:
            self.kept[name] = value
            self.journal.append("kept", {name: value})

    def reset(self) -> None:
        """Forget orders, calls and anomalies. The counter goes on: ids are never given twice."""
        with self.lock:
            kept = self.kept
            self._empty()
            self.journal.clear()
            self._begin()
            for name, value in kept.items():
                self.keep(name, value)
