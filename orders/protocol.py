"""What every call of the marketplace has in common: who calls, and how a refusal is said."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from orders import wire
from sellers.authentication import caller_of
from sellers.errors import DomainError, Unavailable, error_body
from sellers.models import SellerAccount

logger = logging.getLogger(__name__)


class ProtocolView(View):
    """One address of the protocol. Subclasses have a method for each HTTP method they answer."""

    http_method_names = ["post", "patch"]
    #: Whether a call without key and token is turned away, where the account has asked for them.
    credentials_required = True
    #: Whose address was called; known before a byte of the body is read.
    account: SellerAccount

    @classmethod
    def as_view(cls, **options: Any) -> Callable[..., HttpResponseBase]:
        # Here, once: a decorated `dispatch` is wrapped anew for every call.
        return csrf_exempt(super().as_view(**options))

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            self.account = caller_of(
                endpoint_key=kwargs["endpoint_key"],
                headers=request.headers,
                credentials_required=self.credentials_required,
            )
            answer = super().dispatch(request, *args, **kwargs)
        except DomainError as refusal:
            return refused(refusal)
        except (OperationalError, InterfaceError) as absence:
            # Restarted, full, or out of reach: the marketplace asks again, and the log has a line.
            logger.error("The database does not answer: %s", type(absence).__name__)
            return refused(Unavailable("database-unavailable", "Try again in a moment."))
        assert isinstance(answer, HttpResponse)  # noqa: S101 (none of ours streams)
        return answer

    def http_method_not_allowed(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        allowed = [name.upper() for name in self.http_method_names if hasattr(self, name)]
        message = f"Use {' or '.join(allowed)}."
        answer = refused(DomainError("method-not-allowed", message, status=405))
        answer["Allow"] = ", ".join(allowed)
        return answer


def refused(error: DomainError) -> HttpResponse:
    """In VTEX's shape."""
    return wire.answer(wire.dump(error_body(error.code, error.message)), status=error.status)
