"""Kinds of long work that tests ask for."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from jobs.models import Job
from jobs.progress import Progress
from jobs.registry import JobFailed, Result, job
from sellers.models import Sku

#: Called before each line of `test-lines` is written.
before_line: list[Callable[[int], None]] = []


@job("test-lines", title="Lines", permission="orders.pack_order")
def lines(job: Job, progress: Progress) -> Result:
    """So many lines into a file, a checkpoint after each."""
    total = job.params["lines"]
    progress.expect(total)
    for number in range(progress.cursor.get("next", 0), total):
        for act in before_line:
            act(number)
        progress.output.write(f"line {number}\n")
        progress.advance()
        progress.checkpoint({"next": number + 1})
    return Result(name="lines.txt", rows=total)


@job("test-skus", title="SKUs", permission="orders.pack_order")
def skus(job: Job, progress: Progress) -> Result:
    """Effects in the database, each in one transaction with its checkpoint."""
    for number in range(progress.cursor.get("next", 0), job.params["skus"]):
        with transaction.atomic():
            Sku.objects.create(
                account_id=job.params["account"], ref=f"made-{number}", name="Made", price_cents=1
            )
            for act in before_line:
                act(number)
            progress.advance()
            progress.checkpoint({"next": number + 1})
    return Result(note=f"{progress.done} made")


@job("test-words", title="Words", permission="sellers.change_sku")
def words(job: Job, progress: Progress) -> Result:
    """Says in the language and on the clock of who asked."""
    text = f"{gettext('waiting')} {timezone.get_current_timezone_name()}"
    given = job.source.read().decode() if job.source else ""
    return Result(name="words.pdf", content=f"{text} {given}".strip().encode())


@job("test-fails", title="Fails", permission="orders.pack_order")
def fails(job: Job, progress: Progress) -> Result:
    progress.problem("the first row is odd")
    if job.params.get("known"):
        raise JobFailed("There is nothing to print.")
    raise KeyError("secret detail")


@job("test-clock", title="By the clock", permission="")
def by_the_clock(job: Job, progress: Progress) -> None:
    for number in range(500):
        progress.problem(f"row {number}")
