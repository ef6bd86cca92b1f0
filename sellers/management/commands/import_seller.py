"""Load or update a whole seller from one JSON document, all or nothing."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _
from tqdm import tqdm

from sellers.seller_file.importing import Summary, import_seller
from sellers.seller_file.merging import Counts
from sellers.seller_file.problems import MOST_PROBLEMS, SellerFileError
from sellers.seller_file.repeats import refuse_repeated_keys

#: Below this, a bar would be gone before it was seen.
BAR_FROM_ROWS = 5_000


class Bars(contextlib.ExitStack):
    """A bar for each list: on a terminal always, elsewhere where it takes long enough to wonder."""

    def __init__(self) -> None:
        super().__init__()
        self._bar: tqdm[Any] | None = None

    def show(self, kind: str, done: int, total: int) -> None:
        if self._bar is None or self._bar.desc != kind:
            self.close()
            hidden = total < BAR_FROM_ROWS and not sys.stderr.isatty()
            bar: tqdm[Any] = tqdm(total=total, file=sys.stderr, disable=hidden, unit="")
            bar.desc = kind
            self._bar = self.enter_context(bar)
        self._bar.update(done - self._bar.n)


class Command(BaseCommand):
    help = "Load or update a whole seller from a seller file (docs/seller-file.md)."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the JSON document")
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would change and change nothing"
        )
        parser.add_argument(
            "--host",
            default="",
            help="the portal's public address for the fulfilment endpoint (default: PORTAL_URL)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        self._say(_("Reading %(file)s") % {"file": file})
        text = _text(file)
        document = _document(file, text)
        self._say(_("Checking and loading"))
        try:
            refuse_repeated_keys(text)
            with Bars() as bars:
                summary = import_seller(
                    document, now=timezone.now(), dry_run=options["dry_run"], progress=bars.show
                )
        except SellerFileError as error:
            raise CommandError(_refusal(file, error), returncode=1) from error
        self._report(summary, options["host"])

    def _say(self, message: str) -> None:
        self.stderr.write(message, self.style.NOTICE if sys.stderr.isatty() else lambda text: text)

    def _report(self, summary: Summary, host: str) -> None:
        self.stdout.write(_table(summary))
        if not summary.changed:
            self.stdout.write(_("Nothing to change."))
        elif summary.dry_run:
            self.stdout.write(_("Dry run: nothing was changed."))
        if summary.dry_run and summary.counts["account"].created:
            return
        if not (host or os.environ.get("PORTAL_URL")):
            self.stdout.write(
                _("The host below is a default of this machine: set PORTAL_URL, or use --host.")
            )
        self.stdout.write(
            _("Fulfilment endpoint to register in VTEX: %(url)s")
            % {"url": _base(host) + summary.account.fulfillment_path}
        )


def _text(file: Path) -> bytes:
    try:
        return file.read_bytes().removeprefix(b"\xef\xbb\xbf")
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror}") from error


def _document(file: Path, text: bytes) -> Any:
    """Raises CommandError with line and column."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise CommandError(
            _("%(file)s: not valid JSON: %(reason)s (line %(line)d, column %(column)d)")
            % {"file": file, "reason": error.msg, "line": error.lineno, "column": error.colno}
        ) from error


def _refusal(file: Path, error: SellerFileError) -> str:
    lines = [str(problem) for problem in error.problems]
    if len(lines) >= MOST_PROBLEMS:
        lines.append(_("Only the first %(count)d faults are listed.") % {"count": MOST_PROBLEMS})
    return "\n".join([*lines, _("%(file)s was refused; nothing was changed.") % {"file": file}])


def _table(summary: Summary) -> str:
    names = (_("created"), _("updated"), _("unchanged"), _("removed"))
    rows = [_line(str(summary.account.slug), names)]
    rows += [_line(kind, _numbers(counts)) for kind, counts in summary.counts.items()]
    return "\n".join(rows)


def _numbers(counts: Counts) -> tuple[str, ...]:
    values = (counts.created, counts.updated, counts.unchanged, counts.removed)
    return tuple(map(str, values))


def _line(first: str, others: Iterable[str]) -> str:
    return f"{first:<22}" + "".join(f"{other:>12}" for other in others)


def _base(host: str) -> str:
    base = (host or settings.PORTAL_URL).rstrip("/")
    return base if "://" in base else f"https://{base}"
