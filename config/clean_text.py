"""A NUL is in no text that somebody meant, and PostgreSQL keeps none: refused before any view."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _

_NUL = "\0"


class CleanText:
    """Middleware: 400 for a NUL in an address or a text field under /admin/. Files may have them.

    Below the check for forgeries, which reads the form anyway and refuses strangers sooner, and
    below the reader's language.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, _view: Any, _args: Any, _kwargs: Any
    ) -> HttpResponse | None:
        if not request.path_info.startswith("/admin/"):
            return None
        return _refusal(request) if any(_NUL in text for text in _texts(request)) else None


def _texts(request: HttpRequest) -> Iterator[str]:
    """The address, and the names and values of its query and of a form that was sent."""
    yield request.path_info
    for fields in (request.GET, request.POST):
        for name, values in fields.lists():
            yield name
            yield from map(str, values)


def _refusal(request: HttpRequest) -> HttpResponse:
    if request.headers.get("X-Requested-With") == "fetch":
        told = _("It has a character that no text may have (NUL). Type it anew.")
        return JsonResponse({"error": told}, status=400)
    return render(request, "400_nul.html", status=400)
