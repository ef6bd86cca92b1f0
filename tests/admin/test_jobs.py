"""Long work on the screens: a person's own list, a page that lives, the result, stop and again."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from jobs.asking import enqueue
from jobs.cleaning import clean
from jobs.models import Job
from jobs.running import run_due
from sellers.models import User
from tests.builders import NOW, staff
from tests.jobs import kinds
from tests.jobs.conftest import Clock

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _media(tmp_path, settings):
    settings.MEDIA_ROOT = str(tmp_path)


@pytest.fixture
def job(warehouse: Client) -> Job:
    """Asked for by the warehouse client's user."""
    user = User.objects.get(username="warehouse")
    with transaction.atomic():
        return enqueue("test-lines", {"lines": 4}, user=user, now=NOW, about="four lines")


def url(job: Job, what: str) -> str:
    return reverse(f"admin:jobs_job_{what}", args=[job.pk])


def done(job: Job) -> Job:
    run_due(clock=Clock(timezone.now()), seconds=20)
    job.refresh_from_db()
    return job


def test_lists_what_a_person_asked_for_and_nobody_elses(job: Job, warehouse: Client, manager):
    listed = reverse("admin:jobs_job_changelist")
    assert "four lines" in warehouse.get(listed).content.decode()
    assert "four lines" not in manager.get(listed).content.decode()


def test_tells_a_script_how_far_it_is(job: Job, warehouse: Client):
    said = []
    kinds.before_line.append(lambda _line: said.append(warehouse.get(url(job, "state")).json()))
    done(job)
    kinds.before_line.clear()
    assert said[1]["status"] == "running"
    assert [row["percent"] for row in said] == [0, 25, 50, 75]
    assert said[2]["progress"] == "2 of 4"
    assert warehouse.get(url(job, "state")).json()["is_over"]


def test_tells_no_total_that_the_work_has_shown_wrong(job: Job, warehouse: Client):
    """A total may be a guess: once more is done than guessed, it is not told as fact."""
    said = []

    def guess_two(line: int) -> None:
        Job.objects.filter(pk=job.pk).update(done_units=line, total_units=2)
        said.append(warehouse.get(url(job, "state")).json()["progress"])

    kinds.before_line.append(guess_two)
    try:
        done(job)
    finally:
        kinds.before_line.clear()
    assert said == ["0 of 2", "1 of 2", "2 of 2", "3"]


@pytest.mark.parametrize("guessed", [2, 9])
def test_tells_what_was_done_alone_once_it_is_over(guessed: int, job: Job, warehouse: Client):
    done(job)
    Job.objects.filter(pk=job.pk).update(total_units=guessed)
    assert warehouse.get(url(job, "state")).json()["progress"] == "4"
    page = warehouse.get(url(job, "change")).content.decode()
    assert f"4 of {guessed}" not in page


def test_shows_the_same_without_a_script(job: Job, warehouse: Client):
    page = warehouse.get(url(job, "change")).content.decode()
    assert 'http-equiv="refresh"' in page
    assert "<progress" in page
    assert url(job, "cancel") in page
    page = warehouse.get(url(done(job), "change")).content.decode()
    assert 'http-equiv="refresh"' not in page
    assert job.result_sha256 in page
    assert url(job, "again") in page


def test_gives_the_result_to_who_asked_for_it_as_a_download(job: Job, warehouse: Client):
    assert warehouse.get(url(job, "result")).status_code == 404
    response = warehouse.get(url(done(job), "result") + "?open")
    assert response.getvalue() == b"line 0\nline 1\nline 2\nline 3\n"
    assert response["Content-Disposition"] == 'attachment; filename="lines.txt"'
    assert "no-store" in response["Cache-Control"]
    assert response["X-Content-Type-Options"] == "nosniff"


def test_opens_a_pdf_in_the_browser(superuser: Client):
    root = User.objects.get(username="root")
    with transaction.atomic():
        job = enqueue("test-words", {}, user=root, now=NOW)
    response = superuser.get(url(done(job), "result") + "?open")
    assert response["Content-Disposition"] == 'inline; filename="words.pdf"'
    assert response["Content-Type"] == "application/pdf"


@pytest.mark.parametrize("what", ["change", "state", "result", "cancel", "again"])
def test_nobody_else_reaches_it_but_a_superuser(
    what: str, job: Job, administrator: Client, superuser: Client
):
    done(job)
    other = Client()
    other.force_login(staff("ben", role="Warehouse"))
    ask = "post" if what in ("cancel", "again") else "get"
    assert getattr(other, ask)(url(job, what)).status_code == 404
    assert getattr(administrator, ask)(url(job, what)).status_code == 404
    assert getattr(Client(), ask)(url(job, what)).status_code == 302
    assert getattr(superuser, ask)(url(job, what)).status_code in (200, 302)


def test_the_result_stays_behind_when_the_permission_is_gone(job: Job, warehouse: Client):
    done(job)
    User.objects.get(username="warehouse").groups.clear()
    assert warehouse.get(url(job, "result")).status_code in (403, 404)


def test_is_called_off_and_asked_for_again(job: Job, warehouse: Client):
    assert warehouse.get(url(job, "cancel")).status_code == 405
    warehouse.post(url(job, "cancel"))
    job.refresh_from_db()
    assert job.status == Job.Status.CANCELLED
    response = warehouse.post(url(job, "again"))
    new = Job.objects.latest("id")
    assert response["Location"] == url(new, "change")
    assert done(new).status == Job.Status.DONE


def test_says_that_a_result_is_not_kept_any_more(job: Job, warehouse: Client):
    expires_at = done(job).expires_at
    assert expires_at is not None
    clean(now=expires_at)
    assert warehouse.get(url(job, "result")).status_code == 404
    page = warehouse.get(url(job, "change")).content.decode()
    assert "not kept any more" in page
