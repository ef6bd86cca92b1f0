"""A pick list as PDF: shelf by shelf, with barcodes to scan and boxes to tick."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from fpdf.enums import Align

from invoicing.picking.sheet import Sheet, SheetRow
from invoicing.printing.sheets import Sheets

_ROW = 15.0
#: Bin, item, barcode, units, totes: shares of the page.
_COLUMNS = (0.13, 0.34, 0.27, 0.08, 0.18)
#: Slots beside each other; more go on below, and the row is higher.
_ABREAST = 3


def draw_pick_list(sheet: Sheet, *, margin: int, now: datetime) -> bytes:
    """Portrait A4; every page says which list it is."""
    drawing = _PickList(sheet, margin, now)
    return drawing.draw()


class _PickList:
    def __init__(self, sheet: Sheet, margin: int, now: datetime) -> None:
        self.sheet, self.now = sheet, now
        self.zone = ZoneInfo(sheet.zone)
        self.sheets = Sheets(width=210, height=297, margin=margin, title=sheet.code)
        self.y = 0.0

    def draw(self) -> bytes:
        self._page()
        self._slots()
        if self.sheet.rows:
            self._titles()
        for aisle, rows in groupby(self.sheet.rows, key=lambda row: row.aisle):
            self._aisle(aisle)
            for row in rows:
                self._row(row)
        if not self.sheet.rows:
            self._line(_("Nothing is left to pick."), size=12)
        return self.sheets.bytes()

    def _page(self) -> None:
        sheets, sheet = self.sheets, self.sheet
        sheets.add_page()
        left, top = sheets.margin, sheets.margin
        title = f"{_('Pick list')} {sheet.code}"
        y = sheets.line_of(title, left, top, sheets.inner * 0.45, size=16, bold=True)
        where = f"{sheet.account} · {sheet.warehouse}"
        y = sheets.line_of(where, left, y, sheets.inner * 0.45, size=9)
        who = f"{sheet.picker} · {self._told(self.now)}"
        sheets.line_of(who, left, y, sheets.inner * 0.45, size=9)
        sheets.code128(sheet.code, left + sheets.inner * 0.48, top, sheets.inner * 0.3, 12)
        units = ngettext("%(count)d unit", "%(count)d units", sheet.units) % {"count": sheet.units}
        sheets.line_of(units, left, top, sheets.inner, size=14, bold=True, align=Align.R)
        number = _("page %d") % sheets.page_no()
        sheets.line_of(number, left, top + 7, sheets.inner, size=8, align=Align.R)
        sheets.rule(top + 17, thick=True)
        self.y = top + 18

    def _told(self, moment: datetime) -> str:
        return date_format(timezone.localtime(moment, self.zone), "SHORT_DATETIME_FORMAT")

    def _slots(self) -> None:
        """A box to tick for each order, two beside each other."""
        sheets = self.sheets
        half = sheets.inner / 2
        for at, slot in enumerate(self.sheet.slots):
            if at % 2 == 0:
                self._room(10)
            x = sheets.margin + half * (at % 2)
            sheets.line_of(str(slot.number), x, self.y, 9, size=15, bold=True)
            sheets.line_of(slot.order_id, x + 10, self.y, half - 27, size=10, bold=True)
            facts = [self._told(slot.due_at) if slot.due_at else "", slot.tote]
            units = ngettext("%(count)d unit", "%(count)d units", slot.units) % {
                "count": slot.units
            }
            told = " · ".join(filter(None, (*facts, units)))
            sheets.line_of(told, x + 10, self.y + 4.3, half - 27, size=8)
            sheets.set_line_width(0.3)
            sheets.rect(x + half - 15, self.y + 1, 6, 6)
            if at % 2 or at == len(self.sheet.slots) - 1:
                self.y += 9.5
        sheets.rule(self.y)
        self.y += 2

    def _titles(self) -> None:
        names = (_("Bin"), _("Item"), "EAN / SKU", _("Units"), _("Slots"))
        for (x, width), name in zip(self._places(), names, strict=True):
            self.sheets.line_of(name, x, self.y, width - 1.5, size=8.5, bold=True)
        self.y += 5
        self.sheets.rule(self.y, thick=True)

    def _places(self) -> list[tuple[float, float]]:
        places, x = [], float(self.sheets.margin)
        for share in _COLUMNS:
            places.append((x, self.sheets.inner * share))
            x += self.sheets.inner * share
        return places

    def _aisle(self, aisle: str) -> None:
        if not aisle:
            return
        self._room(_ROW + 7)
        self._line(aisle, size=12, bold=True)
        self.sheets.rule(self.y)

    def _row(self, row: SheetRow) -> None:
        height = _ROW + 12.0 * ((len(row.shares) - 1) // _ABREAST)
        if self._room(height):
            self._titles()
        sheets, y = self.sheets, self.y + 1
        bin_, item, bars, units, slots = self._places()
        sheets.line_of(row.bin or "–", bin_[0], y, bin_[1] - 2, size=14, bold=True)
        below = sheets.fitted(row.name, (item[0], y, item[1] - 2, 8), size=10, least=6)
        codes = " · ".join(filter(None, (f"SKU {row.ref}", row.ref_code)))
        sheets.line_of(codes, item[0], below, item[1] - 2, size=8)
        sheets.code128(row.barcode, bars[0], y, bars[1] - 2, 8)
        sheets.line_of(row.barcode, bars[0], y + 8.3, bars[1] - 2, size=8, align=Align.C)
        sheets.line_of(str(row.quantity), units[0], y, units[1] - 1, size=18, bold=True)
        self._shares(row, slots)
        self.y += height
        sheets.rule(self.y)

    def _shares(self, row: SheetRow, place: tuple[float, float]) -> None:
        """How many go into which slot, with a box to tick for each."""
        sheets, step = self.sheets, place[1] / _ABREAST
        for at, share in enumerate(row.shares):
            x = place[0] + step * (at % _ABREAST)
            y = self.y + 1 + 12 * (at // _ABREAST)
            told = f"{share.slot}×{share.quantity}"
            sheets.line_of(told, x, y, step - 1, size=11, bold=True)
            sheets.set_line_width(0.3)
            sheets.rect(x, y + 6, 5, 5)

    def _line(self, text: str, *, size: float, bold: bool = False) -> None:
        sheets = self.sheets
        self.y = sheets.line_of(text, sheets.margin, self.y + 1, sheets.inner, size=size, bold=bold)
        self.y += 1

    def _room(self, height: float) -> bool:
        """Whether a new page was needed for so much."""
        if self.y + height <= self.sheets.h - self.sheets.margin:
            return False
        self._page()
        return True
