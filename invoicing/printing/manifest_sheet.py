"""A carrier's manifest: what it took along, for its signature. Nobody's name is on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from invoicing.models import Manifest, PaperSettings
from invoicing.printing.codes import package_code


@dataclass(frozen=True)
class Row:
    code: str
    order: str
    tracking_number: str
    place: str
    weight_g: int | None

    @property
    def kg(self) -> str:
        return f"{self.weight_g / 1000:.2f}" if self.weight_g else ""


@dataclass(frozen=True)
class ManifestSheet:
    """`weight_g` is the sum of those that were weighed; `weighed` how many they are."""

    code: str
    carrier: str
    accounts: str
    moment: datetime
    is_closed: bool
    margin: int
    rows: list[Row]

    @property
    def weight_g(self) -> int:
        return sum(row.weight_g or 0 for row in self.rows)

    @property
    def weighed(self) -> int:
        return sum(row.weight_g is not None for row in self.rows)

    @property
    def orders(self) -> int:
        return len({row.order for row in self.rows})

    @property
    def told(self) -> str:
        """The moment, on the clocks of whoever reads it."""
        return date_format(self.moment, "SHORT_DATETIME_FORMAT")

    @property
    def total(self) -> str:
        said = _("%(packages)d packages of %(orders)d orders") % {
            "packages": len(self.rows),
            "orders": self.orders,
        }
        if not self.weighed:
            return said
        weight = _("%(kg)s kg (%(weighed)d weighed)") % {
            "kg": f"{self.weight_g / 1000:.2f}",
            "weighed": self.weighed,
        }
        return f"{said} · {weight}"


def sheet_of(manifest: Manifest) -> ManifestSheet:
    """As it was scanned, in that order; one query for all of it and one for the paper."""
    entries = list(manifest.entries.select_related("package__order__account").order_by("pk"))
    accounts = {entry.package.order.account_id: entry.package.order.account for entry in entries}
    paper = PaperSettings.objects.filter(account__in=accounts).order_by("pk").first()
    moment = manifest.closed_at or timezone.now()
    zones = [account.zone for account in accounts.values()]
    return ManifestSheet(
        code=manifest.code,
        carrier=manifest.carrier.name,
        accounts=", ".join(sorted(account.name for account in accounts.values())),
        moment=timezone.localtime(moment, zones[0] if zones else None),
        is_closed=manifest.closed_at is not None,
        margin=paper.page_margin_mm if paper else 14,
        rows=[
            Row(
                code=package_code(entry.package),
                order=entry.package.order.marketplace_order_id,
                tracking_number=entry.tracking_number or entry.package.tracking_number,
                place=_place(entry.package.order.ship_postal_code, entry.package.order.ship_city),
                weight_g=entry.package.weight_g,
            )
            for entry in entries
        ],
    )


def _place(postal_code: str, city: str) -> str:
    return " · ".join(filter(None, (postal_code, city)))
