"""Which messages are handed out, to whom, and when."""

from __future__ import annotations

import random
import threading
import time
from collections import defaultdict
from datetime import timedelta

import pytest
from django.db import connection, transaction

from sellers.marketplace import breaker, claiming, outbox
from sellers.marketplace.delivering import deliver
from sellers.marketplace.judging import Deferred, Outcome, Trial
from sellers.marketplace.models import OutboxMessage
from sellers.marketplace.settling import settle
from tests.sellers.outbound import NOW, Kind, Status, an_account, promise

CLAIMERS, SUBJECTS, EACH = 6, 6, 5
DELIVERED = Trial(started_at=NOW, duration_ms=1, outcome=Outcome.DELIVERED, http_status=200)
REJECTED = Trial(started_at=NOW, duration_ms=1, outcome=Outcome.REJECTED, http_status=400)


@pytest.fixture
def acme(db):
    return an_account()


def bulk(account, count: int, *, kind=Kind.TRACKING, prefix: str = "bulk") -> None:
    for n in range(count):
        promise(account, subject=f"{prefix}{n}-01", kind=kind)


def claim(limit: int = 100, *, after: timedelta = timedelta(0)) -> list[OutboxMessage]:
    return outbox.claim_due(now=NOW + after, limit=limit)


def test_hands_out_nothing_before_it_is_due(acme):
    promise(acme, now=NOW + timedelta(seconds=1))
    assert claim() == []
    assert len(claim(after=timedelta(seconds=1))) == 1


def test_hands_out_each_message_once_while_its_lease_lasts(acme):
    promise(acme)
    (claimed,) = claim()
    assert claimed.lease is not None
    assert claim(after=timedelta(seconds=119)) == []


def test_hands_out_again_what_a_dead_worker_left_and_calls_it_in_doubt(acme):
    promise(acme)
    (first,) = claim()
    (second,) = claim(after=timedelta(seconds=121))
    assert second.pk == first.pk
    assert second.lease != first.lease
    assert not first.in_doubt
    assert second.in_doubt


def test_what_was_given_back_in_time_is_not_in_doubt(acme, settings):
    settings.OUTBOUND_BACKOFF_SECONDS = (1.0, 1.0)
    promise(acme)
    (first,) = claim()
    settle(first, Trial(NOW, 1, Outcome.UNREACHABLE), now=NOW)
    (second,) = claim(after=timedelta(seconds=2))
    assert not second.in_doubt


def test_begins_no_delivery_that_could_outlast_its_lease(acme, oms):
    """It waited for a thread for too long: it is given back, untried."""
    promise(acme)
    (claimed,) = claim()
    put_off = deliver(claimed, clock=lambda: NOW + timedelta(seconds=60))
    assert isinstance(put_off, Deferred)
    assert settle(claimed, put_off, now=NOW + timedelta(seconds=60))
    (again,) = claim(after=timedelta(seconds=61))
    assert not again.in_doubt
    assert not oms.calls


def test_who_lost_the_lease_moves_nothing(acme):
    promise(acme)
    (late,) = claim()
    (current,) = claim(after=timedelta(seconds=121))

    assert settle(late, REJECTED, now=NOW) is False
    message = OutboxMessage.objects.get()
    assert message.status == Status.PENDING
    assert message.lease == current.lease
    assert message.attempts_made == 0
    assert [attempt.outcome for attempt in message.attempts.all()] == ["rejected"]

    assert settle(current, DELIVERED, now=NOW) is True
    assert settle(late, REJECTED, now=NOW) is False
    message.refresh_from_db()
    assert message.status == Status.DELIVERED


@pytest.mark.parametrize("status", [Status.PENDING, Status.REJECTED, Status.EXHAUSTED])
def test_holds_an_order_back_behind_what_is_unfinished(acme, status):
    first = promise(acme, key="1")
    promise(acme, key="2")
    OutboxMessage.objects.filter(pk=first.pk).update(status=status, due_at=NOW + timedelta(hours=1))
    assert claim() == []


@pytest.mark.parametrize("status", [Status.DELIVERED, Status.SUPERSEDED])
def test_lets_an_order_go_on_behind_what_is_finished(acme, status):
    first = promise(acme, key="1")
    second = promise(acme, key="2")
    OutboxMessage.objects.filter(pk=first.pk).update(status=status)
    assert [message.pk for message in claim()] == [second.pk]


def test_does_not_hold_an_order_back_for_another_accounts_order_of_the_same_name(acme):
    rival = an_account("rival")
    first = promise(acme)
    OutboxMessage.objects.filter(pk=first.pk).update(status=Status.REJECTED)
    theirs = promise(rival)
    assert [message.pk for message in claim()] == [theirs.pk]


def test_sends_invoices_before_bulk_of_other_kinds(acme):
    bulk(acme, 50)
    invoice = promise(acme, subject="late-01", now=NOW + timedelta(seconds=1))
    (claimed,) = claim(1, after=timedelta(seconds=1))
    assert claimed.pk == invoice.pk


def test_hurries_what_stands_before_an_invoice(acme):
    bulk(acme, 50)
    before = promise(acme, subject="split-01", kind=Kind.TRACKING, now=NOW + timedelta(seconds=1))
    promise(acme, subject="split-01", now=NOW + timedelta(seconds=1))
    (claimed,) = claim(1, after=timedelta(seconds=1))
    assert claimed.pk == before.pk


