"""Who may be at the packing table, and what a browser may do there."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from sellers.models import User

# Only our own files: no inline script or style, no other host, no frame but our own papers.
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "frame-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors {ancestors}",
    )
)
View = Callable[..., HttpResponse]


def packers_only(view: View) -> View:
    """Asks for `orders.pack_order` on the server, and sends the strict policy with the page."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not packer(request).has_perm("orders.pack_order"):
            raise PermissionDenied
        response = view(request, *args, **kwargs)
        response.headers.setdefault("Content-Security-Policy", _POLICY.format(ancestors="'none'"))
        return response

    return guarded  # type: ignore[return-value]  # HttpResponseBase only widens what view returns


def printed_from_screens(view: View) -> View:
    """For papers: our own screens may hold the page in a hidden frame, and print it from there."""

    @wraps(view)
    def framed(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        response.headers["Content-Security-Policy"] = _POLICY.format(ancestors="'self'")
        response.headers["X-Frame-Options"] = "SAMEORIGIN"
        return response

    return framed  # type: ignore[return-value]  # HttpResponseBase only widens what view returns


def packer(request: HttpRequest) -> User:
    """The signed-in member of staff; the admin lets nobody else through."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
