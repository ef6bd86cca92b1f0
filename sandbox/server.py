"""The HTTP plumbing: one server, one marketplace, faults dealt out at the socket."""

import socket
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from sandbox import control, pages
from sandbox.market import Marketplace
from sandbox.wire import Answer, Refused, Request, refusal

MOST_BYTES = 5_000_000
IDLE_SECONDS = 75


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = IDLE_SECONDS
    server: "Server"

    def do_GET(self) -> None:
        request = self._request()
        if request is None:
            return
        local = request.path == "/" or request.path.startswith(("/_control", "/orders/", "/knobs"))
        answer = self._local(request) if local else self.server.market.serve(request)
        if answer is None:
            self._hang_up()
        else:
            self._send(answer)
        if self.server.verbose:
            status = answer.status if answer else "(hung up)"
            print(f"{request.method} {request.path} {status}", flush=True)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 (http.server's names)

    def _request(self) -> Request | None:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdecimal():
            self._give_up(411)
            return None
        if int(length) > MOST_BYTES:
            self._give_up(413)
            return None
        url = urlsplit(self.path)
        raw = self.rfile.read(int(length)) if length != "0" else b""
        query = dict(parse_qsl(url.query, keep_blank_values=True)) if url.query else {}
        return Request(self.command, unquote(url.path), query, self.headers, raw)

    def _give_up(self, status: int) -> None:
        self.close_connection = True
        self._send(refusal(Refused(status, "1", "The body's length is missing or too large.")))

    def _local(self, request: Request) -> Answer:
        """Pages and control: for this machine alone, and not for other sites' forms."""
        host = (urlsplit(f"//{request.headers.get('Host', '')}").hostname or "").lower()
        origin = request.headers.get("Origin")
        ours = origin is None or urlsplit(origin).netloc == request.headers.get("Host")
        if not (_loopback(self.client_address[0]) and _loopback(host) and ours):
            return refusal(Refused(403, "1", "Only from the machine the stand-in runs on."))
        if request.path.startswith("/_control"):
            return control.answer(self.server.market, request)
        return pages.answer(self.server.market, request)

    def _send(self, answer: Answer) -> None:
        """Head and body in one write, so that a small answer is one packet."""
        payload = answer.payload()
        lines = [f"HTTP/1.1 {answer.status} {self.responses.get(answer.status, ('',))[0]}"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        if answer.status != 204:
            lines += [f"Content-Type: {answer.content_type}", f"Content-Length: {len(payload)}"]
        if self.close_connection:
            lines.append("Connection: close")
        self.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1") + payload)

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: --verbose prints its own line."""


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512

    def __init__(self, address: tuple[str, int], *, verbose: bool = False) -> None:
        self.verbose = verbose
        self.market: Marketplace
        super().__init__(address, Handler)

    @property
    def url(self) -> str:
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A seller that hangs up is no news; anything else is our own fault and is shown."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)
