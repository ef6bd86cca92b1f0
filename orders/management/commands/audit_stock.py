"""Compare stock levels, ledger and holds; repair on request."""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from orders.auditing import findings
from orders.repairing import Repair, Repaired, repair_all
from sellers.models import SellerAccount
from sellers.repairing import Trust


class Command(BaseCommand):
    help = (
        "Compare what stock levels, ledger and live holds say, and whether each hold has a living "
        "order. Exit code 1 when something differs and was not repaired."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--account", metavar="SLUG", help="this account only")
        parser.add_argument("--repair", action="store_true", help="put right what was found")
        parser.add_argument("--reason", default="", help="with --repair: kept in the ledger")
        parser.add_argument(
            "--trust",
            type=Trust,
            choices=list(Trust),
            default=Trust.LEDGER,
            help="which number on hand is right: the ledger's, or (after a count) the level's",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["repair"] and not options["reason"].strip():
            raise CommandError(_("A repair needs a reason: --reason “…”."), returncode=2)
        account_id = _account_id(options["account"])
        left = self._repair(account_id, options) if options["repair"] else self._list(account_id)
        if left:
            raise CommandError(_summary(left), returncode=1)
        self.stdout.write(_("Levels, ledger and holds agree."))

    def _list(self, account_id: int | None) -> int:
        count = 0
        for finding in findings(now=timezone.now(), account_id=account_id):
            self.stdout.write(str(finding))
            count += 1
        return count

    def _repair(self, account_id: int | None, options: dict[str, Any]) -> int:
        how = Repair(reason=options["reason"], now=timezone.now(), trust=options["trust"])
        return sum(self._say(each) for each in repair_all(how=how, account_id=account_id))

    def _say(self, repaired: Repaired) -> int:
        """Returns how many differences are left."""
        for finding in repaired.found:
            self.stdout.write(str(finding))
        self.stdout.write(f"  {repaired.refusal or _('repaired')}")
        return len(repaired.found) if repaired.refusal else 0


def _account_id(slug: str | None) -> int | None:
    if slug is None:
        return None
    account = SellerAccount.objects.filter(slug=slug).first()
    if account is None:
        raise CommandError(_("There is no account “%(slug)s”.") % {"slug": slug}, returncode=2)
    return account.pk


def _summary(left: int) -> str:
    return ngettext("%(count)d difference is left.", "%(count)d differences are left.", left) % {
        "count": left
    }
