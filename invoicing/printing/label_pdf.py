"""Package labels as PDF, one a page: where it goes, which box of how many, and its code."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.utils.translation import gettext as _
from fpdf.enums import Align

from invoicing.printing.facts import PackageFacts
from invoicing.printing.sheets import Sheets

#: The size that the layout is drawn for, in millimetres; others are scaled from it.
_WIDTH, _HEIGHT = 100.0, 150.0


def draw_labels(
    labels: Sequence[PackageFacts], *, after_each: Callable[[], None] = lambda: None
) -> bytes:
    """One PDF; each label in the size of its account's printer. `labels` has at least one."""
    paper = labels[0].paper
    sheets = Sheets(
        width=paper.label_width_mm,
        height=paper.label_height_mm,
        margin=paper.label_margin_mm,
        title=_("Package labels"),
    )
    for label in labels:
        size = (label.paper.label_width_mm, label.paper.label_height_mm)
        sheets.add_page(format=size)
        sheets.margin = label.paper.label_margin_mm
        _draw(sheets, label)
        after_each()
    return sheets.bytes()


def _draw(sheets: Sheets, label: PackageFacts) -> None:
    scale = min(sheets.w / _WIDTH, sheets.h / _HEIGHT)
    bottom = sheets.h - sheets.margin
    y = _head(sheets, label, scale)
    codes_top = bottom - 24 * scale
    facts_top = codes_top - 30 * scale
    _receiver(sheets, label, y, facts_top - y, scale)
    _facts(sheets, label, facts_top, 29 * scale, scale)
    _code(sheets, label, codes_top, scale)


def _head(sheets: Sheets, label: PackageFacts, scale: float) -> float:
    """Who sends it, and which box of how many. Returns where it ends."""
    top, left = sheets.margin, sheets.margin
    box, height = 34 * scale, 20 * scale
    wide = sheets.inner - box - 2 * scale
    name, *rest = label.sender
    y = sheets.line_of(name, left, top, wide, size=11 * scale, bold=True)
    sheets.fitted("\n".join(rest), (left, y, wide, top + height - y), size=8 * scale, least=4)
    x = sheets.w - sheets.margin - box
    sheets.set_line_width(0.5)
    sheets.rect(x, top, box, height)
    numbers = label.of_how_many
    sheets.line_of(numbers, x, top + 1.5 * scale, box, size=26 * scale, bold=True, align=Align.C)
    caption = _("package")
    sheets.line_of(caption, x, top + 14.5 * scale, box, size=8 * scale, align=Align.C)
    y = top + height + 1.5 * scale
    sheets.rule(y, thick=True)
    return y


def _receiver(sheets: Sheets, label: PackageFacts, y: float, height: float, scale: float) -> None:
    left, wide = sheets.margin, sheets.inner
    end = y + height
    y = sheets.line_of(_("Deliver to"), left, y + 1 * scale, wide, size=7.5 * scale)
    if label.receiver is None:
        text = _("The shopper's data was erased.")
        sheets.fitted(text, (left, y, wide, end - y), size=12 * scale)
        return
    room = (left, y, wide, 14 * scale)
    y = sheets.fitted(label.receiver.name, room, size=15 * scale, bold=True)
    if label.receiver.postal_code:
        big = 12 * scale
        code = label.receiver.postal_code
        sheets.line_of(code, left, end - big, wide, size=22 * scale, bold=True, align=Align.R)
        end -= big
    address = "\n".join(label.receiver.lines)
    sheets.fitted(address, (left, y, wide, end - y), size=12.5 * scale, least=5)


def _facts(sheets: Sheets, label: PackageFacts, y: float, height: float, scale: float) -> None:
    """How it goes and what it belongs to, beside the square code."""
    sheets.rule(y)
    side = height - 1 * scale
    sheets.qr(label.code, sheets.w - sheets.margin - side, y + 0.5 * scale, side)
    left, wide = sheets.margin, sheets.inner - side - 2 * scale
    y = sheets.line_of(label.service, left, y + 1.5 * scale, wide, size=13 * scale, bold=True)
    for text in label.said:
        y = sheets.line_of(text, left, y + 0.4 * scale, wide, size=9 * scale)


def _code(sheets: Sheets, label: PackageFacts, y: float, scale: float) -> None:
    sheets.rule(y)
    bars = 17 * scale
    sheets.code128(label.code, sheets.margin, y + 1.5 * scale, sheets.inner, bars)
    below = y + 1.8 * scale + bars
    code = label.code
    sheets.line_of(code, sheets.margin, below, sheets.inner, size=10 * scale, align=Align.C)
