"""Long work of the warehouse: papers of many packages in one file."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from invoicing import manifests
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
HAND_OVER = "hand-over"
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
    chosen = papers.paper(job.params["kind"], job.params["form"])
    progress.expect(len(job.params["packages"]))
    packages = _facts(job.params["packages"])
    if not packages:
        raise JobFailed(_("None of these packages is there any more."))
    for fault in papers.faults_of(packages):
        progress.problem(fault)
    size = job.params.get("size", "")
    content = papers.drawn(chosen, packages, size=size, after_each=progress.advance)
    _record(job, progress, chosen, packages)
    count = len(packages)
    said = ngettext("%(count)d package", "%(count)d packages", count) % {"count": count}
    name = chosen.file_name(f"{timezone.localtime():%Y-%m-%d-%H%M}-{count}")
    return Result(name=name, content=content, rows=count, note=said)


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
