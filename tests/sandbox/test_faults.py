"""The knobs, the journal and the doors."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from sandbox.client import StandIn, StandInError
from tests.sandbox.conftest import Running, start

MUG = {"id": "mug", "quantity": 1, "price": 17}


def test_throttles_with_retry_after_and_does_nothing(standin: Running) -> None:
    order = standin.adopt(MUG)
    standin.control.knobs(throttle_rate=1, retry_after_s=7)
    answer = standin.invoice(order, "1", 17)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert standin.control.order(order)["packages"] == []


def test_fails_without_effect(standin: Running) -> None:
    order = standin.adopt(MUG)
    standin.control.knobs(error_rate=1, error_status=502)
    assert standin.invoice(order, "1", 17).status_code == 502
    assert standin.control.order(order)["packages"] == []


@pytest.mark.parametrize(
    ("fault", "booked"), [("drop-before", 0), ("drop-after", 1), ("error-after", 1)]
)
def test_plays_the_scripted_fault_once(standin: Running, fault: str, booked: int) -> None:
    order = standin.adopt(MUG)
    standin.control.knobs(script=[fault])
    if fault.startswith("drop"):
        with pytest.raises(requests.ConnectionError):
            standin.invoice(order, "1", 17)
    else:
        assert standin.invoice(order, "1", 17).status_code == 503
    found = standin.control.order(order)
    assert len(found["packages"]) == booked
    assert found["calls"][-1]["note"] == fault
    assert standin.invoice(order, "1", 17).status_code == 200
    assert len(standin.control.order(order)["packages"]) == 1


def test_touches_only_the_chosen_paths(standin: Running) -> None:
    order = standin.adopt(MUG)
    standin.control.knobs(error_rate=1, path="/tracking$")
    assert standin.invoice(order, "1", 17).status_code == 200
    assert standin.order_call("PUT", order, "/invoice/1/tracking", {}).status_code == 503


def test_deals_the_same_faults_for_the_same_seed(standin: Running) -> None:
    order = standin.adopt(MUG)

    def statuses() -> list[int]:
        standin.control.knobs(error_rate=0.5, seed=42)
        return [standin.order_call("GET", order).status_code for _ in range(20)]

    first = statuses()
    assert first == statuses()
    assert {200, 503} == set(first)


def test_takes_its_time(standin: Running) -> None:
    order = standin.adopt(MUG)
    standin.control.knobs(latency_ms=120)
    assert standin.order_call("GET", order).elapsed.total_seconds() >= 0.12


@pytest.mark.parametrize(
    "change",
    [
        {"error_rate": 1.5},
        {"error_rate": 0.6, "throttle_rate": 0.6},
        {"latency_ms": -1},
        {"error_status": 200},
        {"path": "("},
        {"script": ["explode"]},
        {"nonsense": 1},
    ],
)
def test_refuses_a_knob_turned_too_far(standin: Running, change: dict[str, object]) -> None:
    before = standin.control.knobs()
    with pytest.raises(StandInError):
        standin.control.knobs(**change)
    assert standin.control.knobs() == before


def test_turns_knobs_from_the_page(standin: Running) -> None:
    answer = requests.post(
        f"{standin.url}/knobs", data={"error_rate": "0.25", "seed": ""}, timeout=5
    )
    assert answer.status_code == 200
    assert 'name="error_rate" value="0.25"' in answer.text
    assert standin.control.knobs()["error_rate"] == 0.25


def test_remembers_everything_after_a_restart(tmp_path: Path) -> None:
    running = start(tmp_path)
    order = running.adopt({**MUG, "quantity": 2})
    running.invoice(order, "1", 17)
    running.call("POST", f"/api/oms/pvt/orders/{order}/invoice", {}, headers={})
    before, anomalies = running.control.order(order), running.anomalies()
    running.stop()
    journal = tmp_path / "journal.jsonl"
    journal.write_bytes(journal.read_bytes() + b'{"order":{"id":"torn')
    running = start(tmp_path)
    assert running.control.order(order) == before
    assert running.anomalies() == anomalies
    assert running.invoice(order, "2", 17).status_code == 200
    fresh = running.adopt(MUG)
    running.stop()
    running = start(tmp_path)
    assert running.control.order(order)["status"] == "invoiced"
    assert fresh != order
    assert {row["marketplaceOrderId"] for row in running.control.orders()} == {order, fresh}
    running.stop()


def test_forgets_orders_but_never_gives_an_id_twice(standin: Running) -> None:
    before = standin.adopt(MUG)
    standin.control.reset()
    assert list(standin.control.orders()) == []
    assert standin.adopt(MUG) != before


def test_delivers_after_a_restart_what_the_feed_still_held(tmp_path: Path) -> None:
    running = start(tmp_path)
    config = {"filter": {"type": "FromWorkflow", "status": []}, "queue": {}}
    running.call("POST", "/api/orders/feed/config", config)
    running.adopt(MUG)
    first = running.call("GET", "/api/orders/feed?maxlot=1").json()
    running.call("POST", "/api/orders/feed", {"handles": [first[0]["handle"]]})
    running.stop()
    running = start(tmp_path)
    rows = running.call("GET", "/api/orders/feed?maxlot=10").json()
    running.stop()
    assert [row["state"] for row in rows] == [
        "waiting-for-authorization",
        "payment-pending",
        "payment-approved",
    ]


def test_lets_one_program_at_a_time_into_a_directory(standin: Running, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="another stand-in"):
        start(tmp_path)


def test_lists_every_order_page_by_page(standin: Running) -> None:
    made = standin.control.adopt([{"items": [MUG]} for _ in range(230)])["orders"]
    listed = [row["number"] for row in standin.control.orders()]
    assert listed == sorted((row["number"] for row in made), reverse=True)


def test_shows_the_order_as_the_marketplace_sees_it(standin: Running) -> None:
    order = standin.adopt({**MUG, "id": "<b>mug"}, sellerOrderId="R<i>1")
    items = [{"id": "<b>mug", "price": 17, "quantity": 1}]
    standin.invoice(order, "N<u>1", 10, items=items)
    index = requests.get(standin.url, timeout=5)
    assert "0.17" in index.text and "0.10" in index.text and "0.07" in index.text
    assert "unsafe-invoice-number" in index.text
    assert "default-src 'none'" in index.headers["Content-Security-Policy"]
    page = requests.get(f"{standin.url}/orders/{order}", timeout=5).text
    assert "N&lt;u&gt;1" in page and "R&lt;i&gt;1" in page
    for text in (index.text, page):
        assert "<b>mug" not in text and "<u>1" not in text and "<i>1" not in text


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}])
def test_lets_no_other_site_turn_its_knobs(standin: Running, headers: dict[str, str]) -> None:
    answer = requests.post(
        f"{standin.url}/_control/knobs", json={"error_rate": 1}, headers=headers, timeout=5
    )
    assert answer.status_code == 403
    assert standin.control.knobs()["error_rate"] == 0


@pytest.fixture
def program(tmp_path: Path) -> subprocess.Popen[str]:
    root = Path(__file__).parents[2]
    environment = os.environ | {"SANDBOX_APP_KEY": "key", "SANDBOX_APP_TOKEN": "token"}
    return subprocess.Popen(
        [sys.executable, "-m", "sandbox", "--port", "0", "--data", str(tmp_path)],
        cwd=root,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_runs_as_a_program_and_stops_when_told(program: subprocess.Popen[str]) -> None:
    with program:
        assert program.stdout is not None
        line = program.stdout.readline()
        found = re.search(r"http://\S+:\d+", line)
        assert found, line
        assert StandIn(found[0]).health() == {"ok": True, "orders": 0}
        program.send_signal(signal.SIGTERM)
        assert program.wait(timeout=60) == 0
