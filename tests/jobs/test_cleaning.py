"""Results are not kept for ever."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile

from jobs.cleaning import REMEMBERED, clean
from jobs.models import Job
from jobs.running import run_due
from sellers.models import User
from tests.builders import NOW
from tests.jobs.conftest import Clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def done(asked: Callable[..., Job]) -> Job:
    root = User.objects.create_superuser("root")
    job = asked("test-words", user=root, source=ContentFile(b"a;b", name="rows.csv"))
    run_due(clock=Clock(), seconds=20)
    job.refresh_from_db()
    return job


def test_removes_the_files_when_their_time_is_over(done: Job, media):
    assert done.expires_at == NOW + timedelta(days=7)
    assert clean(now=done.expires_at - timedelta(seconds=1)) == 0
    assert clean(now=done.expires_at) == 1
    assert list((media / "jobs").iterdir()) == []
    done.refresh_from_db()
    assert (done.result.name, done.source.name, done.status) == ("", "", Job.Status.DONE)
    assert done.result_name == "words.pdf"


def test_forgets_at_last_that_it_was_asked(done: Job):
    clean(now=NOW + REMEMBERED)
    assert not Job.objects.exists()


def test_leaves_what_still_waits(asked):
    asked("test-lines", {"lines": 1})
    clean(now=NOW + 2 * REMEMBERED)
    assert Job.objects.count() == 1


def test_only_the_portals_own_user_can_read_the_files(done: Job, media):
    modes = {oct(path.stat().st_mode & 0o777) for path in (media / "jobs").rglob("*")}
    assert modes == {"0o700", "0o600"}
    assert oct((media / "jobs").stat().st_mode & 0o777) == "0o700"
