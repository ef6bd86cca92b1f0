"""What can go wrong, said once: domain errors and their translation into VTEX's error body."""

from __future__ import annotations

import logging
from typing import Any

from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import exception_handler

logger = logging.getLogger(__name__)


class DomainError(Exception):
    """A refusal with a reason.

    `code` is stable and machine readable, `message` is a whole sentence for people, `permanent`
    says whether waiting could help (False: try again later), `status` is the HTTP status.
    """

    status = 400

    def __init__(
        self, code: str, message: str, *, permanent: bool = True, status: int | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.permanent = permanent
        if status is not None:
            self.status = status


class NotFound(DomainError):
    status = 404


class Conflict(DomainError):
    """The request is well formed but the state of things forbids it."""

    status = 409


class Unauthenticated(DomainError):
    status = 401


class Unavailable(DomainError):
    """Ours to mend: the caller should try again."""

    status = 503

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message, permanent=False)


def error_body(code: str, message: str) -> dict[str, Any]:
    """VTEX's error shape: `{"error": {"code", "message", "exception"}}`."""
    return {"error": {"code": code, "message": message, "exception": None}}


def vtex_exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """REST framework's hook: every refusal leaves in VTEX's shape."""
    if isinstance(exc, DomainError):
        return Response(error_body(exc.code, exc.message), status=exc.status)
    if isinstance(exc, Http404):
        return Response(error_body("not-found", "There is nothing here."), status=404)
    response = exception_handler(exc, context)
    if response is not None and isinstance(exc, exceptions.APIException):
        response.data = error_body(*_said(exc, context))
    return response


def _said(exc: exceptions.APIException, context: dict[str, Any]) -> tuple[str, str]:
    if isinstance(exc, exceptions.ValidationError):
        return "invalid-field", _sentence(exc.detail)
    if isinstance(exc, exceptions.MethodNotAllowed):
        return "method-not-allowed", f"Use {' or '.join(context['view'].allowed_methods)}."
    return str(exc.default_code).replace("_", "-"), str(exc.detail)


def _sentence(detail: Any, path: str = "") -> str:
    """REST framework's nested detail as one line that names the path of the first fault."""
    if isinstance(detail, dict) and detail:
        key, value = next(iter(detail.items()))
        return _sentence(value, _step(path, str(key)))
    if isinstance(detail, list) and detail:
        faulty = next((i for i, entry in enumerate(detail) if entry), 0)
        nested = isinstance(detail[faulty], (dict, list))
        return _sentence(detail[faulty], f"{path}[{faulty}]" if nested else path)
    return f"{path or 'body'}: {detail}"


def _step(path: str, key: str) -> str:
    """REST framework numbers the entries of a list with keys of their own."""
    if key == api_settings.NON_FIELD_ERRORS_KEY:
        return path
    if key.isdigit():
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else key
