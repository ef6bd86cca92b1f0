"""Whom we speak to, and whom never. Real sockets: the check is made on the connection itself."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from sellers.marketplace import client, outbox
from sellers.marketplace.destinations import Misdirected, check_path, url_of
from sellers.models import SellerAccount
from tests.sellers.outbound import Hands, Status, an_account, now_of, outcomes, promise, run


class Listener:
    """A server that counts who got through to it."""

    def __init__(self) -> None:
        self.headers: list[dict[str, str]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.headers.append(dict(self.headers))
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.send_response(200)
                self.send_header("Set-Cookie", "session=acme; Path=/")
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,)).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.close()


def at(url: str) -> SellerAccount:
    return SellerAccount(marketplace_url=url, app_key="key", app_token="token")


def send(url: str) -> client.Answer:
    return client.send(
        account=at(url), method="POST", path="/invoice", body=b"{}", traceparent="00-1"
    )


def test_puts_the_path_below_the_address_and_before_its_query():
    account = at("https://x.myvtex.com/api/oms/?an=luxstore")
    url = url_of(account=account, path="/pvt/orders/1-01/invoice")
    assert url == "https://x.myvtex.com/api/oms/pvt/orders/1-01/invoice?an=luxstore"


@pytest.mark.parametrize(
    "address",
    [
        "http://bigstore.vtexcommercestable.com.br",
        "ftp://bigstore.vtexcommercestable.com.br",
        "https://",
        "",
        "bigstore.vtexcommercestable.com.br",
        "https://bigstore.vtexcommercestable.com.br@evil.example",
    ],
)
def test_refuses_an_address_that_is_not_plainly_https(address):
    with pytest.raises(Misdirected):
        url_of(account=at(address), path="/x")


@pytest.mark.parametrize(
    "path",
    ["x", "//evil.example/x", "/a/../b", "/a/./b", "/a b", "/a\r\nHost: b", "/a\\b", "/a#b", ""],
)
def test_refuses_a_path_that_could_lead_elsewhere(path):
    with pytest.raises(ValueError, match="outbound path"):
        check_path(path)


@pytest.mark.django_db
def test_takes_no_promise_with_such_a_path():
    with pytest.raises(ValueError, match="outbound path"):
        promise(an_account(), path="/api/oms/pvt/orders/../../x")
    assert not an_account("rival").outbox.exists()


def test_speaks_to_loopback_in_development(listener, settings):
    settings.OUTBOUND_ALLOW_LOOPBACK = True
    assert send(listener.url).status == 200


def test_does_not_speak_plain_http_to_loopback_in_production(listener, settings):
    settings.OUTBOUND_ALLOW_LOOPBACK = False
    with pytest.raises(Misdirected):
        send(listener.url)
    assert listener.headers == []


def test_hangs_up_when_a_public_name_leads_to_a_private_address(listener, settings, monkeypatch):
    """The name looked harmless; what counts is where the connection arrived."""
    settings.OUTBOUND_ALLOW_LOOPBACK = False
    port = listener.server.server_address[1]
    rebound = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: rebound)
    with pytest.raises(Misdirected, match="private address"):
        send(f"https://bigstore.vtexcommercestable.com.br:{port}")
    assert listener.headers == []


def test_carries_no_cookie_from_one_call_to_the_next(listener, settings):
    settings.OUTBOUND_ALLOW_LOOPBACK = True
    send(listener.url)
    send(listener.url)
    assert [headers.get("Cookie") for headers in listener.headers] == [None, None]


def test_takes_no_proxy_from_the_environment(listener, settings, monkeypatch):
    settings.OUTBOUND_ALLOW_LOOPBACK = True
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert send(listener.url).status == 200


def test_says_that_nothing_was_sent_when_nobody_listens():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    with pytest.raises(client.NotSent):
        send(f"http://127.0.0.1:{port}")


def test_says_that_the_outcome_is_unknown_when_the_connection_drops(settings):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept_and_drop() -> None:
            connection, _ = server.accept()
            connection.recv(65536)
            connection.close()

        thread = threading.Thread(target=accept_and_drop)
        thread.start()
        with pytest.raises(client.Unanswered):
            send(f"http://127.0.0.1:{server.getsockname()[1]}")
        thread.join()


def test_says_that_the_outcome_is_unknown_when_no_answer_comes_in_time(settings):
    settings.OUTBOUND_TIMEOUT_SECONDS = (1, 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(client.Unanswered):
        send(f"http://127.0.0.1:{server.getsockname()[1]}")


def test_stops_listening_to_an_answer_that_never_ends(settings):
    settings.OUTBOUND_DEADLINE_SECONDS = 0.3
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection, _ = server.accept()
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            try:
                while not ended.wait(0.02):
                    connection.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")
            except OSError:
                ended.set()

        thread = threading.Thread(target=drip)
        thread.start()
        answer = send(f"http://127.0.0.1:{server.getsockname()[1]}")
        ended.set()
        thread.join()
    assert answer.status == 200
    assert not answer.complete


@pytest.mark.django_db
def test_messages_wait_for_a_wrong_address_to_be_corrected(listener, settings):
    settings.OUTBOUND_ALLOW_LOOPBACK = True
    clock, acme = Hands(), an_account(marketplace_url="http://10.0.0.8")
    message, other = promise(acme), promise(acme, subject="2-01")
    run(clock)
    assert now_of(message).status == now_of(other).status == Status.PENDING
    assert "https://" in (message.last_error + other.last_error)
    assert ("misdirected", None) in outcomes(message) + outcomes(other)

    acme.marketplace_url = listener.url
    acme.save()
    clock.move(minutes=5)
    while run(clock):
        clock.move(minutes=5)
    assert now_of(message).status == now_of(other).status == Status.DELIVERED


@pytest.mark.django_db
def test_carries_the_trace_of_the_request_that_caused_the_message(listener, settings, rf):
    from django.http import HttpResponse

    from sellers.marketplace.tracing import TraceMiddleware

    settings.OUTBOUND_ALLOW_LOOPBACK = True
    acme = an_account(marketplace_url=listener.url)
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"

    def view(request: object) -> HttpResponse:
        promise(acme)
        return HttpResponse()

    TraceMiddleware(view)(rf.get("/", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}))
    promise(acme, subject="2-01")
    run(Hands())
    traces = [headers["traceparent"].split("-")[1] for headers in listener.headers]
    assert trace in traces
    assert len(set(traces)) == 2
    assert outbox.claim_due(now=Hands().now, limit=1) == []
