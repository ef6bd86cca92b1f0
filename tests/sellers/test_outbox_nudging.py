"""The nudge is a courtesy: without it, beat delivers seconds later."""

from __future__ import annotations

import time

import pytest
from celery import current_app

from sellers.marketplace import nudging
from sellers.models import OutboxMessage
from tests.sellers.outbound import an_account, promise

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _rested(monkeypatch):
    monkeypatch.setattr(nudging, "_resting_until", 0.0)


@pytest.fixture
def sent(monkeypatch) -> list[str]:
    names: list[str] = []
    monkeypatch.setattr(current_app, "send_task", lambda name, **_: names.append(name))
    return names


def test_nudges_a_worker_once_the_cause_is_committed(sent, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        promise(an_account())
        assert sent == []
    assert sent == ["sellers.marketplace.tasks.deliver_due"]


def test_nudges_once_for_many_messages_until_a_worker_has_heard(
    sent, django_capture_on_commit_callbacks
):
    acme = an_account()
    with django_capture_on_commit_callbacks(execute=True):
        for n in range(20):
            promise(acme, subject=f"{n}-01")
    assert len(sent) == 1
    nudging.nudge_received()
    with django_capture_on_commit_callbacks(execute=True):
        promise(acme, subject="21-01")
    assert len(sent) == 2


def test_does_not_nudge_for_a_promise_made_before(sent, django_capture_on_commit_callbacks):
    acme = an_account()
    promise(acme)
    with django_capture_on_commit_callbacks(execute=True):
        promise(acme)
    assert sent == []


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "redis://no-such-host.invalid/0"])
def test_neither_fails_nor_waits_when_the_broker_is_down(
    settings, url, django_capture_on_commit_callbacks
):
    settings.REDIS_URL = url
    acme = an_account()
    began = time.monotonic()
    with django_capture_on_commit_callbacks(execute=True):
        for n in range(20):
            promise(acme, subject=f"{n}-01")
    assert time.monotonic() - began < 2
    assert OutboxMessage.objects.count() == 20


def test_survives_a_broker_that_dies_between_the_two_steps(
    monkeypatch, django_capture_on_commit_callbacks
):
    def refuse(*_: object, **__: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(current_app, "send_task", refuse)
    with django_capture_on_commit_callbacks(execute=True):
        promise(an_account())
    assert OutboxMessage.objects.count() == 1


def test_beats_schedule_names_the_task_that_exists(settings):
    import sellers.marketplace.tasks  # noqa: F401  (registers it)

    named = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert nudging.DELIVER_DUE in named
    assert nudging.DELIVER_DUE in current_app.tasks
