"""A carrier's manifest as a PDF."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from fpdf.enums import Align

from invoicing.printing.manifest_sheet import ManifestSheet
from invoicing.printing.sheets import Sheets

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
