"""Show, make and remove an account's hook and feed at the marketplace; compare its open orders."""

from __future__ import annotations

import argparse
import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from orders import sweeping
from sellers.errors import DomainError
from sellers.marketplace import subscribing
from sellers.models import SellerAccount
from sellers.redaction import without_endpoint_key

_CHANGES = {
    "create-hook": subscribing.create_hook,
    "create-feed": subscribing.create_feed,
    "remove-hook": subscribing.remove_hook,
    "remove-feed": subscribing.remove_feed,
}


class Command(BaseCommand):
    help = (
        "How an account hears of its orders. The hook is registered at PORTAL_URL, both with "
        "every documented status (FromWorkflow). `sweep` has all open orders compared with the "
        "marketplace. Exit code 1 when the marketplace refuses or does not answer."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("action", choices=["show", *_CHANGES, "sweep"])
        parser.add_argument("account", metavar="ACCOUNT", help="the account's slug")

    def handle(self, *args: Any, **options: Any) -> None:
        account = SellerAccount.objects.filter(slug=options["account"]).first()
        if account is None:
            raise CommandError(
                _("There is no account “%(slug)s”.") % {"slug": options["account"]}, returncode=2
            )
        try:
            self._act(options["action"], account)
        except DomainError as refusal:
            raise CommandError(refusal.message, returncode=1) from refusal

    def _act(self, action: str, account: SellerAccount) -> None:
        if action == "sweep":
            count = sweeping.compare_all(account)
            self.stdout.write(_("%(count)d open orders will be compared.") % {"count": count})
            return
        if action in _CHANGES:
            _CHANGES[action](account=account, clock=timezone.now)
        self._show(account)

    def _show(self, account: SellerAccount) -> None:
        there = subscribing.present(account=account, clock=timezone.now)
        for way, config in ((subscribing.HOOK, there.hook), (subscribing.FEED, there.feed)):
            text = json.dumps(subscribing.shown(config), indent=2) if config else _("none")
            self.stdout.write(f"{way}: {without_endpoint_key(text)}")
