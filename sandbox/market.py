"""Everything behind the sockets: the book, the knobs, what is called and what calls."""

import time

from sandbox.book import Book
from sandbox.config import Config
from sandbox.driver import Driver
from sandbox.events import Events
from sandbox.knobs import Knobs
from sandbox.oms import Oms, order_id
from sandbox.redaction import without_persons
from sandbox.wire import Answer, Json, Refused, Request, now, refusal


class Marketplace:
    """One marketplace account and its one seller."""

    def __init__(self, book: Book, config: Config) -> None:
        self.book = book
        self.knobs = Knobs()
        self.config = config
        self.events = Events(book, self.knobs, self._origin)
        self.oms = Oms(book, self.events, lambda: self.config)
        self.driver = Driver(book, lambda: self.config)
        self.configure(config)

    def configure(self, config: Config) -> None:
        """Take and keep the settings. A hook header with a portal switches the hook on."""
        self.config = config
        self.book.keep("config", vars(config))
        if config.portal and config.hook_header_name:
            url = config.portal.partition("?")[0].rstrip("/") + "/hook"
            hook = {"url": url, "headers": {config.hook_header_name: config.hook_header_value}}
            self.book.keep("hook", {"filter": {"type": "FromWorkflow", "status": []}, "hook": hook})

    def reset(self) -> None:
        with self.book.lock:
            self.events.clear()
            self.oms.notices.clear()
            self.knobs.reset()
            self.book.reset()

    def close(self) -> None:
        self.events.close()
        self.book.journal.close()

    def _origin(self) -> Json:
        return {"Account": self.config.account, "Key": self.config.app_key}

    def serve(self, request: Request) -> Answer | None:
        """One call of the seller's, after the knobs. No answer means: hang up."""
        fault, delay = self.knobs.draw(request.path)
        if delay:
            time.sleep(delay)
        started = time.perf_counter()
        answer = _ill(self.knobs, fault) if fault in ("throttle", "error", "drop-before") else None
        if answer is None and fault != "drop-before":
            answer = self.oms.answer(request)
        self._log(request, answer, fault, time.perf_counter() - started)
        if fault == "error-after":
            answer = _ill(self.knobs, fault)
        return None if fault.startswith("drop") else answer

    def _log(self, request: Request, answer: Answer | None, fault: str, seconds: float) -> None:
        order = self.book.orders.get(order_id(request.path))
        if order is None:
            return
        try:
            body = without_persons(request.json())
        except Refused:
            body = "not JSON"
        call = {
            "at": now(),
            "direction": "in",
            "method": request.method,
            "path": request.path,
            "status": answer.status if answer else 0,
            "note": fault,
            "ms": round(seconds * 1000, 1),
            "body": body,
        }
        self.book.log(order, call)


def _ill(knobs: Knobs, fault: str) -> Answer | None:
    if fault == "throttle":
        pause = str(knobs.settings.retry_after_s)
        answer = refusal(Refused(429, "429", "Too many requests"))
        return Answer(429, answer.body, headers={"Retry-After": pause})
    if fault.startswith("error"):
        return refusal(Refused(knobs.settings.error_status, "1", "The stand-in was told to fail."))
    return None
