"""However a call's body was sent: it is read whole, or refused with the reason."""

from __future__ import annotations

import gzip
import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import connection

from orders import wire
from orders.models import Order
from tests.builders import a_placement
from tests.orders.conftest import error_of, everything

CART = {"items": [{"id": "1001", "quantity": 1, "seller": "1"}], "postalCode": "01000000"}
SIMULATION = "/pvt/orderForms/simulation"


@pytest.fixture
def port(vtex) -> Iterator[int]:
    """Of the portal as it is served, on the database of this test."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number = int(probe.getsockname()[1])
    given = urlsplit(os.environ["DATABASE_URL"])
    where = urlunsplit(given._replace(path=f"/{connection.settings_dict['NAME']}"))
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--http", "1", "--no-ws"]
    process = subprocess.Popen(
        [*command, "--port", str(number), "--workers", "1", "config.wsgi:application"],
        env=os.environ | {"DATABASE_URL": where},
    )
    try:
        _await(number)
        yield number
    finally:
        process.terminate()
        process.wait(timeout=30)


def _await(port: int) -> None:
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("granian did not come up")


def _send_in_chunks(port: int, path: str, body: bytes) -> tuple[int, bytes]:
    caller = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    pieces = (body[at : at + 100_000] for at in range(0, len(body), 100_000))
    headers = {"Content-Type": "application/json"}
    caller.request("POST", path, body=pieces, headers=headers, encode_chunked=True)
    answer = caller.getresponse()
    return answer.status, answer.read()


def test_reads_bodies_that_come_in_chunks_as_it_is_served(vtex, port):
    status, body = _send_in_chunks(port, vtex.base + SIMULATION, json.dumps(CART).encode())
    assert status == 200, body
    assert json.loads(body)["items"][0]["id"] == "1001"
    placement = a_placement(openTextField={"value": "x" * 900_000})
    status, body = _send_in_chunks(
        port, vtex.base + "/pvt/orders", json.dumps([placement]).encode()
    )
    assert status == 200, body
    order = Order.objects.get()
    cancel = f"{vtex.base}/pvt/orders/{order.seller_order_id}/cancel"
    asked = json.dumps({"marketplaceOrderId": order.marketplace_order_id}).encode()
    status, body = _send_in_chunks(port, cancel, asked)
    assert status == 200, body
    order.refresh_from_db()
    assert order.status == "cancelled"
    for path in (SIMULATION, "/pvt/orders"):
        status, body = _send_in_chunks(port, vtex.base + path, b" " * (wire.LARGEST_BODY + 1))
        assert status == 413, body
        assert json.loads(body)["error"]["code"] == "body-too-large"


@pytest.mark.parametrize("path", [SIMULATION, "/pvt/orders", "/hook"])
@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate, gzip"])
def test_refuses_compressed_bodies_and_says_so(vtex, path, encoding):
    before = everything()
    body = gzip.compress(json.dumps(CART).encode())
    refusal = vtex.post(path, body, **{"Content-Encoding": encoding})
    assert refusal.status_code == 415
    assert error_of(refusal)["code"] == "unsupported-encoding"
    assert encoding in error_of(refusal)["message"]
    assert everything() == before


@pytest.mark.parametrize("path", [SIMULATION, "/pvt/orders", "/pvt/orders/R-X/cancel"])
@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-16-be", "utf-32"])
def test_says_that_text_is_not_utf_8(vtex, path, encoding):
    refusal = vtex.post(path, '{"items": "ação"}'.encode(encoding))
    assert refusal.status_code == 400
    assert error_of(refusal) == {
        "code": "malformed-json",
        "message": "The body is not UTF-8 text.",
        "exception": None,
    }


def test_reads_past_a_byte_order_mark_and_over_identity(vtex):
    as_is = {"Content-Encoding": "identity"}
    for path, document in ((SIMULATION, CART), ("/pvt/orders", a_placement())):
        answer = vtex.post(path, json.dumps(document).encode("utf-8-sig"), **as_is)
        assert answer.status_code == 200, answer.content


def test_asks_for_the_length_where_the_end_of_a_body_cannot_be_known(vtex):
    for path in (SIMULATION, "/pvt/orders"):
        refusal = vtex.post(path, b"{}", **{"Transfer-Encoding": "chunked", "Content-Length": ""})
        assert refusal.status_code == 411
        assert error_of(refusal)["code"] == "length-required"
