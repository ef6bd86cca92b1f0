"""The door in front of Django says and does what Django does: byte for byte, rule for rule."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import override_settings
from django.utils import timezone

from sellers.models import SellerAccount
from sellers.seller_file.importing import import_seller
from simulation import core, database
from simulation.door import Door
from tests.simulation.stage import KEY, address, an_account, open_shop

pytestmark = pytest.mark.django_db

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.json"))
CART = {"items": [{"id": "mug", "quantity": 1, "seller": "acme01"}]}
#: Django says in which language it answered; the door's answers are in none.
OF_LANGUAGE = {"Content-Language", "Vary"}
NOW = datetime.fromisoformat("2026-03-10T10:00:00-03:00")


class Heard(NamedTuple):
    status: str
    headers: dict[str, str]
    body: bytes


class Counted:
    """A WSGI application that knows how often it was called."""

    def __init__(self, application: Any) -> None:
        self.application = application
        self.calls = 0

    def __call__(self, environ: Any, start_response: Any) -> Any:
        self.calls += 1
        return self.application(environ, start_response)


@pytest.fixture(autouse=True)
def _one_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers that are compared with each other are of the same time of day."""
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.fixture(autouse=True)
def _tests_connection_stays() -> Iterator[None]:
    """As the test client does it: a request's end does not close the test's own connection."""
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    yield
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)


def heard(application: Any, environ: dict[str, Any], body: bytes) -> Heard:
    said: list[Any] = []
    answer = application(
        {**environ, "wsgi.input": io.BytesIO(body)}, lambda *args: said.extend(args)
    )
    whole = b"".join(answer)
    if hasattr(answer, "close"):
        answer.close()
    return Heard(said[0], dict(said[1]), whole)


def a_request(
    path: str = "", *, method: str = "POST", body: Any = CART, **changes: Any
) -> tuple[dict[str, Any], bytes]:
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    path, _, query = (path or address()).partition("?")
    environ = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(sent)),
        "wsgi.url_scheme": "http",
        "wsgi.errors": io.StringIO(),
    }
    changed = environ | changes
    return {name: value for name, value in changed.items() if value is not None}, sent


def both(request: tuple[dict[str, Any], bytes], *, by_door: bool = True) -> Heard:
    """What both doors say, which must be the same; `by_door`: without a step into Django."""
    django = Counted(WSGIHandler())
    in_front = heard(Door(django), *request)
    assert django.calls == (0 if by_door else 1)
    behind = heard(WSGIHandler(), *request)
    assert in_front.status == behind.status
    assert in_front.body == behind.body
    assert _told(in_front) == _told(behind)
    return in_front


def _told(answer: Heard) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name not in OF_LANGUAGE}


@pytest.fixture
def shop() -> SellerAccount:
    return open_shop(NOW)


# --- the same answers -----------------------------------------------------------------------------


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_both_doors_answer_every_golden_case_alike(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = json.loads(path.read_text())
    now = datetime.fromisoformat(case["now"])
    import_seller(case["seller"], now=now)
    monkeypatch.setattr(timezone, "now", lambda: now)
    query = case.get("query", {})
    posted = both(a_request(f"{address()}?{urlencode(query)}", body=case["request"]))
    assert json.loads(posted.body) == case["answer"]
    query |= {"purchaseContext": json.dumps(case["request"])}
    got = both(a_request(f"{address()}?{urlencode(query)}", method="GET", body=b""))
    assert got.body == posted.body
    assert (posted.headers["Cache-Control"], got.headers["Cache-Control"]) == (
        "no-store",
        "public, max-age=5",
    )


@pytest.mark.parametrize("path", ["pvt", "api/pvt"])
@pytest.mark.parametrize("slash", ["", "/"])
def test_the_door_knows_every_form_of_the_address(
    shop: SellerAccount, path: str, slash: str
) -> None:
    answer = both(a_request(f"/api/{KEY}/{path}/orderForms/simulation{slash}?sc=1&an=x"))
    assert answer.status == "200 OK"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", "400 Bad Request"),
        (b"{", "400 Bad Request"),
        (b"\xff", "400 Bad Request"),
        ([], "400 Bad Request"),
        ({"items": [{"id": "mug", "quantity": 0}]}, "400 Bad Request"),
        ({"items": [CART["items"][0]] * 501}, "400 Bad Request"),
        (b'{"items":[],"x":"' + b"x" * 1024 * 1024 + b'"}', "413 Request Entity Too Large"),
    ],
)
def test_both_doors_refuse_bad_bodies_alike(shop: SellerAccount, body: Any, status: str) -> None:
    assert both(a_request(body=body)).status == status


