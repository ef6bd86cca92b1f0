"""The simulation's door in front of Django: the same answer, without Django's handler on the way.

It answers what Django would have let through to `simulation.views`, with the headers Django's
middleware would have added. Whatever is out of the ordinary (another method, a host we don't go
by, plain HTTP where that is redirected) is handed on to Django, and so is everything else.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from http.client import responses
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse, QueryDict
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.common import CommonMiddleware
from django.middleware.security import SecurityMiddleware

from sellers.bodies import read_body
from simulation.answering import MOST_BYTES, Request, answer

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

logger = logging.getLogger(__name__)

Headers = list[tuple[str, str]]

_ADDRESS = re.compile(r"/api/([A-Za-z0-9]+)/(?:api/)?pvt/orderForms/simulation/?")
_CREDENTIALS = (
    ("HTTP_AUTHORIZATION", "Authorization"),
    ("HTTP_X_VTEX_API_APPKEY", "X-VTEX-API-AppKey"),
    ("HTTP_X_VTEX_API_APPTOKEN", "X-VTEX-API-AppToken"),
)
#: Django reads the query in the encoding of the body; any other than this it reads itself.
_UTF_8 = re.compile(r'[^;]*(?:; *charset="?utf-8"?)?', re.IGNORECASE)
_STATUS = {code: f"{code} {phrase}" for code, phrase in responses.items()}
#: What each middleware has to do with a simulation. With another one the door stays closed.
_MIDDLEWARE = {
    "django.middleware.security.SecurityMiddleware": "asked by Admission",
    "django.middleware.common.CommonMiddleware": "asked by Admission",
    "django.middleware.clickjacking.XFrameOptionsMiddleware": "asked by Admission",
    "django.middleware.csrf.CsrfViewMiddleware": "the view is exempt",
    "sellers.marketplace.tracing.TraceMiddleware": "nobody is called",
    "config.short_way.ShortWay": "it leads to the same view",
    "whitenoise.middleware.WhiteNoiseMiddleware": "no file has this address",
    "django.contrib.sessions.middleware.SessionMiddleware": "nobody logs in",
    "django.contrib.auth.middleware.AuthenticationMiddleware": "nobody logs in",
    "django.contrib.messages.middleware.MessageMiddleware": "nobody logs in",
    "django.middleware.locale.LocaleMiddleware": "the answer is in no language",
    "sellers.language.StaffLanguageMiddleware": "the answer is in no language",
    "config.clean_text.CleanText": "looks at staff's pages alone",
}


class Door:
    """A WSGI application: it answers simulations and hands everything else to `django`."""

    def __init__(self, django: WSGIApplication) -> None:
        self.django = django
        self.admission = Admission()
        self.is_open = _is_safe()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        address = _ADDRESS.fullmatch(environ["PATH_INFO"]) if self.is_open else None
        request = _request(environ, address[1]) if address else None
        headers = self.admission.headers(environ) if request else None
        if request is None or headers is None:
            return self.django(environ, start_response)
        status, cache_control, body = answer(request)
        own = [
            ("Content-Type", "application/json"),
            ("Cache-Control", cache_control),
            ("Content-Length", str(len(body))),
        ]
        start_response(_STATUS[status], own + headers)
        return (body,)


def _is_safe() -> bool:
    """Whether all that Django is told to do with requests is known here."""
    unknown = sorted(set(settings.MIDDLEWARE) - set(_MIDDLEWARE))
    if settings.SECURE_REDIRECT_EXEMPT or settings.DISALLOWED_USER_AGENTS:
        unknown.append("rules by path or user agent")
    if unknown:
        logger.warning("Simulations take the way through Django, because of %s.", unknown)
    return not unknown


class Admission:
    """What Django's middleware says to a host and scheme: asked once for each, then remembered."""

    MOST_KEPT = 256

    def __init__(self) -> None:
        secured, *_ = getattr(settings, "SECURE_PROXY_SSL_HEADER", None) or ("",)
        named = ("HTTP_HOST", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PORT")
        self.decisive = (*named, secured, "SERVER_NAME", "SERVER_PORT", "wsgi.url_scheme")
        self.known: dict[tuple[Any, ...], Headers] = {}
        self.security = SecurityMiddleware(_nobody)
        self.common = CommonMiddleware(_nobody)
        self.framing = XFrameOptionsMiddleware(_nobody)

    def headers(self, environ: WSGIEnvironment) -> Headers | None:
        """The headers an answer carries; None when the middleware has an answer of its own."""
        key = tuple([environ.get(name) for name in self.decisive])
        known = self.known.get(key)
        if known is None and (known := self._ask(environ)) is not None:
            if len(self.known) >= self.MOST_KEPT:
                self.known.clear()
            self.known[key] = known
        return known

    def _ask(self, environ: WSGIEnvironment) -> Headers | None:
        request = WSGIRequest(dict(environ))
        asked: tuple[Callable[[HttpRequest], object], ...]
        asked = (self.security.process_request, self.common.process_request)
        try:
            if any(process(request) for process in asked):
                return None
        except (SuspiciousOperation, PermissionDenied):
            return None
        response = HttpResponse(headers={})
        del response["Content-Type"]
        self.framing.process_response(request, response)
        self.security.process_response(request, response)
        return list(response.items())


def _nobody(_request: object) -> HttpResponse:
    raise AssertionError("middleware is asked here, not run")


def _request(environ: WSGIEnvironment, endpoint_key: str) -> Request | None:
    """As the view would make it; None for what only Django should judge."""
    method = environ["REQUEST_METHOD"]
    query = _query(environ.get("QUERY_STRING", ""), environ.get("CONTENT_TYPE", ""))
    if method not in ("GET", "POST") or query is None:
        return None
    return Request(
        method=method,
        endpoint_key=endpoint_key,
        query=query,
        headers={name: environ[key] for key, name in _CREDENTIALS if key in environ},
        read=lambda: read_body(environ, largest=MOST_BYTES),
    )


def _query(text: str, content_type: str) -> Mapping[str, str] | None:
    if not text:
        return {}
    if not _UTF_8.fullmatch(content_type):
        return None
    # Of a POST it is the sales channel and the account's name, which are few; of a GET, the cart.
    return _parsed_once(text) if len(text) <= 100 else _parsed(text)


def _parsed(text: str) -> Mapping[str, str] | None:
    try:
        return QueryDict(text.encode("latin-1"), encoding="utf-8").dict()
    except (SuspiciousOperation, UnicodeEncodeError):
        return None


_parsed_once = lru_cache(maxsize=256)(_parsed)
