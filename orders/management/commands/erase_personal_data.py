"""Empty what is held about a shopper, or about everybody whose orders are long over."""

from __future__ import annotations

import argparse
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from orders import subjects
from orders.erasing import erase_older_than, erase_personal_data
from orders.models import Order
from sellers.errors import Conflict


class Command(BaseCommand):
    help = (
        "Erase shoppers' personal data from orders that are over, in all accounts. Prints ids "
        "only. Exit code 1 when an order is still open and was left as it is."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        add_person(parser).add_argument(
            "--older-than",
            metavar="DAYS",
            type=int,
            nargs="?",
            const=settings.PERSONAL_DATA_DAYS,
            help="every order over for so long (without DAYS: PERSONAL_DATA_DAYS)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["older_than"] is not None:
            self._older_than(options["older_than"])
            return
        left = [order for order in orders_meant(options) if not self._erased(order)]
        if left:
            raise CommandError(
                _("%(count)d still open: erase them once they are delivered or cancelled.")
                % {"count": len(left)},
                returncode=1,
            )

    def _erased(self, order: Order) -> bool:
        try:
            was_there = erase_personal_data(order=order, now=timezone.now(), actor=None)
        except Conflict:
            self._say(order, _("left, still open"))
            return False
        self._say(order, _("erased") if was_there else _("erased before"))
        return True

    def _older_than(self, days: int) -> None:
        if days < 1:
            raise CommandError(_("Give a number of days, one at least."), returncode=2)
        while erased := erase_older_than(days=days, now=timezone.now()):
            for order in erased:
                self._say(order, _("erased"))

    def _say(self, order: Order, what: str) -> None:
        self.stdout.write(f"{order.seller_order_id} {order.marketplace_order_id}: {what}")


def add_person(parser: argparse.ArgumentParser) -> argparse._MutuallyExclusiveGroup:
    """One way of saying whose data is meant."""
    person = parser.add_mutually_exclusive_group(required=True)
    person.add_argument("--order", metavar="ID", help="ours or the marketplace's")
    person.add_argument("--email", help="the address that the marketplace gave us")
    person.add_argument("--document", help="CPF or CNPJ, punctuated or not")
    return person


def orders_meant(options: dict[str, Any]) -> QuerySet[Order]:
    """Raises CommandError, which does not repeat what was searched for, when there are none."""
    if options["order"]:
        found = subjects.orders_named(options["order"])
    elif options["email"]:
        found = subjects.orders_of_email(options["email"])
    else:
        found = subjects.orders_of_document(options["document"] or "")
    if not found.exists():
        raise CommandError(_("No order holds that."), returncode=2)
    return found