@pytest.mark.parametrize(
    "query",
    [
        "",
        "purchaseContext=",
        "purchaseContext=%7B",
        "purchaseContext=%FF",
        "purchaseContext=\xc3\xa9",
        "purchaseContext=1&purchaseContext=%7B%22items%22%3A%5B%5D%7D",
        "purchaseContext=%7B%22items%22%3A%5B%5D%7D&sc=",
        "sc=%00&purchaseContext=%7B%22items%22%3A%5B%5D%7D",
        "purchaseContext+x",
        "=&&;",
    ],
)
def test_both_doors_read_queries_alike(shop: SellerAccount, query: str) -> None:
    both(a_request(f"{address()}?{query}", method="GET", body=b""))
    both(a_request(f"{address()}?{query}"))


def test_both_doors_give_up_at_the_same_length_of_a_query(shop: SellerAccount) -> None:
    answer = both(a_request(f"{address()}?{'a=1&' * 1100}"), by_door=False)
    assert answer.status == "400 Bad Request"


@pytest.mark.parametrize(
    ("content_type", "by_door"),
    [
        ("application/json; charset=utf-8", True),
        ('application/json;charset="UTF-8"', True),
        ("text/plain", True),
        ("", True),
        (None, True),
        ("application/json; charset=latin-1", False),
        ("application/json; charset=none-such", False),
    ],
)
def test_both_doors_read_a_query_in_the_same_encoding(
    shop: SellerAccount, content_type: str | None, by_door: bool
) -> None:
    request = a_request(f"{address()}?sc=%E9", CONTENT_TYPE=content_type)
    both(request, by_door=by_door)


@pytest.mark.parametrize(
    "changes",
    [
        {"HTTP_CONTENT_ENCODING": "gzip"},
        {"CONTENT_LENGTH": None, "HTTP_TRANSFER_ENCODING": "chunked"},
        {
            "CONTENT_LENGTH": None,
            "HTTP_TRANSFER_ENCODING": "chunked",
            "wsgi.input_terminated": True,
        },
        {"CONTENT_LENGTH": None},
        {"CONTENT_LENGTH": ""},
        {"CONTENT_LENGTH": "-1"},
        {"CONTENT_LENGTH": "many"},
        {"CONTENT_LENGTH": "9"},
        {"CONTENT_LENGTH": str(10**30)},
    ],
)
def test_both_doors_read_bodies_alike(shop: SellerAccount, changes: dict[str, Any]) -> None:
    both(a_request(**changes))


def test_both_doors_say_503_when_the_database_does_not_answer(
    shop: SellerAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_: Any) -> Any:
        raise TimeoutError

    monkeypatch.setattr(database, "_line", silent)
    answer = both(a_request())
    assert answer.status == "503 Service Unavailable"
    assert answer.headers["Cache-Control"] == "no-store"


def test_both_doors_say_500_in_vtex_s_shape_when_there_is_a_fault(
    shop: SellerAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(core, "simulate", broken)
    answer = both(a_request())
    assert answer.status == "500 Internal Server Error"
    assert json.loads(answer.body)["error"]["code"] == "internal-error"


# --- the same rules -------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["unknownkey0123456789", "x"])
def test_both_doors_refuse_an_unknown_key(shop: SellerAccount, key: str) -> None:
    assert both(a_request(address(key))).status == "404 Not Found"


@pytest.mark.parametrize("key", ["no-such-key!", "\xc3\xa9", "a\x00b"])
def test_leaves_strange_keys_to_django(shop: SellerAccount, key: str) -> None:
    assert both(a_request(address(key)), by_door=False).status == "404 Not Found"


def test_both_doors_refuse_an_inactive_account(shop: SellerAccount) -> None:
    SellerAccount.objects.update(is_active=False)
    assert both(a_request()).status == "404 Not Found"


@pytest.mark.parametrize(
    ("credentials", "status"),
    [
        ({}, "200 OK"),
        ({"HTTP_AUTHORIZATION": 'VTEX key="vtex-key" token="vtex-token"'}, "200 OK"),
        ({"HTTP_AUTHORIZATION": 'VTEX key="vtex-key" token="guess"'}, "401 Unauthorized"),
        (
            {"HTTP_X_VTEX_API_APPKEY": "vtex-key", "HTTP_X_VTEX_API_APPTOKEN": "vtex-token"},
            "200 OK",
        ),
        ({"HTTP_X_VTEX_API_APPKEY": "vtex-key"}, "401 Unauthorized"),
        ({"HTTP_X_VTEX_API_APPTOKEN": "vtex-token"}, "401 Unauthorized"),
        ({"HTTP_AUTHORIZATION": "VTEX caf\xe9"}, "401 Unauthorized"),
    ],
)
def test_both_doors_check_credentials_alike(credentials: dict[str, str], status: str) -> None:
    account = an_account(inbound_app_key="vtex-key", inbound_app_token="vtex-token")
    open_shop(NOW, account=account)
    assert both(a_request(**credentials)).status == status


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "post", "BREW"])
def test_leaves_other_methods_to_django(shop: SellerAccount, method: str) -> None:
    answer = both(a_request(method=method), by_door=False)
    if method != "post":
        assert answer.status == "405 Method Not Allowed"
        assert answer.headers["Allow"] == "GET, POST"


