"""Calls of the protocol need nothing of what stands between a browser and its page."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import resolve
from django.utils import translation


class ShortWay:
    """Middleware: whatever is under /api/ goes to its view, past the middleware listed below this.

    Nobody logs in there, no file has such an address, and its answers are in no language.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith("/api/"):
            return self.get_response(request)
        called = request.resolver_match = resolve(request.path_info)
        # The last reader's language may still be set in this thread.
        with translation.override(settings.LANGUAGE_CODE):
            answer: HttpResponseBase = called.func(request, *called.args, **called.kwargs)
            return answer
