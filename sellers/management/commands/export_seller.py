"""Write a stored seller as a seller file."""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from sellers.models import SellerAccount
from sellers.seller_file.exporting import export_seller


class Command(BaseCommand):
    help = "Write a seller as a seller file (docs/seller-file.md), without secrets unless asked."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("slug", help="the account's slug")
        parser.add_argument("-o", "--output", type=Path, help="where to (default: standard output)")
        parser.add_argument(
            "--with-secrets",
            action="store_true",
            help="include tokens, the endpoint key and the hook's secret",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        account = _account(options["slug"])
        with_secrets: bool = options["with_secrets"]
        if not with_secrets:
            self.stderr.write(
                _("Secrets are left out; loading this file keeps the stored ones (--with-secrets).")
            )
        document = export_seller(account, with_secrets=with_secrets)
        content = orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        if options["output"]:
            _write(options["output"], content)
        else:
            self.stdout.write(content.decode(), ending="")


def _account(slug: str) -> SellerAccount:
    try:
        return SellerAccount.objects.get(slug=slug)
    except SellerAccount.DoesNotExist:
        known = ", ".join(SellerAccount.objects.values_list("slug", flat=True)[:20]) or "—"
        raise CommandError(
            _("No account “%(slug)s”. There are: %(known)s") % {"slug": slug, "known": known}
        ) from None


def _write(target: Path, content: bytes) -> None:
    """All or nothing, and for its owner's eyes alone: a seller file may hold secrets."""
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).replace(target)
    except OSError as error:
        raise CommandError(f"{target}: {error.strerror}") from error
