"""Settlement files as long work: looked through, then entered."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from jobs.files import path_of, sha256_of
from jobs.models import Job
from jobs.progress import Progress
from jobs.registry import JobFailed, Result, job
from reporting.models import SettlementFile
from reporting.payouts import entering, files, results
from reporting.payouts.files import Reading
from reporting.payouts.layouts import Layout
from sellers.errors import DomainError
from sellers.models import SellerAccount

PREVIEW = "settlement-preview"
ENTER = "settlement-enter"
PERMISSION = "reporting.enter_settlements"
#: Rows that the preview shows, and problems.
SAMPLE, MOST_PROBLEMS = 30, 30


@job(
    PREVIEW,
    title=gettext_lazy("Settlement file, looked through"),
    permission=PERMISSION,
    onward=lambda job: reverse("admin:settlement_preview", args=[job.pk]),
)
def preview(job: Job, progress: Progress) -> Result:
    """Params: `account`, `layout` (None: guessed). What the file would say; nothing is entered."""
    reading = _read(job)
    found: dict[str, Any] = {
        "names": reading.names,
        "layout": reading.layout.document(),
        "problems": reading.problems[:MOST_PROBLEMS],
        "problem_count": len(reading.problems),
        "left_out": reading.left_out,
        "left_out_cents": reading.left_out_cents,
        "rows": len(reading.entries),
        "cents": reading.cents,
    }
    progress.expect(len(reading.entries))  # a sign of life before the longest step
    if not reading.problems:
        try:
            found |= _tried(reading, job)
        except DomainError as refusal:
            found |= {"problems": [refusal.message], "problem_count": 1}
    progress.checkpoint(found)
    return Result(rows=len(reading.entries), note=_told(len(reading.entries)))


def _tried(reading: Reading, job: Job) -> dict[str, Any]:
    """Entered, seen, and undone: a preview can't say anything else than what would be."""
    with transaction.atomic():
        file = _enter(reading, job)
        found = {"results": results.results_of(file), "sample": results.sample_of(file, SAMPLE)}
        transaction.set_rollback(True)
    return found


@job(
    ENTER,
    title=gettext_lazy("Settlement file, entered"),
    permission=PERMISSION,
    onward=lambda job: page_of_file(job),
)
def enter(job: Job, progress: Progress) -> Result:
    """Params as above. The whole file or nothing."""
    reading = _read(job)
    progress.expect(len(reading.entries))  # a sign of life before the longest step
    try:
        file = _enter(reading, job)
    except DomainError as refusal:
        raise JobFailed(refusal.message) from None
    return Result(rows=file.rows_count, note=_told(file.rows_count))


def page_of_file(job: Job) -> str:
    file = SettlementFile.objects.filter(job=job).first()
    return reverse("admin:settlement_file", args=[file.pk]) if file else reverse("admin:payouts")


def _read(job: Job) -> Reading:
    told = job.params.get("layout")
    try:
        with job.source.open("rb") as content:
            return files.read(content, Layout(**told) if told else None)
    except DomainError as refusal:
        raise JobFailed(refusal.message) from None


def _enter(reading: Reading, job: Job) -> SettlementFile:
    path = path_of(job.source)
    if path is None:
        raise JobFailed(_("The file given is not kept any more: give it again."))
    return entering.enter(
        reading,
        account=SellerAccount.objects.get(pk=job.params["account"]),
        name=job.source_name,
        sha256=sha256_of(path),
        now=timezone.now(),
        actor=job.asked_by,
        job=job,
    )


def _told(rows: int) -> str:
    return ngettext("%(rows)d row", "%(rows)d rows", rows) % {"rows": rows}
