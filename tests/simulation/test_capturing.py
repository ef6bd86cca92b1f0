"""What is kept of answers: enough to give them again, nothing of the shopper, never too much."""

from __future__ import annotations

import json
import random
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any

import orjson
import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from sellers.models import SellerAccount
from sellers.seller_file.importing import import_seller
from simulation import capturing, core, preserving, recording, wire
from simulation.models import SimulationCapture
from simulation.tasks import trim
from tests.simulation.stage import KEY, a_level, a_policy, a_rate, a_sku, address, ask, open_shop
from tests.simulation.test_database_trouble import a_free_port, redirect

pytestmark = pytest.mark.django_db

GOLDEN = Path(__file__).parent / "golden"
NOW = datetime(2026, 3, 10, 13, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _keep_all(settings: LazySettings) -> None:
    settings.SIMULATION_CAPTURE_SAMPLE = 1.0


@pytest.fixture(autouse=True)
def _at_one_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)


def the_capture() -> SimulationCapture:
    recording.flush()
    return SimulationCapture.objects.get()


def replayed(capture: SimulationCapture) -> bytes:
    kept = preserving.unpack(bytes(capture.payload))
    assert kept.snapshot is not None
    return wire.render(core.simulate(kept.cart, kept.snapshot, kept.now))


def stored_answer(capture: SimulationCapture) -> bytes:
    return zlib.decompress(bytes(capture.answer))


# --- the same again -------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda path: path.stem)
def test_a_kept_answer_is_given_again_byte_for_byte(
    path: Path, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = json.loads(path.read_text())
    now = datetime.fromisoformat(case["now"])
    import_seller(case["seller"], now=now)
    monkeypatch.setattr(timezone, "now", lambda: now)

    given = client.post(
        address(), case["request"], content_type="application/json", query_params=case.get("query")
    )

    capture = the_capture()
    assert replayed(capture) == stored_answer(capture)
    if not case["request"].get("geoCoordinates"):
        assert stored_answer(capture) == given.content


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda path: path.stem)
def test_a_kept_answer_has_the_same_reasons(
    path: Path, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = json.loads(path.read_text())
    now = datetime.fromisoformat(case["now"])
    import_seller(case["seller"], now=now)
    monkeypatch.setattr(timezone, "now", lambda: now)
    client.post(address(), case["request"], content_type="application/json")
    (live,) = capturing.waiting
    assert live.cart is not None
    assert live.snapshot is not None

    kept = preserving.unpack(bytes(the_capture().payload))

    assert kept.snapshot is not None
    cart = preserving.scrubbed(live.cart)
    before = core.simulate(cart, live.snapshot, now, trace=True).decisions
    after = core.simulate(kept.cart, kept.snapshot, kept.now, trace=True).decisions
    assert orjson.dumps(after, default=list) == orjson.dumps(before, default=list)


def test_it_is_given_again_after_prices_stock_and_rates_have_changed(client: Client) -> None:
    open_shop(NOW)
    given = ask(client, ("mug", 3), postalCode="22270-030", country="BRA")
    capture = the_capture()
    open_shop(
        NOW,
        skus=[a_sku("mug", price=9999)],
        stock=[a_level("mug", "SP", 1)],
        shipping_policies=[a_policy("economy", rates=[a_rate(price=1)])],
    )
    assert json.loads(replayed(capture)) == given


def test_a_large_tariff_is_not_kept_with_every_answer(client: Client) -> None:
    rates = [
        a_rate(f"{start:08}", f"{start + 9_999:08}", max_weight_g=weight, price=start)
        for start in range(0, 20_000_000, 10_000)
        for weight in (1_000, None)
    ]
    open_shop(NOW, shipping_policies=[a_policy("economy", rates=rates)])
    ask(client, "mug", postalCode="01310-100")
    assert len(bytes(the_capture().payload)) < 2_000


# --- which are kept -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "fields", "cause"),
    [
        ("nothing-like-it", {}, "unknown-sku"),
        ("retired", {}, "inactive-sku"),
        ("unpriced", {}, "no-price"),
        ("expired", {}, "price-expired"),
        ("sold-out", {}, "out-of-stock"),
        (("mug", 11), {}, "served-in-part"),
        ("mug", {"postalCode": "00000", "country": "USA"}, "no-delivery"),
        ("mug", {"geoCoordinates": [-46.6, -23.5]}, "no-postal-code"),
    ],
)
def test_every_refusal_is_kept_with_its_cause(
    wanted: Any, fields: dict[str, Any], cause: str, client: Client, settings: LazySettings
) -> None:
    settings.SIMULATION_CAPTURE_SAMPLE = 0.0
    skus = [
        a_sku("mug"),
        a_sku("retired", active=False),
        a_sku("unpriced", price=None),
        a_sku("expired", price_valid_until="2026-03-10T12:59:59+00:00"),
        a_sku("sold-out"),
    ]
    levels = [a_level(sku["id"], "SP", 0 if sku["id"] == "sold-out" else 10) for sku in skus]
    open_shop(NOW, skus=skus, stock=levels)

    ask(client, wanted, **fields)

    capture = the_capture()
    ref, asked = wanted if isinstance(wanted, tuple) else (wanted, 1)
    served = {"served-in-part": 10, "no-delivery": 1, "no-postal-code": 1}.get(cause, 0)
    assert capture.causes == [cause]
    assert capture.refs == [ref]
    assert capture.lines == [[ref, asked, served, cause]]
    assert (capture.status, capture.at) == (200, NOW)


