"""A report's file, as long work: begun, gone on from after a stop, finished with what it holds."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jobs.models import Job
from jobs.progress import Progress
from jobs.registry import JobFailed, Result, job
from reporting import exporting, exporting_files, reading
from reporting.asking import Asking, asked_of
from reporting.declarations import REPORTS, NotUnderstood
from reporting.exporting import Field, Sums
from reporting.exporting_files import FORMATS, Format
from reporting.payouts import work as payout_work  # noqa: F401  (registers its kinds of long work)
from reporting.reconciling import work  # noqa: F401  (registers its kind of long work)
from reporting.statements import Place

KIND = "report-file"


@job(KIND, title=gettext_lazy("Report as a file"), permission="reporting.see_reports")
def write_file(job: Job, progress: Progress) -> Result:
    """`params`: report, format, asked (what its filters read) and the moment of asking."""
    asking, format_ = _asked(job.params), FORMATS[job.params["format"]]
    fields = exporting.fields_of(asking, format_.style)
    cursor = progress.cursor or _begin(asking, fields, format_, progress)
    sums, start = Sums(cursor["rows"], cursor["cents"]), cursor["start"]
    while cursor["next"] is not None:
        place = Place(None, cursor["next"])
        before = sums.rows
        going_on = exporting.write_piece(
            asking, fields, format_.style, progress.output, sums, place=place
        )
        cursor = _saved(sums, start, going_on)
        progress.advance(sums.rows - before)
        progress.checkpoint(cursor)
    return _finish(asking, fields, format_, sums, progress, start=start)


def _asked(params: Mapping[str, Any]) -> Asking:
    report = REPORTS.get(params["report"])
    if report is None:
        raise JobFailed(_("This version of the portal does not have this report any more."))
    try:
        return asked_of(report, params["asked"], now=datetime.fromisoformat(params["now"]))
    except NotUnderstood as error:
        raise JobFailed(str(error)) from error


def _begin(
    asking: Asking, fields: list[Field], format_: Format, progress: Progress
) -> dict[str, Any]:
    progress.expect(reading.estimate_of(asking))
    progress.output.write(exporting_files.head_line(fields, format_.style))
    cursor = _saved(Sums(), progress.output.size, exporting.beginning_of(asking))
    progress.checkpoint(cursor)
    return cursor


def _saved(sums: Sums, start: int, place: Place | None) -> dict[str, Any]:
    return {
        "rows": sums.rows,
        "cents": sums.cents,
        "start": start,
        "next": None if place is None else place.key,
    }


def _finish(
    asking: Asking,
    fields: list[Field],
    format_: Format,
    sums: Sums,
    progress: Progress,
    *,
    start: int,
) -> Result:
    progress.output.secure()
    end = progress.output.size
    sha256 = exporting.sha256_between(progress.output.path, start, end)
    notes = exporting_files.notes_of(asking, sums, sha256=sha256)
    name = exporting_files.name_of(asking, format_, sums.rows)
    if not format_.is_spreadsheet:
        progress.output.write(exporting_files.foot_lines(notes, format_.style))
        return Result(name=name, rows=sums.rows)
    progress.advance(0, note=_("Putting the spreadsheet together"))
    path = progress.folder / "report.xlsx"
    rows = _plain(progress.output.path, start)
    exporting_files.write_sheets(path, rows, fields, notes, heartbeat=lambda: progress.advance(0))
    return Result(name=name, path=path, rows=sums.rows)


def _plain(path: Path, start: int) -> Iterator[list[str]]:
    """The rows as they were written, without the titles before them."""
    with path.open("rb") as file:
        file.seek(start)
        yield from csv.reader(line.decode() for line in file)
