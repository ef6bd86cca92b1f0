"""Counts by the minute: all processes add up, nothing is lost while the database is away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from sellers.models import SellerAccount
from simulation import capturing, recording
from simulation.models import SimulationMinute
from simulation.tallying import BOUNDS_MS, MOST_CELLS, OVERFLOW, Cell, Tallier, Tally, percentile
from simulation.tasks import trim
from tests.simulation.stage import KEY, a_level, a_sku, address, ask, open_shop

NOW = datetime(2026, 3, 10, 13, 0, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _at_one_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.mark.django_db
def test_counts_calls_by_what_became_of_them(client: Client) -> None:
    account = open_shop(NOW, skus=[a_sku("mug"), a_sku("cup")], stock=[a_level("mug", "SP", 1)])
    ask(client, "mug")
    ask(client, ("mug", 2), "cup", "cup")
    client.post(address(), {"items": 1}, content_type="application/json")
    recording.flush()
    minute = SimulationMinute.objects.get()
    assert (minute.account, minute.minute) == (account, NOW.replace(second=0))
    assert (minute.calls, minute.unavailable, minute.rejected) == (3, 1, 1)
    assert minute.causes == {"served-in-part": 1, "out-of-stock": 2, "invalid-field": 1}
    assert sum(minute.durations) == 3


@pytest.mark.django_db
def test_adds_to_the_minute_another_process_has_written(client: Client) -> None:
    open_shop(NOW)
    for quantity in (1, 11):
        ask(client, ("mug", quantity))
        recording.flush()
    minute = SimulationMinute.objects.get()
    assert (minute.calls, minute.unavailable, sum(minute.durations)) == (2, 1, 2)
    assert minute.causes == {"served-in-part": 1}


@pytest.mark.django_db
def test_unknown_addresses_share_a_row_without_an_account(client: Client) -> None:
    open_shop(NOW)
    for letter in "ab":
        client.post(address(letter * 20), {"items": []}, content_type="application/json")
    recording.flush()
    minute = SimulationMinute.objects.get()
    assert (minute.account, minute.calls, minute.rejected) == (None, 2, 2)


@pytest.mark.django_db
def test_calls_at_a_replaced_key_are_the_accounts(client: Client) -> None:
    open_shop(NOW)
    SellerAccount.objects.update(
        endpoint_key="n" * 20,
        old_endpoint_key=KEY,
        old_endpoint_key_until=NOW + timedelta(hours=1),
    )
    ask(client, "mug")
    recording.flush()
    assert SimulationMinute.objects.get().account == SellerAccount.objects.get()


@pytest.mark.django_db
def test_old_minutes_are_forgotten(client: Client, settings: LazySettings) -> None:
    open_shop(NOW)
    ask(client, "mug")
    recording.flush()
    assert trim() == 0
    old = NOW - timedelta(days=settings.SIMULATION_MINUTE_DAYS, seconds=1)
    SimulationMinute.objects.update(minute=old)
    assert trim() == 1


def test_scanners_of_addresses_do_not_fill_the_memory() -> None:
    tallier = Tallier()
    for number in range(MOST_CELLS + 50):
        tallier.count(f"key{number}", NOW, status=404, took_us=1, causes=("unknown-endpoint",))
    cells = tallier.take()
    assert len(cells) == MOST_CELLS + 1
    assert cells[Cell(int(NOW.timestamp()) // 60, OVERFLOW)].calls == 50


def test_what_is_given_back_is_counted_once_more_and_not_twice() -> None:
    tallier = Tallier()
    tallier.count(KEY, NOW, status=503, took_us=1_400_000, causes=("database-unavailable",))
    taken = tallier.take()
    tallier.count(KEY, NOW, status=200, took_us=900, causes=())
    tallier.give_back(taken)
    (tally,) = tallier.take().values()
    assert (tally.calls, tally.unanswered, sum(tally.durations)) == (2, 1, 2)
    assert tallier.take() == {}


def test_a_minute_later_is_another_cell() -> None:
    tallier = Tallier()
    for moment in (NOW, NOW + timedelta(minutes=1)):
        tallier.count(KEY, moment, status=200, took_us=1, causes=())
    assert [tally.calls for tally in tallier.take().values()] == [1, 1]


def test_percentiles_lie_in_the_bucket_of_their_call() -> None:
    tally = Tally()
    for took_ms in [1] * 50 + [10] * 45 + [100] * 5:
        tally.count(200, took_ms * 1_000, ())
    p50, p95, p99 = (percentile(tally.durations, share) for share in (0.5, 0.95, 0.99))
    assert p50 == 1
    assert p95 == 12
    assert p99 is not None
    assert 80 < p99 <= 120


def test_there_is_no_percentile_of_nothing() -> None:
    assert percentile([], 0.5) is None
    assert percentile(Tally().durations, 0.5) is None


@given(st.lists(st.integers(0, 10_000_000), min_size=1, max_size=60))
def test_percentiles_never_fall_with_the_share(durations: list[int]) -> None:
    tally = Tally()
    for took_us in durations:
        tally.count(200, took_us, ())
    found = [percentile(tally.durations, share / 10) for share in range(1, 11)]
    assert all(a is not None and b is not None and a <= b for a, b in pairwise(found))
    assert found[-1] is not None
    assert found[-1] <= BOUNDS_MS[-1]


@pytest.mark.django_db
def test_a_recorded_answer_that_can_not_be_written_spoils_no_other(
    client: Client, settings: LazySettings
) -> None:
    from simulation.models import SimulationCapture

    settings.SIMULATION_CAPTURE_SAMPLE = 1.0
    open_shop(NOW)
    ask(client, "mug")
    capturing.waiting.append(capturing.waiting[0]._replace(body=b"not what is rendered"))
    recording.flush()
    assert SimulationCapture.objects.count() == 1