def test_what_the_destination_can_not_be_sent_is_kept(client: Client) -> None:
    open_shop(
        NOW,
        stock=[a_level("mug", "SP", 0), a_level("mug", "RJ", 5)],
        warehouses=[
            {"code": code, "name": code, "postal_code": "01000-000", "country": "BRA"}
            for code in ("SP", "RJ")
        ],
    )
    ask(client, "mug", postalCode="22270-030")
    assert the_capture().causes == ["no-stock-for-destination"]


def test_of_the_others_a_sample_is_kept(
    client: Client, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_shop(NOW)
    settings.SIMULATION_CAPTURE_SAMPLE = 0.01
    drawn = iter([0.5, 0.0099, 0.01])
    monkeypatch.setattr(random, "random", lambda: next(drawn))
    for quantity in (1, 2, 3):
        ask(client, ("mug", quantity), postalCode="22270-030")
    assert the_capture().lines == [["mug", 2, 2, ""]]


def test_a_request_that_could_not_be_read_is_kept_without_what_it_said(client: Client) -> None:
    open_shop(NOW)
    body = {"items": [{"id": "mug", "quantity": "Filomena Quintanilha"}]}
    response = client.post(address(), body, content_type="application/json")
    assert "Filomena" in response.json()["error"]["message"]

    capture = the_capture()

    assert (capture.status, capture.causes, capture.refs) == (400, ["invalid-field"], [])
    assert bytes(capture.payload) == b""
    assert b"items[0].quantity" in stored_answer(capture)
    assert b"Filomena" not in stored_answer(capture)


def test_an_unknown_address_is_counted_but_nothing_of_it_is_kept(client: Client) -> None:
    response = client.post(address("a" * 20), {"items": []}, content_type="application/json")
    assert response.status_code == 404
    recording.flush()
    assert not SimulationCapture.objects.exists()


# --- nothing personal -----------------------------------------------------------------------------

SECRETS = (
    "filomena@example.com",
    "Quintanilha",
    "52998224725",
    "+5511987654321",
    "Rua das Hortensias",
    "Berenice",
    "-46.6333",
    "-23.5505",
    "Casa da Filomena",
)


def test_nothing_personal_of_a_request_reaches_the_table(client: Client) -> None:
    open_shop(NOW)
    body = {
        "items": [{"id": "mug", "quantity": 1, "seller": "acme01", "note": "Casa da Filomena"}],
        "postalCode": "Rua das Hortensias, 1",
        "country": "BRA",
        "geoCoordinates": [-46.6333, -23.5505],
        "clientProfileData": {
            "email": "filomena@example.com",
            "lastName": "Quintanilha",
            "document": "52998224725",
            "phone": "+5511987654321",
        },
        "shippingData": {"street": "Rua das Hortensias", "receiverName": "Berenice"},
        "openTextField": "Casa da Filomena",
    }
    client.post(address(), body, content_type="application/json")

    capture = the_capture()

    row = SimulationCapture.objects.values().get()
    columns = [bytes(value) for value in row.values() if isinstance(value, (bytes, memoryview))]
    texts = [str(row).encode(), *columns, *(zlib.decompress(column) for column in columns)]
    assert len(texts) == 5
    for secret in SECRETS:
        assert not any(secret.encode() in text for text in texts), secret
    assert replayed(capture) == stored_answer(capture)


def test_a_postal_code_decides_and_is_kept(client: Client) -> None:
    open_shop(NOW)
    ask(client, "mug", postalCode="22270-030")
    assert preserving.unpack(bytes(the_capture().payload)).cart.postal_code == "22270-030"


# --- never too much, never in the way -------------------------------------------------------------


def test_a_full_queue_drops_answers_counts_them_and_refuses_nobody(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from simulation.models import SimulationMinute

    open_shop(NOW)
    monkeypatch.setattr(capturing, "MOST_WAITING", 2)
    for _ in range(5):
        assert ask(client, "mug")["items"]
    recording.flush()
    assert SimulationCapture.objects.count() == 2
    minute = SimulationMinute.objects.get()
    assert (minute.calls, minute.dropped) == (5, 3)


def test_a_fault_while_recording_spoils_no_answer(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_shop(NOW)
    monkeypatch.setattr(capturing, "shortfalls", lambda _simulation: 1 / 0)
    assert ask(client, "mug")["items"][0]["quantity"] == 1


def test_rows_are_bounded_by_age_and_by_number(client: Client, settings: LazySettings) -> None:
    open_shop(NOW)
    for _ in range(5):
        ask(client, "mug")
    recording.flush()
    newest = list(SimulationCapture.objects.order_by("-id").values_list("id", flat=True))
    settings.SIMULATION_CAPTURE_ROWS = 3
    assert trim() == 2
    assert list(SimulationCapture.objects.values_list("id", flat=True)) == newest[:3]
    old = NOW - timedelta(days=settings.SIMULATION_CAPTURE_DAYS, seconds=1)
    SimulationCapture.objects.filter(id=newest[0]).update(at=old)
    assert trim() == 1
    assert not SimulationCapture.objects.filter(id=newest[0]).exists()


def test_recording_costs_a_request_next_to_nothing(client: Client) -> None:
    """A few dozen calls for ten lines. Counted: clocks know of other work too."""
    skus = [f"sku-{number}" for number in range(10)]
    stock = [a_level(ref, "SP", 10) for ref in skus]
    open_shop(NOW, skus=[a_sku(ref) for ref in skus], stock=stock)
    ask(client, *skus, postalCode="22270-030")
    (kept,) = capturing.waiting
    assert kept.cart is not None
    assert kept.snapshot is not None
    seen = capturing.Seen()
    seen.cart, seen.snapshot = kept.cart, kept.snapshot
    seen.simulation = core.simulate(kept.cart, kept.snapshot, NOW)
    calls = _calls_of_recording(seen)
    assert capturing.waiting[-1].snapshot is kept.snapshot
    assert len(calls) <= 40, calls


def _calls_of_recording(seen: capturing.Seen) -> list[str]:
    """Names of the functions that are called, Python's own included."""
    calls: list[str] = []

    def noted(frame: FrameType, event: str, called: Any) -> None:
        if event == "call":
            calls.append(frame.f_code.co_qualname)
        elif event == "c_call":
            calls.append(called.__name__)

    sys.setprofile(noted)
    try:
        capturing.record(KEY, now=NOW, status=200, body=b"{}", seen=seen)
        recording.start()
    finally:
        sys.setprofile(None)
    return calls


# --- with a database of its own -------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_dead_database_costs_the_answers_of_that_moment_and_no_request(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from simulation.models import SimulationMinute

    open_shop(NOW)
    ask(client, "mug")
    with monkeypatch.context() as patch:
        redirect(patch, a_free_port())
        assert client.post(address(), {"items": []}, "application/json").status_code == 503
        recording.flush()
        assert not capturing.waiting
    recording.flush()

    assert not SimulationCapture.objects.exists()
    minute = SimulationMinute.objects.get()
    assert minute.account == SellerAccount.objects.get()
    assert (minute.calls, minute.unanswered, minute.dropped) == (2, 1, 2)
    assert minute.causes == {"database-unavailable": 1}


@pytest.fixture
def _recorder(settings: LazySettings) -> Iterator[None]:
    settings.SIMULATION_RECORD_SECONDS = 0.05
    yield
    settings.SIMULATION_RECORD_SECONDS = 0
    for thread in threading.enumerate():
        if thread.name == "simulation-recorder":
            thread.join(timeout=10)
            assert not thread.is_alive()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_recorder")
def test_a_thread_of_its_own_writes_what_was_kept(client: Client) -> None:
    open_shop(NOW)
    ask(client, "mug")
    deadline = time.monotonic() + 60
    while not SimulationCapture.objects.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert SimulationCapture.objects.get().refs == ["mug"]
    assert [t.name for t in threading.enumerate()].count("simulation-recorder") == 1
