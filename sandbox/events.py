"""Order events: the feed the seller reads and the hook the seller is called on."""

import heapq
import itertools
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

import requests

from sandbox.book import Book
from sandbox.knobs import Knobs
from sandbox.orders import Order
from sandbox.wire import Json, Refused

HOOK_SECONDS = 5  # VTEX waits this long for the 200
HOOK_ATTEMPTS = 100  # and gives an event up after so many failures
LONGEST_PAUSE = 60.0


@dataclass
class Queued:
    event: Json
    visible_at: float = 0.0  # monotonic
    handle: str = ""


class Events:
    """`origin` tells account and key, as VTEX signs its events."""

    def __init__(self, book: Book, knobs: Knobs, origin: Callable[[], Json]) -> None:
        self.book = book
        self.knobs = knobs
        self.origin = origin
        self._wake = threading.Condition(book.lock)
        self._closed = False
        self.clear()
        done = {(record["id"], record["way"]) for record in book.later["done"]}
        for event in book.later["event"]:
            self._queue(event, [way for way in event["ways"] if (event["id"], way) not in done])
        book.later = {"event": [], "done": []}
        book.on_move = self.moved
        threading.Thread(target=self._deliver, daemon=True, name="hook").start()

    def clear(self) -> None:
        self.feed: OrderedDict[str, Queued] = OrderedDict()
        self.handles: dict[str, str] = {}
        self.unanswered: set[str] = set()
        self._due: list[tuple[float, int, int, Json]] = []  # when, tie-breaker, attempts, event
        self._ties = itertools.count()

    def close(self) -> None:
        with self._wake:
            self._closed = True
            self._wake.notify()

    # Recording

    def moved(self, order: Order, before: list[str], after: list[str]) -> None:
        """Called under the book's lock for every step of an order's status."""
        ways = [way for way in ("feed", "hook") if self._wanted(way, after[0])]
        if not ways:
            return
        event = {
            "id": uuid4().hex.upper(),
            "order": order.id,
            "state": after[0],
            "last": before[0],
            "change": after[1],
            "before": before[1] or after[1],
            "ways": ways,
        }
        self.book.journal.append("event", event)
        self._queue(event, ways)

    def _wanted(self, way: str, status: str) -> bool:
        config = self.book.kept.get(way)
        if not config:
            return False
        wanted = config["filter"].get("status")
        return not wanted or status in wanted

    def _queue(self, event: Json, ways: list[str]) -> None:
        if "feed" in ways:
            self.feed[event["id"]] = Queued(event)
        if "hook" in ways:
            self.unanswered.add(event["id"])
            for delay in self.knobs.hook_delays():
                self._schedule(delay, 0, event)

    def _schedule(self, delay: float, attempts: int, event: Json) -> None:
        due = time.monotonic() + delay
        heapq.heappush(self._due, (due, next(self._ties), attempts, event))
        self._wake.notify()

    def _done(self, event_id: str, way: str) -> None:
        self.book.journal.append("done", {"id": event_id, "way": way})

    # Configuration

    def configure(self, way: str, config: Json) -> None:
        """Raises Refused: 400 for a config without filter or a hook that fails its ping, 409 for
        one that mixes both kinds of filter."""
        wanted = config.get("filter")
        if not isinstance(wanted, dict) or wanted.get("type") not in ("FromWorkflow", "FromOrders"):
            raise Refused(400, "1", "filter.type: must be FromWorkflow or FromOrders.")
        if wanted.get("status") and wanted.get("expression"):
            raise Refused(409, "1", "filter: status and expression cannot be mixed.")
        if not isinstance(config.get("hook" if way == "hook" else "queue"), dict):
            raise Refused(400, "1", "The hook or queue is missing.")
        if way == "hook" and self._send({"hookConfig": "ping"}, config) != 200:
            raise Refused(400, "1", "The hook did not answer the ping with 200.")
        self.book.keep(way, config)

    def configuration(self, way: str) -> Json:
        config: Json | None = self.book.kept.get(way)
        if not config:
            raise Refused(404, "1", "Value not found.")
        return config | ({"quantity": len(self.feed)} if way == "feed" else {})

    # Feed

    def read(self, most: int) -> list[Json]:
        """Up to ten events that nobody else is looking at; they come again unless committed."""
        queue = self.configuration("feed")["queue"]
        hidden = float(queue.get("visibilityTimeoutInSeconds", 240))
        moment = time.monotonic()
        with self.book.lock:
            visible = (queued for queued in self.feed.values() if queued.visible_at <= moment)
            found = list(itertools.islice(visible, max(1, min(most, 10))))
            for queued in found:
                self.handles.pop(queued.handle, None)
                queued.visible_at, queued.handle = moment + hidden, secrets.token_urlsafe(96)
                self.handles[queued.handle] = queued.event["id"]
            return [_feed_row(queued) for queued in found]

    def commit(self, handles: list[str]) -> None:
        with self.book.lock:
            for event_id in filter(None, (self.handles.pop(str(h), None) for h in handles)):
                if self.feed.pop(event_id, None):
                    self._done(event_id, "feed")

    # Hook

    def _deliver(self) -> None:
        while True:
            with self._wake:
                while not self._closed and (not self._due or self._due[0][0] > time.monotonic()):
                    self._wake.wait(self._due[0][0] - time.monotonic() if self._due else None)
                if self._closed:
                    return
                _, _, attempts, event = heapq.heappop(self._due)
                config = self.book.kept.get("hook")
            if config:
                self._attempt(event, config, attempts + 1)

    def _attempt(self, event: Json, config: Json, attempts: int) -> None:
        answered = self._send(self._body(event), config) == 200
        with self._wake:
            if event["id"] not in self.unanswered:  # a copy was answered, or all was forgotten
                return
            if answered or attempts >= HOOK_ATTEMPTS:
                self.unanswered.discard(event["id"])
                self._done(event["id"], "hook")
            else:
                self._schedule(min(LONGEST_PAUSE, 0.25 * 2 ** min(attempts, 8)), attempts, event)

    def _body(self, event: Json) -> Json:
        return {
            "Domain": "Marketplace",
            "OrderId": event["order"],
            "State": event["state"],
            "LastState": event["last"] or None,
            "LastChange": event["before"],
            "CurrentChange": event["change"],
            "Origin": self.origin(),
        }

    def _send(self, body: Json, config: Json) -> int:
        hook = config["hook"]
        with requests.Session() as session:
            session.trust_env = False  # a proxy meant for the internet must not see loopback calls
            try:
                answer = session.post(
                    hook["url"], json=body, headers=hook.get("headers"), timeout=HOOK_SECONDS
                )
            except (requests.RequestException, ValueError, KeyError, TypeError):
                return 0
            return answer.status_code


def _feed_row(queued: Queued) -> Json:
    event = queued.event
    return {
        "eventId": event["id"],
        "handle": queued.handle,
        "domain": "Marketplace",
        "state": event["state"],
        "lastState": event["last"] or None,
        "orderId": event["order"],
        "lastChange": event["before"],
        "currentChange": event["change"],
    }
