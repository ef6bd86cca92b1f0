"""POST /hook: stored once, answered at once, whatever goes on behind; only from our own hook."""

from __future__ import annotations

from typing import Any

import pytest
from celery import Celery
from django.db import connection

from orders.models import OrderEvent
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


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-02T12:00:00.12Z",
        "2026-03-02T12:00:00.1200000+00:00",
        "2026-03-02T09:00:00.120-0300",
    ],
)
def test_knows_the_same_change_however_its_moment_is_written(hook, written):
    hook.post("/hook", an_event(LastChange="2026-03-02T12:00:00.1200000Z"), **SECRET)
    hook.post("/hook", an_event(LastChange=written), **SECRET)
    assert OrderEvent.objects.count() == 1


def test_answers_5xx_when_it_can_not_store_so_that_the_event_comes_again(hook):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE orders_orderevent RENAME TO away")
        try:
            answer = hook.post("/hook", an_event(), **SECRET)
        finally:
            cursor.execute("ALTER TABLE away RENAME TO orders_orderevent")
    assert answer.status_code >= 500
    assert hook.post("/hook", an_event(), **SECRET).status_code == 200
    assert OrderEvent.objects.count() == 1


def test_stores_and_answers_at_once_while_redis_is_down(hook, settings, monkeypatch):
    """Celery's client would wait for a broker: it is not asked when the board is out of reach."""
    asked: list[object] = []
    monkeypatch.setattr(Celery, "send_task", lambda *given, **_more: asked.append(given))
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert hook.post("/hook", an_event(), **SECRET).status_code == 200
    assert OrderEvent.objects.count() == 1
    assert asked == []


@pytest.mark.parametrize("state", ["a-status-of-tomorrow-" * 9, 7, None])
def test_keeps_whatever_status_an_event_has(hook, state):
    for _again in range(2):
        assert hook.post("/hook", an_event(State=state), **SECRET).status_code == 200
    assert OrderEvent.objects.get().document["State"] == state


@pytest.mark.parametrize("event", [{}, {"OrderId": None}, [], "x", {"OrderId": "y" * 61}])
def test_refuses_what_is_no_event(hook, event):
    answer = hook.post("/hook", event, **SECRET)
    assert answer.status_code == 400
    error_of(answer)
