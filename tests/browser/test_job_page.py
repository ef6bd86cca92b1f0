"""Long work watched in a real browser: the bar moves by itself, and the result appears."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import Permission
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import Page, expect

from jobs.asking import enqueue
from jobs.models import Job
from jobs.running import run_due
from tests.browser import packer
from tests.builders import staff
from tests.jobs import kinds
from tests.jobs.conftest import Clock

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def job(
    page: Page, live_server: object, roles: None, settings: LazySettings, tmp_path: Path
) -> Job:
    """Asked for by Ana, who looks at its page."""
    settings.MEDIA_ROOT = str(tmp_path)
    ana = staff("ana", language="pt-br")
    ana.user_permissions.add(Permission.objects.get(codename="view_job"))
    with transaction.atomic():
        asked = enqueue("test-lines", {"lines": 4}, user=ana, now=timezone.now())
    packer.sign_in(page, str(live_server), "ana")
    page.goto(f"{live_server}/admin/jobs/job/{asked.pk}/change/")
    return asked


def test_the_bar_moves_without_reloading_and_the_result_appears(page: Page, job: Job) -> None:
    page.evaluate("window.stayed = true")
    expect(page.locator("[data-job-status]")).to_contain_text("na fila")

    def look(line: int) -> None:
        """While the work waits at its third line, the page tells of two."""
        if line == 2:
            Job.objects.filter(pk=job.pk).update(done_units=2)
            expect(page.locator("[data-job-progress]")).to_have_text("2 de 4")
            assert page.locator("[data-job-bar]").evaluate("bar => bar.value") == 50
            assert page.evaluate("window.stayed")

    kinds.before_line.append(look)
    try:
        run_due(clock=Clock(timezone.now()), seconds=60)
    finally:
        kinds.before_line.clear()
    with page.expect_download() as download:
        page.get_by_role("link", name="Baixar").click()
    assert download.value.suggested_filename == "lines.txt"


def test_it_is_stopped_from_its_page(page: Page, job: Job) -> None:
    page.get_by_role("button", name="Parar").click()
    expect(page.locator("[data-job-status]")).to_contain_text("cancelado")
    assert Job.objects.get(pk=job.pk).status == Job.Status.CANCELLED
