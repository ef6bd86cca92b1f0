"""Rates and circuits, shared by all workers through Redis; and life without Redis."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta

import pytest

from sellers.marketplace import breaker, rate, shared, turns
from sellers.models import OutboxMessage
from tests.sellers.outbound import (
    HOST,
    NOW,
    RECEIPT,
    Hands,
    Kind,
    Status,
    an_account,
    now_of,
    promise,
    run,
)

ACME, RIVAL = 1, 2
A_SECOND = timedelta(seconds=1)


@pytest.fixture
def no_redis(settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    rate._next_alone.clear()


def fail(times: int, *, account_id: int = ACME, now=NOW) -> None:
    for _ in range(times):
        breaker.failed(account_id=account_id, now=now)


def admitted(now=NOW, account_id: int = ACME) -> bool:
    return refused_until(now, account_id) is None


def refused_until(now: datetime, account_id: int = ACME) -> datetime | None:
    return turns.wait_for(account_id=account_id, clock=lambda: now).until


def test_stays_closed_for_a_few_failures():
    fail(4)
    assert admitted()
    breaker.succeeded(account_id=ACME, now=NOW)
    fail(4)
    assert admitted()
    assert breaker.resting(now=NOW) == []


def test_opens_after_failures_in_a_row_for_that_account_only():
    fail(5)
    assert not admitted()
    assert breaker.resting(now=NOW) == [ACME]
    assert admitted(account_id=RIVAL)


def test_lets_one_probe_through_and_closes_when_it_succeeds():
    fail(5)
    later = NOW + timedelta(seconds=10)
    assert [admitted(later) for _ in range(3)] == [True, False, False]
    breaker.succeeded(account_id=ACME, now=later)
    assert [admitted(later) for _ in range(3)] == [True, True, True]


def test_rests_twice_as_long_each_time_the_probe_fails_up_to_a_limit():
    fail(5)
    rests, now = [], NOW
    for _ in range(8):
        until = refused_until(now)
        assert until is not None
        rests.append((until - now).total_seconds())
        now = until
        assert admitted(now)
        fail(1, now=now)
    assert rests == [10, 20, 40, 80, 160, 300, 300, 300]


def test_opens_at_once_for_as_long_as_the_marketplace_asks():
    breaker.failed(account_id=ACME, now=NOW, rest=timedelta(seconds=90))
    assert not admitted(NOW + timedelta(seconds=89))
    assert admitted(NOW + timedelta(seconds=90))


def test_a_call_that_succeeds_meanwhile_does_not_cut_the_rest_short():
    breaker.failed(account_id=ACME, now=NOW, rest=timedelta(seconds=90))
    breaker.succeeded(account_id=ACME, now=NOW + A_SECOND)
    assert not admitted(NOW + 2 * A_SECOND)


def test_a_later_shorter_request_does_not_cut_the_rest_short():
    breaker.failed(account_id=ACME, now=NOW, rest=timedelta(seconds=90))
    breaker.failed(account_id=ACME, now=NOW, rest=A_SECOND)
    assert not admitted(NOW + timedelta(seconds=89))


def test_keeps_to_the_accounts_rate_however_many_workers_ask(settings):
    settings.OUTBOUND_RATE_PER_SECOND, settings.OUTBOUND_BURST = 50.0, 10
    granted, lock, ends = [], threading.Lock(), time.monotonic() + 1.0

    def worker() -> None:
        while time.monotonic() < ends:
            if not rate.take(account_id=ACME):
                with lock:
                    granted.append(1)
            time.sleep(0.001)

    threads = [threading.Thread(target=worker) for _ in range(6)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lasted = time.monotonic() - began
    assert 30 <= len(granted) <= 10 + 50 * lasted + 1


def test_counts_each_account_for_itself(settings):
    settings.OUTBOUND_RATE_PER_SECOND, settings.OUTBOUND_BURST = 1.0, 2
    assert [rate.take(account_id=ACME) for _ in range(2)] == [0, 0]
    assert 0 < rate.take(account_id=ACME) <= 1
    assert rate.take(account_id=RIVAL) == 0


def test_says_how_long_to_wait_for_the_next_turn(settings):
    settings.OUTBOUND_RATE_PER_SECOND, settings.OUTBOUND_BURST = 20.0, 1
    assert rate.take(account_id=ACME) == 0
    # On a machine that dozes between two questions the rate has had time to recover.
    while not (wait := rate.take(account_id=ACME)):
        continue
    assert wait <= 0.05
    time.sleep(wait + 0.002)
    assert rate.take(account_id=ACME) == 0


def test_keeps_a_slow_pace_of_its_own_without_redis(no_redis):
    assert rate.take(account_id=ACME) == 0
    assert 0.5 < rate.take(account_id=ACME) <= 1
    assert rate.take(account_id=RIVAL) == 0


def test_has_no_circuits_without_redis(no_redis):
    fail(9)
    assert admitted()
    assert breaker.resting(now=NOW) == []


@pytest.mark.django_db
def test_still_delivers_without_redis(no_redis, oms):
    message = promise(an_account())
    oms.post(f"{HOST}{message.path}", json=RECEIPT)
    run(Hands())
    assert now_of(message).status == Status.DELIVERED


@pytest.mark.django_db
def test_still_delivers_when_redis_was_emptied(oms):
    acme = an_account()
    messages = [promise(acme, subject=f"{n}-01") for n in range(4)]
    for message in messages:
        oms.post(f"{HOST}{message.path}", json=RECEIPT)
    shared.board().flushdb()
    run(Hands())
    assert {now_of(message).status for message in messages} == {Status.DELIVERED}


@pytest.mark.django_db
def test_gives_a_message_back_when_the_rate_is_used_up(oms, settings):
    settings.OUTBOUND_RATE_PER_SECOND, settings.OUTBOUND_BURST = 0.1, 1
    acme, clock = an_account(), Hands()
    messages = [promise(acme, subject=f"{n}-01") for n in range(3)]
    for message in messages:
        oms.post(f"{HOST}{message.path}", json=RECEIPT)
    assert run(clock) == 1
    waiting = [m for m in map(now_of, messages) if m.status == Status.PENDING]
    assert len(waiting) == 2
    for message in waiting:
        assert message.due_at > NOW
        assert message.lease is None
        assert message.attempts_made == 0


@pytest.mark.django_db
def test_one_accounts_dead_marketplace_does_not_stop_another(oms, settings):
    settings.OUTBOUND_BACKOFF_SECONDS = (1.0, 300.0)
    acme = an_account()
    rival = an_account("rival", marketplace_url="https://other.vtexcommercestable.com.br")
    for n in range(30):
        oms.post(f"{HOST}/api/oms/pvt/orders/{n}-01/invoice", status=503)
        promise(acme, subject=f"{n}-01")
    theirs = [promise(rival, subject=f"{n}-01", kind=Kind.TRACKING_EVENTS) for n in range(10)]
    for message in theirs:
        oms.post(f"{rival.marketplace_url}{message.path}", json=RECEIPT)
    run(Hands())
    assert {now_of(message).status for message in theirs} == {Status.DELIVERED}
    assert breaker.resting(now=NOW) == [acme.pk]
    tried = OutboxMessage.objects.filter(account=acme, attempts_made__gt=0).count()
    assert tried < 30
