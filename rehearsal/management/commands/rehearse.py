"""Play the marketplace's contract against the running portal, and say what was kept."""

from __future__ import annotations

import argparse
import contextlib
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import requests
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from rehearsal import books, theatre
from rehearsal.casting import cast
from rehearsal.program import Verdict, perform, scenes
from rehearsal.stage import Stage
from rehearsal.understudy import PREFIX, end_turn, retire, take_turn, understudy_of
from sandbox.client import StandIn, StandInError
from sellers.errors import DomainError
from sellers.models import SellerAccount
from sellers.seller_file.problems import SellerFileError

#: How long the marketplace may take to hear of something, seconds.
PATIENCE, PATIENCE_IN_CHAOS = 60.0, 600.0
#: A rehearsal that could not begin, as opposed to one that was not passed.
NOT_BEGUN = 2
_HEALTH_SECONDS = 5


class Command(BaseCommand):
    help = (
        "Play the marketplace's whole contract against this portal, with a copy of a seller and a "
        "stand-in on this machine (docs/sandbox.md). Exit code 1 when a step failed, 2 when the "
        "rehearsal could not begin."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        add = parser.add_argument
        add("--account", metavar="SLUG", help="whose settings, goods and deliveries to rehearse")
        add("--portal", default=settings.PORTAL_URL, help="the portal (default: %(default)s)")
        add("--stand-in", metavar="URL", help="a stand-in that runs already (default: our own)")
        add("--chaos", action="store_true", help="bad weather, duplicates, a crowd of orders")
        add("--orders", type=int, default=12, help="size of the crowd (default: %(default)s)")
        add("--seed", type=int, help="the same weather and the same crowd again")
        add("--postal-code", default="", help="where to deliver (default: found by asking)")
        add("--patience", type=float, help="seconds the marketplace may wait to hear of something")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.OUTBOUND_ALLOW_LOOPBACK:
            raise _not_begun(
                _(
                    "In production the portal calls nobody on this machine, and a stand-in is "
                    "just that. Start it with OUTBOUND_ALLOW_LOOPBACK=on for the rehearsal."
                )
            )
        try:
            with self._staged(options) as stage:
                verdicts = self._play(stage, options)
                self._say_how_it_went(stage)
                self._list_anomalies(stage)
        except (DomainError, StandInError, SellerFileError) as error:
            raise _not_begun(getattr(error, "message", "") or str(error)) from error
        failed = sum(bool(verdict.fault) for verdict in verdicts)
        if failed:
            raise CommandError(
                _("%(failed)d of %(all)d steps failed.") % {"failed": failed, "all": len(verdicts)},
                returncode=1,
            )
        self.stdout.write(_("All %(all)d steps passed.") % {"all": len(verdicts)})

    @contextlib.contextmanager
    def _staged(self, options: dict[str, Any]) -> Iterator[Stage]:
        """The copy, introduced to the stand-in and sold nothing yet; afterwards it is put away."""
        seller = _seller(options["account"])
        _require_healthy(options["portal"])
        with contextlib.ExitStack() as stack:
            if not take_turn(seller):
                raise DomainError("taken", "This seller is being rehearsed already.")
            stack.callback(end_turn, seller)
            url = options["stand_in"] or stack.enter_context(theatre.own_stand_in())
            theatre.require_loopback(url)
            account = understudy_of(seller, stand_in_url=url, now=timezone.now())
            stack.callback(retire, account)
            market = StandIn(url)
            theatre.introduce(market, account, portal_url=options["portal"])
            stage = self._stage(market, account, options)
            cast(stage, postal_code=options["postal_code"])
            yield stage

    def _stage(self, market: StandIn, account: SellerAccount, options: dict[str, Any]) -> Stage:
        seed = (
            random.SystemRandom().randrange(10**6) if options["seed"] is None else options["seed"]
        )
        self.stdout.write(
            _("Rehearsing %(account)s at %(portal)s, seed %(seed)d")
            % {"account": account.slug, "portal": options["portal"], "seed": seed}
        )
        usual = PATIENCE_IN_CHAOS if options["chaos"] else PATIENCE
        return Stage(
            market=market,
            account=account,
            portal_url=options["portal"],
            patience=options["patience"] or usual,
            chance=random.Random(seed),  # noqa: S311 (weather, not secrets)
            stormy=options["chaos"],
        )

    def _play(self, stage: Stage, options: dict[str, Any]) -> list[Verdict]:
        stage.weather()
        verdicts = []
        for scene in scenes(chaos=options["chaos"], crowd=options["orders"]):
            self._announce(scene[0])
            verdict = perform(stage, scene)
            verdicts.append(verdict)
            passed = self.style.ERROR(_("FAIL")) if verdict.fault else self.style.SUCCESS(_("pass"))
            self.stdout.write(f"  {passed}  {verdict.title!s:<60}{verdict.seconds:7.1f} s")
            if verdict.fault:
                self.stdout.write(f"        {verdict.fault}")
        return verdicts

    def _announce(self, title: object) -> None:
        """On a terminal, what is being played: some steps wait for the workers' own rhythm."""
        if self.stdout.isatty():
            self.stdout.write(f"  …     {title!s:<60}\r", ending="")
            self.stdout.flush()

    def _say_how_it_went(self, stage: Stage) -> None:
        """What the messages went through, so that a pass can be judged."""
        weather = books.weather_met(stage)
        self.stdout.write(
            _(
                "Calls to the marketplace: %(calls)d for %(messages)d messages; %(failed)d failed, "
                "%(unanswered)d without an answer, %(throttled)d asked to slow down; %(found)d "
                "settled by reading the order."
            )
            % weather
        )

    def _list_anomalies(self, stage: Stage) -> None:
        anomalies = stage.market.anomalies()
        counted = Counter(anomaly["kind"] for anomaly in anomalies)
        words = ", ".join(f"{count} × {kind}" for kind, count in counted.items()) or _("none")
        self.stdout.write(_("Anomalies at the marketplace: %(anomalies)s") % {"anomalies": words})
        for anomaly in anomalies:
            self.stdout.write("  {kind}  {order}  {detail}".format(**anomaly))


def _not_begun(words: str) -> CommandError:
    return CommandError(words, returncode=NOT_BEGUN)


def _seller(slug: str | None) -> SellerAccount:
    """The account named, or the only one there is. Raises DomainError."""
    sellers = SellerAccount.objects.exclude(slug__startswith=PREFIX)
    chosen = list(sellers.filter(slug=slug) if slug else sellers.filter(is_active=True)[:20])
    if len(chosen) == 1:
        return chosen[0]
    known = ", ".join(sellers.values_list("slug", flat=True)[:20]) or "—"
    raise DomainError("which", f"Name one account: --account SLUG. There are: {known}")


def _require_healthy(portal_url: str) -> None:
    """Raises DomainError when nobody serves the portal there."""
    with requests.Session() as session:
        session.trust_env = False
        try:
            answer = session.get(f"{portal_url.rstrip('/')}/healthz", timeout=_HEALTH_SECONDS)
            healthy = answer.status_code == requests.codes.ok
        except requests.RequestException:
            healthy = False
    if not healthy:
        raise DomainError(
            "not-serving",
            f"The portal does not answer at {portal_url}: start it (make serve), or say where it "
            "is with --portal.",
        )
