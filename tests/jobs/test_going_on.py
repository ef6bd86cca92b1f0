"""Work that is interrupted goes on where it was: turns, lost workers, kills."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as used_settings
from django.db import OperationalError

from jobs import asking, claiming, progress
from jobs.claiming import claim
from jobs.files import Output
from jobs.models import Job
from jobs.progress import LEASE
from jobs.running import run, run_due
from sellers.models import Sku
from tests.builders import NOW, a_seller
from tests.concurrency.racing import together
from tests.jobs import kinds
from tests.jobs.conftest import Clock
from tests.jobs.test_asking import read

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[2]
TEN = b"".join(b"line %d\n" % number for number in range(10))
LATER = NOW + LEASE + timedelta(seconds=1)


def test_hands_over_to_who_waits_and_goes_on_afterwards(asked):
    long = asked("test-lines", {"lines": 10})
    short = asked("test-lines", {"lines": 1})
    ends: list[int] = []
    kinds.before_line.append(lambda line: ends.append(Job.objects.filter(status="done").count()))
    run_due(clock=Clock(step=timedelta(seconds=1)), seconds=10_000)
    assert (read(long), read(short)) == (TEN, b"line 0\n")
    # The short one, asked for later, was done before the long one was.
    assert short.finished_at < long.finished_at
    assert ends[-1] == 1


def test_a_run_ends_in_time_and_leaves_the_rest_to_the_next(asked):
    job = asked("test-lines", {"lines": 10})
    clock = Clock(step=timedelta(seconds=1))
    assert run_due(clock=clock, seconds=8) == 1
    job.refresh_from_db()
    assert job.status == Job.Status.WAITING
    assert 0 < job.done_units < 10
    while run_due(clock=clock, seconds=8):
        pass
    assert read(job) == TEN
    assert job.done_units == 10


def _killed_at(line: int) -> None:
    """Another process works until it is at that line, and dies there without a word."""
    database = used_settings.DATABASES["default"]
    url = os.environ["DATABASE_URL"].rpartition("/")
    tail = url[2].partition("?")
    env = os.environ | {
        "DATABASE_URL": f"{url[0]}/{database['NAME']}{tail[1]}{tail[2]}",
        "PORTAL_VAR": str(Path(used_settings.MEDIA_ROOT).parent),
    }
    command = [sys.executable, "-m", "tests.jobs.child", str(line)]
    child = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == "here\n"
    finally:
        child.send_signal(signal.SIGKILL)
        child.communicate(timeout=60)


def test_a_killed_worker_is_followed_by_another_that_goes_on(asked):
    job = asked("test-lines", {"lines": 10})
    _killed_at(6)
    job.refresh_from_db()
    assert (job.status, job.cursor["at"]) == (Job.Status.RUNNING, {"next": 6})
    lines: list[int] = []
    kinds.before_line.append(lines.append)
    now = job.leased_until
    assert run_due(clock=Clock(now - timedelta(seconds=1)), seconds=20) == 0
    assert run_due(clock=Clock(now), seconds=20) == 1
    assert lines == [6, 7, 8, 9]
    assert read(job) == TEN


def test_effects_and_checkpoint_are_one_when_killed_between_them(asked):
    account = a_seller()
    job = asked("test-skus", {"skus": 5, "account": account.pk})
    _killed_at(3)  # the fourth is made, and not committed
    assert Sku.objects.count() == 3
    job.refresh_from_db()
    run_due(clock=Clock(job.leased_until), seconds=20)
    job.refresh_from_db()
    assert (job.status, job.note, Sku.objects.count()) == (Job.Status.DONE, "5 made", 5)


def _slow_writes_while_another_is_at_it() -> None:
    """The slow worker has written one line; it wakes up when another is at the fifth."""
    slow = claim(now=NOW)
    assert slow is not None
    held = progress.Progress(slow, clock=Clock(), ends_at=LATER)
    held.output.write("line 0\n")
    held.advance()
    held.checkpoint({"next": 1})

    def wake(line: int) -> None:
        if line == 4:
            held.output.write("spoilt\n")
            held.output.secure()
            with pytest.raises(progress.LeaseLost):
                held.checkpoint({"next": 2})

    kinds.before_line.append(wake)
    run_due(clock=Clock(LATER), seconds=20)
    held.close()


def test_a_slow_worker_that_lost_its_work_spoils_nothing(asked):
    job = asked("test-lines", {"lines": 10})
    _slow_writes_while_another_is_at_it()
    assert read(job) == TEN


def test_control_without_a_file_of_its_own_the_slow_worker_spoils_the_result(asked, monkeypatch):
    in_one_file = lambda *given, **more: Output(*given, **more | {"is_mine": True})  # noqa: E731
    monkeypatch.setattr(progress, "Output", in_one_file)
    job = asked("test-lines", {"lines": 10})
    _slow_writes_while_another_is_at_it()
    assert read(job) != TEN


def test_who_finishes_after_another_has_finished_changes_nothing(asked):
    job = asked("test-lines", {"lines": 10})
    slow = claim(now=NOW)
    assert slow is not None

    def overtaken(line: int) -> None:
        if line == 4:
            kinds.before_line.clear()
            run_due(clock=Clock(LATER), seconds=20)

    kinds.before_line.append(overtaken)
    run(slow, clock=Clock(), ends_at=LATER)
    assert read(job) == TEN
    assert (job.status, job.finished_at) == (Job.Status.DONE, LATER)


def test_two_workers_never_have_the_same_piece(asked):
    for _each in range(6):
        asked("test-lines", {"lines": 1})
    claimed = together([lambda: claim(now=NOW)] * 6)
    assert len({job.pk for job in claimed if job}) == sum(job is not None for job in claimed)
    assert Job.objects.filter(status="running").count() == sum(job is not None for job in claimed)


def test_stops_at_its_next_step_when_asked_to(asked, ana):
    job = asked("test-lines", {"lines": 10})

    def call_off(line: int) -> None:
        if line == 3:
            asking.cancel(job, user=ana, now=NOW)

    kinds.before_line.append(call_off)
    run_due(clock=Clock(), seconds=20)
    job.refresh_from_db()
    assert (job.status, job.done_units, job.result.name) == (Job.Status.CANCELLED, 4, "")


def test_what_was_to_stop_is_not_begun_again_after_its_worker_died(asked, ana):
    job = asked("test-lines", {"lines": 10})
    assert claim(now=NOW)
    asking.cancel(job, user=ana, now=NOW)
    assert run_due(clock=Clock(LATER), seconds=20) == 0
    job.refresh_from_db()
    assert job.status == Job.Status.CANCELLED


def test_gives_up_what_kills_every_worker_at_the_same_place(asked):
    job = asked("test-lines", {"lines": 10})
    now = NOW
    for _each in range(claiming.MOST_DEATHS):
        assert claim(now=now)
        now += LEASE
    assert claim(now=now) is None
    job.refresh_from_db()
    assert (job.status, job.error) == (Job.Status.FAILED, "It stopped 5 times at the same place.")


def test_the_databases_weather_is_not_the_works_fault(asked):
    job = asked("test-lines", {"lines": 3})

    def storm(line: int) -> None:
        if line == 1:
            kinds.before_line.clear()
            raise OperationalError

    kinds.before_line.append(storm)
    clock = Clock()
    run_due(clock=clock, seconds=20)
    job.refresh_from_db()
    assert job.status == Job.Status.WAITING
    clock.now += timedelta(minutes=1)
    run_due(clock=clock, seconds=20)
    assert read(job) == b"line 0\nline 1\nline 2\n"
