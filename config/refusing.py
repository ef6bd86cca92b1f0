"""What no view of ours answers. Under /api/ it is JSON in VTEX's shape, and never a redirect."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt

from sellers.errors import error_body


@csrf_exempt
def nothing_here(_request: HttpRequest) -> HttpResponse:
    """Beside the sellers' own addresses; it has one of its own so that no slash is appended."""
    return _refusal(404, "not-found", "There is nothing here.")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    message = "The request, or the host it names, is not accepted."
    return _answer(request, 400, "bad-request", message, defaults.bad_request, exception)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    message = "That is not allowed."
    return _answer(request, 403, "forbidden", message, defaults.permission_denied, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    message = "There is nothing here."
    return _answer(request, 404, "not-found", message, defaults.page_not_found, exception)


def fault(request: HttpRequest) -> HttpResponse:
    message = "The seller's portal has a fault. It was recorded."
    return _answer(request, 500, "internal-error", message, defaults.server_error)


def _answer(
    request: HttpRequest,
    status: int,
    code: str,
    message: str,
    page: Callable[..., HttpResponse],
    *exception: Exception,
) -> HttpResponse:
    if request.path_info == "/api" or request.path_info.startswith("/api/"):
        return _refusal(status, code, message)
    return page(request, *exception)


def _refusal(status: int, code: str, message: str) -> HttpResponse:
    return JsonResponse(error_body(code, message), status=status)


class OneLine(logging.Filter):
    """For calls to a host we don't go by: anybody makes them, and no line of ours is at fault."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        record.exc_info = record.exc_text = None
        return True
