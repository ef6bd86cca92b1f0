"""POST /hook: stored once, answered at once, acted on later; and only from our own hook."""

from __future__ import annotations

from typing import Any

import pytest

from orders.models import Order, OrderEvent
from orders.tasks import process_events
from tests.builders import a_placement
from tests.orders.conftest import error_of

SECRET = {"X-Hook-Secret": "only-vtex-knows"}


def an_event(**facts: Any) -> dict[str, Any]:
    return {
        "Domain": "Marketplace",
        "OrderId": "1138342255777-01",
        "State": "payment-approved",
        "LastState": "payment-pending",
        "LastChange": "2026-03-02T12:00:00.1234567Z",
        "CurrentChange": "2026-03-02T12:00:01Z",
        "Origin": {"Account": "bigstore", "Key": "acme-key"},
    } | facts


@pytest.fixture
def hook(acme, vtex):
    acme.hook_header_name, acme.hook_header_value = next(iter(SECRET.items()))
    acme.save()
    return vtex


def test_answers_the_ping_of_the_configuration(hook):
    assert hook.post("/hook", {"hookConfig": "ping"}, **SECRET).status_code == 200
    assert not OrderEvent.objects.exists()


def test_stores_an_event_as_it_came(hook):
    event = an_event(Future={"a": 1})
    assert hook.post("/hook/", event, **SECRET).status_code == 200
    assert OrderEvent.objects.get().document == event


def test_stores_the_same_change_once(hook):
    for _again in range(3):
        assert hook.post("/hook", an_event(), **SECRET).status_code == 200
    assert OrderEvent.objects.count() == 1


@pytest.mark.parametrize(
    ("event", "headers"),
    [
        (an_event(), {}),
        (an_event(), {"X-Hook-Secret": "guess"}),
        (an_event(Origin={"Account": "other", "Key": "acme-key"}), SECRET),
        (an_event(Origin={"Account": "bigstore", "Key": "other"}), SECRET),
        (an_event(Origin=None), SECRET),
    ],
)
def test_refuses_events_of_others(hook, event, headers):
    answer = hook.post("/hook", event, **headers)
    assert answer.status_code == 401
    error_of(answer)
    assert not OrderEvent.objects.exists()


@pytest.mark.parametrize("state", ["payment-approved", "a-state-of-the-future", None])
def test_notes_the_status_at_the_marketplace_and_moves_nothing(hook, state):
    hook.placed(a_placement())
    hook.post("/hook", an_event(State=state), **SECRET)
    assert process_events() == 1
    assert process_events() == 0
    order = Order.objects.get()
    assert order.marketplace_status == (state or "")
    assert order.status == "reserved"


def test_does_not_let_an_old_event_overwrite_a_newer_one(hook):
    hook.placed(a_placement())
    hook.post("/hook", an_event(State="new", LastChange="2026-03-02T12:00:05Z"), **SECRET)
    process_events()
    hook.post("/hook", an_event(State="old", LastChange="2026-03-02T12:00:01Z"), **SECRET)
    process_events()
    assert Order.objects.get().marketplace_status == "new"


def test_files_an_event_about_an_order_it_does_not_know(hook):
    hook.post("/hook", an_event(), **SECRET)
    process_events()
    assert OrderEvent.objects.get().outcome == "unknown-order"


@pytest.mark.parametrize("event", [{}, {"OrderId": None}, [], "x", {"OrderId": "y" * 61}])
def test_refuses_what_is_no_event(hook, event):
    answer = hook.post("/hook", event, **SECRET)
    assert answer.status_code == 400
    error_of(answer)
