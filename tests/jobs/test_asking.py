"""Who may ask for long work, and what is kept of the question."""

from __future__ import annotations

import hashlib

import pytest
from celery import current_app
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.utils import translation

from jobs import asking, nudging
from jobs.asking import enqueue
from jobs.files import path_of
from jobs.models import Job
from jobs.running import run_due
from sellers.models import User
from tests.builders import NOW
from tests.jobs.conftest import Clock

pytestmark = pytest.mark.django_db


def run(clock: Clock | None = None) -> None:
    run_due(clock=clock or Clock(), seconds=20)


def read(job: Job) -> bytes:
    job.refresh_from_db()
    path = path_of(job.result)
    assert path is not None
    return path.read_bytes()


def test_does_what_was_asked_and_keeps_the_result(asked):
    job = asked("test-lines", {"lines": 3})
    run()
    assert read(job) == b"line 0\nline 1\nline 2\n"
    assert (job.status, job.result_name, job.result_rows, job.percent) == (
        "done",
        "lines.txt",
        3,
        100,
    )
    assert job.result_size == 21
    assert job.result_sha256 == hashlib.sha256(read(job)).hexdigest()
    assert job.started_at == job.finished_at == NOW


def test_refuses_who_may_not_do_it(asked, ana: User):
    with pytest.raises(PermissionDenied):
        asked("test-words")
    with pytest.raises(PermissionDenied):
        asked("test-clock")
    assert not Job.objects.exists()


def test_the_clock_may_ask_for_anything(asked):
    job = asked("test-clock", user=None)
    run()
    job.refresh_from_db()
    assert job.status == Job.Status.DONE
    assert (len(job.problems), job.problem_count) == (200, 500)


@pytest.mark.django_db(transaction=True)
def test_belongs_to_the_transaction_of_its_cause(ana: User):
    with pytest.raises(RuntimeError):
        enqueue("test-lines", {"lines": 1}, user=ana, now=NOW)


def test_nudges_a_worker_once_it_is_committed(
    asked, monkeypatch, django_capture_on_commit_callbacks
):
    sent: list[str] = []
    monkeypatch.setattr(current_app, "send_task", lambda name, **_: sent.append(name))
    with django_capture_on_commit_callbacks(execute=True):
        asked("test-lines", {"lines": 1})
        asked("test-lines", {"lines": 1})
        assert sent == []
    assert sent == [nudging.WORK]


def test_a_broker_that_is_away_delays_nothing_but_the_nudge(
    asked, settings, django_capture_on_commit_callbacks
):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    with django_capture_on_commit_callbacks(execute=True):
        job = asked("test-lines", {"lines": 1})
    run()
    assert read(job) == b"line 0\n"


def test_beat_finds_what_nobody_was_nudged_for(settings):
    import jobs.tasks  # noqa: F401  (registers them)

    named = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert {nudging.WORK, "jobs.tasks.clean_up"} <= named & set(current_app.tasks)


def test_waits_in_a_line_of_its_own():
    assert current_app.amqp.router.route({}, nudging.WORK)["queue"].name == "jobs"


def test_is_done_in_the_language_and_time_zone_of_who_asked(asked):
    root = User.objects.create_superuser("root")
    with translation.override("pt-br"):
        job = asked("test-words", user=root, time_zone="America/Sao_Paulo")
    with translation.override("en"):
        run()
    assert read(job).decode() == "na fila America/Sao_Paulo"


def test_keeps_the_file_that_was_given(asked):
    root = User.objects.create_superuser("root")
    job = asked("test-words", user=root, source=ContentFile(b"a;b", name="C:/rows.csv"))
    run()
    assert read(job).endswith(b"a;b")
    assert job.source_name == "rows.csv"


def test_again_is_the_same_from_the_beginning_with_a_file_of_its_own(asked):
    root = User.objects.create_superuser("root")
    job = asked("test-words", user=root, about="rows", source=ContentFile(b"a;b", name="rows.csv"))
    run()
    new = asking.again(job, user=root, now=NOW)
    assert (new.kind, new.params, new.about) == (job.kind, job.params, job.about)
    assert new.source.name != job.source.name
    run()
    assert read(new) == read(job)


def test_nobody_runs_again_or_stops_what_somebody_else_asked_for(asked):
    job = asked("test-lines", {"lines": 1})
    ben = User.objects.create_user("ben", is_staff=True)
    ben.user_permissions.set(job.asked_by.user_permissions.all())
    with pytest.raises(PermissionDenied):
        asking.cancel(job, user=ben, now=NOW)
    with pytest.raises(PermissionDenied):
        asking.again(job, user=ben, now=NOW)


def test_who_may_not_do_it_any_more_does_not_see_it_any_more(asked, ana: User):
    job = asked("test-lines", {"lines": 1})
    assert asking.may_see(job, ana)
    ana.user_permissions.clear()
    assert not asking.may_see(job, User.objects.get(pk=ana.pk))


def test_stops_at_once_what_still_waits(asked, ana: User):
    job = asking.cancel(asked("test-lines", {"lines": 1}), user=ana, now=NOW)
    assert job.status == Job.Status.CANCELLED
    run()
    job.refresh_from_db()
    assert (job.status, job.started_at) == (Job.Status.CANCELLED, None)


def test_stopping_what_is_over_changes_nothing(asked, ana: User):
    job = asked("test-lines", {"lines": 1})
    run()
    job.refresh_from_db()
    assert asking.cancel(job, user=ana, now=NOW).status == Job.Status.DONE


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"known": True}, "There is nothing to print."),
        ({}, "It stopped at something unexpected, which was written down for the administrators. "
             "Try it again."),
    ],
)  # fmt: skip
def test_says_in_plain_words_why_it_failed(asked, params, said, caplog):
    job = asked("test-fails", params)
    run()
    assert "secret detail" not in caplog.text
    assert ("KeyError at kinds.py" in caplog.text) == (params == {})
    job.refresh_from_db()
    assert (job.status, job.error) == (Job.Status.FAILED, said)
    assert job.problems == ["the first row is odd"]


def test_work_of_a_kind_that_is_gone_fails_in_words(asked):
    job = asked("test-lines", {"lines": 1})
    Job.objects.update(kind="gone")
    run()
    job.refresh_from_db()
    assert job.error == "This version of the portal does not do this any more."
