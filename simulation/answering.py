"""One request in, one answer out, whichever door it came through."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

import orjson
from django.utils import timezone

from sellers.errors import DomainError, Unavailable, error_body
from simulation import capturing, core, database, recording, snapshot, wire
from simulation.capturing import Seen
from simulation.types import Cart

logger = logging.getLogger(__name__)

MOST_BYTES = 1024 * 1024
# Long enough to spare us a burst, short enough never to sell what is gone.
CACHED = "public, max-age=5"
NOT_CACHED = "no-store"


class Request(NamedTuple):
    """What matters of an HTTP request; `headers` are the three that may carry credentials.

    `read` is `sellers.bodies.read_body`, with MOST_BYTES.
    """

    method: str
    endpoint_key: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    read: Callable[[], bytes]


class Answer(NamedTuple):
    status: int
    cache_control: str
    body: bytes


def answer(request: Request) -> Answer:
    """The simulation, or the refusal in VTEX's shape. Never raises."""
    seen, now = Seen(), timezone.now()
    given = _answer(request, now, seen)
    capturing.record(request.endpoint_key, now=now, status=given.status, body=given.body, seen=seen)
    recording.start()
    return given


def _answer(request: Request, now: datetime, seen: Seen) -> Answer:
    try:
        body = simulate(request, now=now, seen=seen)
    except wire.Malformed as error:
        return _refusal(400, error.code, str(error), seen)
    except DomainError as error:
        return _refusal(error.status, error.code, error.message, seen)
    except Exception:
        logger.exception("A simulation failed.")
        message = "The seller's portal has a fault. It was recorded."
        return _refusal(500, "internal-error", message, seen)
    return Answer(200, CACHED if request.method == "GET" else NOT_CACHED, body)


def simulate(request: Request, *, now: datetime, seen: Seen) -> bytes:
    """The answer's bytes. Raises wire.Malformed and DomainError."""
    until = database.soon()
    seen.cart = cart = _cart(request, now=now, until=until)
    seen.snapshot = known = snapshot.load(
        endpoint_key=request.endpoint_key,
        headers=request.headers,
        cart=cart,
        now=now,
        until=until,
    )
    seen.simulation = simulation = core.simulate(cart, known, now)
    return wire.render(simulation)


def _cart(request: Request, *, now: datetime, until: float) -> Cart:
    """Whoever calls where there is nobody hears that first, whatever they sent."""
    try:
        return _parsed(request)
    except (wire.Malformed, DomainError):
        with suppress(Unavailable):
            snapshot.load(
                endpoint_key=request.endpoint_key,
                headers=request.headers,
                cart=wire.NOTHING,
                now=now,
                until=until,
            )
        raise


def _parsed(request: Request) -> Cart:
    channel = request.query.get("sc")
    if request.method == "POST":
        return wire.parse(request.read(), sales_channel=channel)
    context = request.query.get("purchaseContext")
    if not context:
        message = "purchaseContext: the request document is missing from the query."
        raise wire.Malformed("purchase-context-missing", message)
    document = context.encode("utf-8", "replace")
    return wire.parse(document, sales_channel=channel, named="purchaseContext")


def _refusal(status: int, code: str, message: str, seen: Seen) -> Answer:
    seen.code = code
    return Answer(status, NOT_CACHED, orjson.dumps(error_body(code, message)))


def not_allowed() -> Answer:
    message = "Use POST, or GET with purchaseContext."
    return _refusal(405, "method-not-allowed", message, Seen())
