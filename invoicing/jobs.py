"""Long work of the warehouse: papers of many packages in one file."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import timedelta

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from invoicing import manifests, tracking_file, tracking_import
from invoicing.models import Manifest, Print
from invoicing.printing import papers
from invoicing.printing.codes import package_code
from invoicing.printing.facts import PackageFacts, facts_of
from invoicing.printing.recording import record_packages
from jobs.models import Job
from jobs.progress import Progress
from jobs.registry import JobFailed, Result, job
from sellers.errors import DomainError

PRINT_PACKAGES = "print-packages"
PRINT_INVOICES = "print-invoices"
HAND_OVER = "hand-over"
TRACKING_PREVIEW = "tracking-preview"
TRACKING_IMPORT = "tracking-import"
#: Rows that the preview shows.
_SAMPLE = 30
_CHUNK = 100


@job(
    PRINT_PACKAGES,
    title=gettext_lazy("Papers of packages"),
    permission="orders.pack_order",
    # They name people: long enough to print them, and once more if the printer jams.
    keeps=timedelta(days=1),
)
def print_packages(job: Job, progress: Progress) -> Result:
    """Params: `kind`, `form`, `size`, and `packages` (ids, in the order of their papers)."""
    return _print(job, progress, papers.paper(job.params["kind"], job.params["form"]))


@job(
    PRINT_INVOICES,
    title=gettext_lazy("Invoices of packages"),
    permission=papers.FISCAL_PERMISSION,
    keeps=timedelta(days=1),
)
def print_invoices(job: Job, progress: Progress) -> Result:
    """Params: `size`, and `packages`, as above."""
    return _print(job, progress, papers.paper(Print.Kind.FISCAL, Print.Form.PDF))


def _print(job: Job, progress: Progress, chosen: papers.Paper) -> Result:
    progress.expect(len(job.params["packages"]))
    packages = _facts(job.params["packages"])
    if not packages:
        raise JobFailed(_("None of these packages is there any more."))
    for fault in papers.faults_of(chosen, packages):
        progress.problem(fault)
    size = job.params.get("size", "")
    content = papers.drawn(chosen, packages, size=size, after_each=progress.advance)
    _record(job, progress, chosen, packages)
    count = len(packages)
    said = ngettext("%(count)d package", "%(count)d packages", count) % {"count": count}
    name = chosen.file_name(f"{timezone.localtime():%Y-%m-%d-%H%M}-{count}")
    return Result(name=name, content=content, note=said)


@job(HAND_OVER, title=gettext_lazy("Hand-over to a carrier"), permission="orders.pack_order")
def hand_over(job: Job, progress: Progress) -> Result:
    """Params: `manifest`. What is not handed over yet is what is left to do, after a crash too."""
    manifest = Manifest.objects.get(pk=job.params["manifest"])
    progress.expect(manifest.entries.count())
    waiting = manifest.entries.filter(handed_over_at=None).select_related(
        "package__order", "manifest__carrier"
    )
    progress.done = manifest.entries.exclude(handed_over_at=None).count()
    for entry in waiting.order_by("pk"):
        try:
            manifests.hand_over(entry, actor=job.asked_by)
        except DomainError as refusal:
            progress.problem(f"{package_code(entry.package)}: {refusal.message}")
        progress.advance()
        progress.checkpoint({})
    return Result(note=manifest.code)


@job(
    TRACKING_PREVIEW,
    title=gettext_lazy("Tracking file, looked through"),
    permission="orders.pack_order",
    onward=lambda job: reverse("admin:tracking_preview", args=[job.pk]),
)
def preview_tracking(job: Job, progress: Progress) -> Result:
    """Params: `carrier`. What each row of the file would do; nothing is entered."""
    return _go_through(job, progress, enters=False)


@job(TRACKING_IMPORT, title=gettext_lazy("Tracking file, entered"), permission="orders.pack_order")
def import_tracking(job: Job, progress: Progress) -> Result:
    """Params: `carrier`. Enters what the rows say, and tells row by row how it went."""
    return _go_through(job, progress, enters=True)


def _go_through(job: Job, progress: Progress, *, enters: bool) -> Result:
    """The same either way: row by row, a line of the result each, a checkpoint for each part."""
    now, answers = timezone.now(), csv.writer(progress.output, delimiter=_delimiter(job))
    counts: Counter[str] = Counter(progress.cursor.get("counts", {}))
    sample, after = progress.cursor.get("sample", []), progress.cursor.get("after", 0)
    columns: dict[str, str] = {}
    try:
        with job.source.open("rb") as file:
            progress.expect(sum(1 for _row in tracking_file.read(file).rows))
            file.seek(0)
            table = tracking_file.read(file)
            columns = table.columns
            if not after:
                progress.output.write("\ufeff")
                answers.writerow(_titles())
            left = (row for row in table.rows if row.line > after)
            for part in tracking_import.read_rows(left, carrier=job.params["carrier"], now=now):
                for said in part:
                    done = (
                        tracking_import.carry_out(said, now=timezone.now(), actor=job.asked_by)
                        if enters
                        else said
                    )
                    answers.writerow(_answer(done))
                    counts[done.outcome] += 1
                    if len(sample) < _SAMPLE or (done.why and len(sample) < 2 * _SAMPLE):
                        sample.append(_answer(done))
                    progress.advance()
                saved = {"after": part[-1].row.line, "counts": counts, "sample": sample}
                progress.checkpoint({**saved, "columns": columns})
    except DomainError as refusal:
        raise JobFailed(refusal.message) from None
    name = f"{job.source_name.rpartition('.')[0] or 'tracking'}-{_('rows')}.csv"
    return Result(name=name, rows=sum(counts.values()), note=_told(counts))


def _delimiter(job: Job) -> str:
    """What the reader's spreadsheet expects."""
    return ";" if job.language.startswith("pt") else ","


def _titles() -> list[str]:
    return [
        _("Row"),
        _("Given as"),
        _("Package"),
        _("Tracking"),
        _("What happens"),
        _("Because"),
    ]


def _answer(said: tracking_import.Said) -> list[str]:
    """A line of the result; nothing in it is taken for a formula."""
    texts = (
        str(said.row.line),
        said.row.named,
        said.code,
        said.number or said.row.text("tracking"),
        str(said.outcome.label),
        said.why,
    )
    return [f"'{text}" if text[:1] in "=+-@\t" and text else text for text in texts]


def _told(counts: Counter[str]) -> str:
    return " · ".join(
        f"{counts[outcome]} {outcome.label}"
        for outcome in tracking_import.Outcome
        if counts[outcome]
    )


def _facts(ids: list[int]) -> list[PackageFacts]:
    found: list[PackageFacts] = []
    for start in range(0, len(ids), _CHUNK):
        found += facts_of(ids[start : start + _CHUNK])
    return found


def _record(
    job: Job, progress: Progress, chosen: papers.Paper, packages: list[PackageFacts]
) -> None:
    """Once, even if the worker is lost right afterwards; a few orders are locked at a time."""
    now = timezone.now()
    for start in range(progress.cursor.get("recorded", 0), len(packages), _CHUNK):
        with transaction.atomic():
            record_packages(
                [facts.package for facts in packages[start : start + _CHUNK]],
                kind=chosen.kind,
                form=chosen.form,
                now=now,
                actor=job.asked_by,
            )
            progress.checkpoint({"recorded": start + _CHUNK})


def about(chosen: papers.Paper, count: int) -> str:
    """For the list of long work."""
    kind = str(Print.Kind(chosen.kind).label)
    return f"{kind} · {chosen.form.upper()} · {count}"
