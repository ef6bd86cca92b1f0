"""The days of an account are counted by two at once: by the clock, and by an impatient manager."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from django.db import IntegrityError
from django.utils import timezone

from reporting.dashboard import counting
from reporting.models import DayCount
from tests.builders import a_seller, an_order
from tests.concurrency.racing import together

pytestmark = pytest.mark.django_db(transaction=True)


def count_at_once(monkeypatch: pytest.MonkeyPatch, *, patience: float) -> list[Any]:
    """Each waits for the other between deleting the old counts and writing the new ones."""
    meeting, execute = Barrier(2), counting._execute

    def after_meeting(*args: Any) -> None:
        with suppress(BrokenBarrierError):  # the other waits for its turn, or was here already
            meeting.wait(timeout=patience)
        execute(*args)

    monkeypatch.setattr(counting, "_execute", after_meeting)
    now = timezone.now()
    an_order(placed_at=now)
    return together([partial(counting.count, a_seller(), now=now)] * 2)


def test_two_countings_of_an_account_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    assert count_at_once(monkeypatch, patience=0.5) == [1, 1]
    assert DayCount.objects.get(figure="placed").count == 1


def test_control_without_turns_one_counting_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "_take_turns", lambda account: None)
    results = count_at_once(monkeypatch, patience=5)
    assert [type(result) for result in results].count(IntegrityError) == 1
