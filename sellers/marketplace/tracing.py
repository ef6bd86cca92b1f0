"""W3C trace context: what came in under a trace goes out under the same one."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse

_TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_current: ContextVar[str] = ContextVar("traceparent", default="")


class TraceMiddleware:
    """Remembers the caller's `traceparent` for as long as its request is being answered."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = _current.set(request.headers.get("traceparent", ""))
        try:
            return self.get_response(request)
        finally:
            _current.reset(token)


def traceparent() -> str:
    """A span of the trace we are in, or of a new one."""
    return next_span(_current.get())


def next_span(parent: str) -> str:
    """A new span of `parent`'s trace; of a new trace when `parent` names none."""
    known = _TRACEPARENT.fullmatch(parent)
    trace = known.group(1) if known else secrets.token_hex(16)
    return f"00-{trace}-{secrets.token_hex(8)}-01"
