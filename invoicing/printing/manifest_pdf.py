"""A carrier's manifest: what it took along, for its signature. Nobody's name is on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from fpdf.enums import Align

from invoicing.models import Manifest, PaperSettings
from invoicing.printing.codes import package_code
from invoicing.printing.sheets import Sheets


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


#: Widths of the columns, as shares of the page.
_COLUMNS = (0.06, 0.25, 0.2, 0.2, 0.2, 0.09)
_LINE = 6.2


def draw_manifest(sheet: ManifestSheet) -> bytes:
    sheets = Sheets(width=210, height=297, margin=sheet.margin, title=sheet.code)
    y, foot = _page(sheets, sheet), 42
    for number, row in enumerate(sheet.rows, 1):
        if y + _LINE > sheets.h - sheets.margin - 8:
            y = _page(sheets, sheet)
        facts = (str(number), row.code, row.order, row.tracking_number, row.place, row.kg)
        y = _cells(sheets, facts, y)
    if y + foot > sheets.h - sheets.margin:
        y = _page(sheets, sheet)
    _signatures(sheets, sheet, y)
    return sheets.bytes()


def _page(sheets: Sheets, sheet: ManifestSheet) -> float:
    """A new page with its head and the columns' titles. Returns where the rows begin."""
    sheets.add_page()
    left, top = sheets.margin, sheets.margin
    name = _("Manifest %s") % sheet.code
    y = sheets.line_of(name, left, top, sheets.inner * 0.6, size=16, bold=True)
    number = _("page %d") % sheets.page_no()
    sheets.line_of(number, left, top, sheets.inner, size=9, align=Align.R)
    y = sheets.line_of(sheet.carrier, left, y, sheets.inner, size=14, bold=True)
    state = sheet.told if sheet.is_closed else _("not closed yet · %s") % sheet.told
    y = sheets.line_of(f"{sheet.accounts} · {state}", left, y, sheets.inner, size=9)
    sheets.rule(y + 1, thick=True)
    titles = ("#", _("Package"), _("Order"), _("Tracking"), _("Destination"), "kg")
    return _cells(sheets, titles, y + 2, bold=True)


def _cells(sheets: Sheets, texts: Sequence[str], y: float, *, bold: bool = False) -> float:
    x = sheets.margin
    for text, share in zip(texts, _COLUMNS, strict=True):
        width = sheets.inner * share
        sheets.line_of(text, x, y + 1, width - 1.5, size=8.5, bold=bold)
        x += width
    sheets.rule(y + _LINE)
    return y + _LINE


def _signatures(sheets: Sheets, sheet: ManifestSheet, y: float) -> None:
    y = sheets.line_of(sheet.total, sheets.margin, y + 3, sheets.inner, size=11, bold=True)
    wide, gap = (sheets.inner - 10) / 2, 10
    for row, pair in enumerate(
        ((_("Handed over by"), _("Taken by")), (_("Date, time"), _("Plate")))
    ):
        line = y + 13 + row * 13
        for column, text in enumerate(pair):
            x = sheets.margin + column * (wide + gap)
            sheets.set_line_width(0.2)
            sheets.line(x, line, x + wide, line)
            sheets.line_of(text, x, line + 0.5, wide, size=8)
