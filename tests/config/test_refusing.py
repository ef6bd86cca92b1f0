"""What no view answers, at the addresses the marketplace calls and at those of people."""

from __future__ import annotations

import logging

import pytest
from django.test import Client

from orders.views import PlaceOrders
from tests.orders.conftest import _compiled_anew, acme, error_of, vtex

__all__ = ["_compiled_anew", "acme", "vtex"]

KEY = "Ab3d9kQ2mN5pR8sT1vW4"


@pytest.mark.parametrize("method", ["get", "post", "put", "options"])
@pytest.mark.parametrize(
    "path",
    [
        "/api",
        "/api/",
        f"/api/{KEY}",
        f"/api/{KEY}/",
        "/api//pvt/orders",
        f"/api/{KEY}/pvt",
        "/api/x",
    ],
)
def test_answers_json_and_never_a_redirect_under_api(db, path, method):
    answer = getattr(Client(enforce_csrf_checks=True), method)(path)
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/json"
    assert error_of(answer)["code"] in ("not-found", "unknown-endpoint")


@pytest.mark.parametrize("host", ["evil.example", "a b", "x" * 300, "evil.example:80:80"])
def test_refuses_another_host_in_json_and_in_one_line_of_the_log(vtex, client, caplog, host):
    for path in ("/pvt/orders", "/pvt/orderForms/simulation"):
        caplog.clear()
        answer = client.post(vtex.base + path, b"{}", "application/json", headers={"Host": host})
        assert answer.status_code == 400
        assert error_of(answer)["code"] == "bad-request"
        (record,) = caplog.records
        assert (record.levelno, record.exc_info) == (logging.WARNING, None)
        assert "\n" not in record.getMessage()


def test_answers_people_in_html(db, client):
    for path, more, status in (("/nowhere", {}, 404), ("/admin/", {"Host": "evil.example"}, 400)):
        answer = client.get(path, headers=more)
        assert answer.status_code == status
        assert answer["Content-Type"].startswith("text/html")


def test_answers_a_fault_of_ours_in_json(vtex, monkeypatch):
    def fail(*_: object) -> None:
        raise RuntimeError("ours")

    monkeypatch.setattr(PlaceOrders, "post", fail)
    answer = vtex.post("/pvt/orders", {})
    assert answer.status_code == 500
    assert error_of(answer)["code"] == "internal-error"
