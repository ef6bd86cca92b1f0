"""What can go wrong, said once, and how VTEX is told."""

from __future__ import annotations

from typing import Any


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
