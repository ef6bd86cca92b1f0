"""The demonstration, step by step, as `make demo` takes them."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone
from tqdm import tqdm

from demo.history import remember
from demo.people import LOGINS
from demo.preparing import SLUG, prepare, write_stand_in_settings
from demo.recalling import recall
from demo.settling import write_settlement
from demo.stand_in import StandIn
from demo.trading import Report, await_deliveries, steps, trade
from reporting.dashboard.counting import count_recent
from reporting.promises.settling import settle_recent
from sellers.errors import DomainError
from sellers.models import SellerAccount


class Command(BaseCommand):
    help = "Prepare the demonstration, send traffic through it, or say where to find it."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--prepare", action="store_true", help="the seller and the logins")
        what.add_argument("--traffic", action="store_true", help="orders, by the stand-in")
        what.add_argument("--history", action="store_true", help="the weeks before, for reports")
        what.add_argument("--addresses", action="store_true", help="where to go, and as whom")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.IN_PRODUCTION:
            raise CommandError("The demonstration does not run in production.")
        if options["prepare"]:
            self._prepare()
        elif options["traffic"]:
            self._send_traffic()
        elif options["history"]:
            self._remember()
        else:
            self._say_addresses()

    def _prepare(self) -> None:
        account = prepare(stand_in_url=_stand_in_url(), now=timezone.now())
        target = settings.VAR_DIR / "demo" / "sandbox.json"
        write_stand_in_settings(account, portal_url=_portal_url(), target=target)
        self.stdout.write(
            f"  {account.name}: {account.skus.count()} SKUs, "
            f"{account.warehouses.count()} warehouses, {account.policies.count()} policies, "
            f"{len(LOGINS)} logins"
        )

    def _send_traffic(self) -> None:
        _require_seller()
        with tqdm(total=steps(), desc="  traffic", file=sys.stderr, unit="step") as bar:
            report = _trade(bar)
        waiting = await_deliveries() if report.placed else 0
        count_recent(now=timezone.now())
        self._report(report, waiting)

    def _remember(self) -> None:
        _require_seller()
        account = SellerAccount.objects.get(slug=SLUG)
        remembered = _remembered(account)
        count_recent(now=timezone.now())
        settle_recent(now=timezone.now())
        self.stdout.write(f"  {remembered} orders of the weeks before")
        write_settlement(account, target=_settlement(), now=timezone.now())

    def _report(self, report: Report, waiting: int) -> None:
        self.stdout.write(f"  {report.placed} orders placed, {report.found} were there already")
        if waiting:
            self.stdout.write(f"  {waiting} messages to the marketplace are still waiting")
        for fault in report.faults:
            self.stdout.write(self.style.WARNING(f"  {fault}"))

    def _say_addresses(self) -> None:
        _require_seller()
        rows = [f"  {x.username:<10}{x.password:<22}{x.role}" for x in LOGINS]
        lines = (
            "",
            f"  The portal                  {_portal_url()}/admin/",
            f"  The marketplace (stand-in)  {_stand_in_url()}/",
            "",
            f"  {'login':<10}{'password':<22}role",
            *rows,
            "",
            "  What to try first:",
            "  1. Sign in as packer and open the packing queue: put half of an order in a package.",
            "  2. Close the package: its invoice appears at the marketplace, for that part alone.",
            "  3. Sign in as manager, open the order: its timeline has the marketplace's receipt.",
            f"  4. Under Payouts, give what the marketplace says it paid: {_settlement()}",
            "",
        )
        self.stdout.write("\n".join(lines))


def _trade(bar: tqdm[Any]) -> Report:
    def advance(step: str) -> None:
        bar.set_postfix_str(step, refresh=False)
        bar.update()

    try:
        return trade(StandIn(_stand_in_url()), advance=advance)
    except DomainError as error:
        raise CommandError(error.message) from error


def _remembered(account: SellerAccount) -> int:
    """Both sides remember, or neither."""
    try:
        with transaction.atomic():
            count = remember(now=timezone.now())
            if count:
                recall(account, StandIn(_stand_in_url()))
    except DomainError as error:
        raise CommandError(error.message) from error
    return count


def _require_seller() -> None:
    if not SellerAccount.objects.filter(slug=SLUG).exists():
        raise CommandError("There is no demonstration seller yet: run demo --prepare first.")


def _settlement() -> Path:
    return Path(settings.VAR_DIR) / "demo" / "settlement.csv"


def _portal_url() -> str:
    port = os.environ.get("PORT", "8000")
    return os.environ.get("PORTAL_URL", f"http://127.0.0.1:{port}").rstrip("/")


def _stand_in_url() -> str:
    port = int(os.environ.get("PORT", "8000")) + 1
    return os.environ.get("SANDBOX_URL", f"http://127.0.0.1:{port}").rstrip("/")