def test_shares_the_line_evenly_between_accounts(acme, settings):
    settings.OUTBOUND_CALLS_PER_ACCOUNT = 100
    rival = an_account("rival")
    bulk(acme, 40)
    bulk(rival, 5, kind=Kind.TRACKING_EVENTS)
    claimed = claim(10)
    assert sum(message.account_id == rival.pk for message in claimed) == 5


def test_serves_next_whoever_has_the_fewest_calls_under_way(acme, settings):
    settings.OUTBOUND_CALLS_PER_ACCOUNT = 100
    bulk(acme, 40)
    assert len(claim(4)) == 4
    rival = an_account("rival")
    bulk(rival, 5)
    assert [message.account_id for message in claim(3)] == [rival.pk] * 3


def test_leaves_room_for_others_while_one_account_is_slow(acme, settings):
    settings.OUTBOUND_CALLS_PER_ACCOUNT = 3
    bulk(acme, 40)
    assert len(claim(2)) == 2
    assert len(claim(20)) == 1
    assert claim(20) == []


def test_hands_out_nothing_of_an_account_whose_circuit_is_open(acme):
    rival = an_account("rival")
    promise(acme)
    theirs = promise(rival)
    breaker.failed(account_id=acme.pk, now=NOW, rest=timedelta(seconds=30))
    assert [message.pk for message in claim()] == [theirs.pk]
    assert len(claim(after=timedelta(seconds=30))) == 1


def test_finds_what_is_due_whatever_its_id(acme):
    """A transaction that took its id early and committed late is not passed over."""
    first, second = promise(acme, subject="1-01"), promise(acme, subject="2-01")
    OutboxMessage.objects.filter(pk=first.pk).update(due_at=NOW + timedelta(minutes=1))
    assert [message.pk for message in claim()] == [second.pk]
    assert [message.pk for message in claim(after=timedelta(minutes=1))] == [first.pk]


# Races, against PostgreSQL with real threads.


class Diary:
    """When each message was begun and ended, by all claimers together."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.lines: list[tuple[str, str, int]] = []

    def note(self, what: str, message: OutboxMessage) -> None:
        with self._lock:
            self.lines.append((what, message.subject, message.pk))

    def begun_twice(self) -> list[int]:
        begun = [pk for what, _, pk in self.lines if what == "begin"]
        return sorted({pk for pk in begun if begun.count(pk) > 1})

    def out_of_order(self) -> list[str]:
        """Subjects of which a message was begun before the one before it had ended."""
        by_subject = defaultdict(list)
        for what, subject, pk in self.lines:
            by_subject[subject].append((what, pk))
        expected = {
            subject: [
                (what, pk) for pk in sorted({pk for _, pk in lines}) for what in ("begin", "end")
            ]
            for subject, lines in by_subject.items()
        }
        return [s for s, lines in by_subject.items() if lines != expected[s]]


def deliver_with_rivals(diary: Diary) -> None:
    def claimer(seed: int) -> None:
        chance = random.Random(seed)
        try:
            while OutboxMessage.objects.filter(status=Status.PENDING).exists():
                claimed = claim(4)
                for message in claimed:
                    diary.note("begin", message)
                    time.sleep(chance.random() / 200)
                    diary.note("end", message)
                    settle(message, DELIVERED, now=NOW)
        finally:
            connection.close()

    threads = [threading.Thread(target=claimer, args=(n,)) for n in range(CLAIMERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def many_orders(account) -> None:
    for n in range(EACH):
        for subject in range(SUBJECTS):
            promise(account, subject=f"{subject}-01", key=f"{subject}:{n}")


@pytest.mark.django_db(transaction=True)
def test_keeps_each_order_in_its_order_with_many_claimers(settings):
    settings.OUTBOUND_CALLS_PER_ACCOUNT = 100
    many_orders(an_account())
    diary = Diary()
    deliver_with_rivals(diary)
    assert len(diary.lines) == 2 * SUBJECTS * EACH
    assert diary.begun_twice() == []
    assert diary.out_of_order() == []


@pytest.mark.django_db(transaction=True)
def test_orders_get_mixed_up_when_the_guard_is_removed(settings, monkeypatch):
    """The control: were this not so, the test above would prove nothing."""
    settings.OUTBOUND_CALLS_PER_ACCOUNT = 100
    monkeypatch.setattr(claiming, "FIRST_OF_ITS_SUBJECT", "TRUE")
    many_orders(an_account())
    diary = Diary()
    deliver_with_rivals(diary)
    assert diary.out_of_order() != []


@pytest.mark.django_db(transaction=True)
def test_a_later_promise_is_not_visible_before_an_earlier_uncommitted_one():
    """Ids are given before commits: without the lock the later one would leave first."""
    account = an_account()
    written, may_commit = threading.Event(), threading.Event()

    def slow() -> None:
        try:
            with transaction.atomic():
                promise(account, key="earlier")
                written.set()
                may_commit.wait(60)
        finally:
            connection.close()

    def quick() -> None:
        try:
            promise(account, key="later")
        finally:
            connection.close()

    first = threading.Thread(target=slow)
    second = threading.Thread(target=quick)
    first.start()
    assert written.wait(60)
    second.start()
    second.join(0.3)
    assert second.is_alive()
    assert claim() == []
    may_commit.set()
    first.join()
    second.join()
    assert [message.key for message in claim()] == ["earlier"]