@pytest.mark.parametrize(
    "path",
    [
        "/healthz",
        f"/api/{KEY}/pvt/orders",
        f"/api/{KEY}/pvt/orderForms/simulation//",
        f"/api/{KEY}/pvt/orderForms/simulation\n",
        f"/x/api/{KEY}/pvt/orderForms/simulation",
        f"/api/{KEY}/api/api/pvt/orderForms/simulation",
        "/api//pvt/orderForms/simulation",
        "",
    ],
)
def test_leaves_every_other_address_to_django(shop: SellerAccount, path: str) -> None:
    environ, body = a_request()
    both((environ | {"PATH_INFO": path}, body), by_door=False)


@pytest.mark.parametrize("host", ["evil.example", "", "local host", "localhost@evil", "a" * 300])
def test_a_host_that_is_not_ours_is_refused_by_django(shop: SellerAccount, host: str) -> None:
    answer = both(a_request(HTTP_HOST=host), by_door=False)
    assert answer.status == "400 Bad Request"


def test_a_host_is_judged_every_time_it_is_another(shop: SellerAccount) -> None:
    door = Door(WSGIHandler())
    hosts = ["localhost", "evil.example", "localhost", "evil.example", "127.0.0.1:8000"]
    statuses = [heard(door, *a_request(HTTP_HOST=host)).status[:3] for host in hosts]
    assert statuses == ["200", "400", "200", "400", "200"]


IN_PRODUCTION = {
    "SECURE_SSL_REDIRECT": True,
    "SECURE_HSTS_SECONDS": 31_536_000,
    "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"),
    "ALLOWED_HOSTS": ["portal.example"],
}


@override_settings(**IN_PRODUCTION)
def test_plain_http_is_redirected_in_production(shop: SellerAccount) -> None:
    request = a_request(HTTP_HOST="portal.example")
    answer = both(request, by_door=False)
    assert answer.status == "301 Moved Permanently"
    assert answer.headers["Location"] == f"https://portal.example{address()}"


@override_settings(**IN_PRODUCTION)
def test_the_proxy_says_that_it_came_by_https_and_nobody_else(shop: SellerAccount) -> None:
    door = Door(WSGIHandler())
    protocols = ["https", "http", None, "https, http", "http, https", "https"]
    statuses = [
        heard(door, *a_request(HTTP_HOST="portal.example", HTTP_X_FORWARDED_PROTO=each)).status[:3]
        for each in protocols
    ]
    assert statuses == ["200", "301", "301", "200", "301", "200"]


@override_settings(**IN_PRODUCTION)
def test_the_answer_carries_every_header_of_the_middleware(shop: SellerAccount) -> None:
    request = a_request(HTTP_HOST="portal.example", HTTP_X_FORWARDED_PROTO="https")
    assert set(both(request).headers) == {
        "Content-Type",
        "Content-Length",
        "Cache-Control",
        "X-Content-Type-Options",
        "X-Frame-Options",
        "Referrer-Policy",
        "Cross-Origin-Opener-Policy",
        "Strict-Transport-Security",
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"MIDDLEWARE": [*settings.MIDDLEWARE, "django.middleware.http.ConditionalGetMiddleware"]},
        {"DISALLOWED_USER_AGENTS": ["x"]},
        {"SECURE_REDIRECT_EXEMPT": ["x"]},
    ],
)
def test_stays_closed_under_rules_it_does_not_know(
    shop: SellerAccount, changes: dict[str, Any]
) -> None:
    with override_settings(**changes):
        django = Counted(lambda *_: [b""])
        door: Any = Door(django)
        door(a_request()[0], None)
        assert django.calls == 1


def test_stands_in_front_of_what_is_served() -> None:
    from config.wsgi import application

    assert isinstance(application, Door)
    assert application.is_open


def test_logs_a_fault_without_the_key_or_what_was_asked(
    shop: SellerAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(core, "simulate", broken)
    written = io.StringIO()
    handlers = [
        each for each in logging.getLogger().handlers if type(each) is logging.StreamHandler
    ]
    monkeypatch.setattr(handlers[0], "stream", written)
    heard(Door(WSGIHandler()), *a_request(body=CART | {"clientProfileData": {"email": "a@b.c"}}))
    assert "ZeroDivisionError" in written.getvalue()
    assert "a@b.c" not in written.getvalue()
    assert KEY not in written.getvalue()
