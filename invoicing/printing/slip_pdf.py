"""Packing slips as PDF: what is in the box and where it goes, never what it cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from fpdf.enums import Align

from invoicing.models import PackageItem, PaperSettings
from invoicing.printing.facts import PackageFacts
from invoicing.printing.sheets import Sheets

A4 = (210.0, 297.0)
SMALL = (100.0, 150.0)


def draw_slips(
    slips: Sequence[PackageFacts],
    *,
    size: str = "",
    after_each: Callable[[], None] = lambda: None,
) -> bytes:
    """One PDF, each slip on as many pages as it needs; `size` else its account's own."""
    sheets = Sheets(width=A4[0], height=A4[1], margin=14, title=_("Packing slips"))
    for slip in slips:
        _Slip(sheets, slip, size or slip.paper.slip_size).draw()
        after_each()
    return sheets.bytes()


class _Slip:
    """Measures are for A4; the small one is drawn three quarters as large."""

    def __init__(self, sheets: Sheets, slip: PackageFacts, size: str) -> None:
        self.sheets, self.slip = sheets, slip
        self.is_small = size == PaperSettings.SlipSize.SMALL
        self.scale = 0.72 if self.is_small else 1.0
        self.page = 0
        self.y = 0.0

    def draw(self) -> None:
        self._new_page()
        self._receiver()
        self._heading()
        for item in self.slip.items:
            self._item(item)
        self._foot()

    def _new_page(self) -> None:
        sheets, slip = self.sheets, self.slip
        sheets.add_page(format=SMALL if self.is_small else A4)
        sheets.margin = 4 if self.is_small else slip.paper.page_margin_mm
        self.page += 1
        self._head()
        if self.page > 1:
            self._heading()

    def _head(self) -> None:
        sheets, slip, scale = self.sheets, self.slip, self.scale
        top, left = sheets.margin, sheets.margin
        box = 34 * scale
        wide = sheets.inner - box - 3
        y = sheets.line_of(slip.sender[0], left, top, wide, size=15 * scale, bold=True)
        title = f"{_('Packing slip')} · {_('not a fiscal document')}"
        if self.page > 1:
            title = f"{title} · {_('page %d') % self.page}"
        sheets.line_of(title, left, y, wide, size=9 * scale)
        x = sheets.w - sheets.margin - box
        sheets.rect(x, top, box, 14 * scale)
        number = slip.of_how_many
        sheets.line_of(number, x, top + 1 * scale, box, size=20 * scale, bold=True, align=Align.C)
        caption = _("package")
        sheets.line_of(caption, x, top + 9.5 * scale, box, size=8 * scale, align=Align.C)
        y = top + 16 * scale
        sheets.rule(y, thick=True)
        self.y = self._ids(y + 1.5 * scale)

    def _ids(self, y: float) -> float:
        sheets, slip, scale = self.sheets, self.slip, self.scale
        wide = min(sheets.inner, 120)
        x = (sheets.w - wide) / 2
        sheets.code128(slip.order.marketplace_order_id, x, y, wide, 13 * scale)
        y += 13.5 * scale
        number = slip.order.marketplace_order_id
        y = sheets.line_of(number, x, y, wide, size=13 * scale, bold=True, align=Align.C)
        ours = [slip.order.seller_order_id]
        if slip.invoice:
            ours.append(_("Invoice %s") % slip.invoice.number)
        y = sheets.line_of(" · ".join(ours), x, y, wide, size=9 * scale, align=Align.C)
        sheets.rule(y + 1)
        return y + 2

    def _receiver(self) -> None:
        sheets, scale, left = self.sheets, self.scale, self.sheets.margin
        receiver = self.slip.receiver
        caption = _("Recipient")
        y = sheets.line_of(caption, left, self.y, sheets.inner, size=8 * scale, bold=True)
        if receiver is None:
            gone = _("The shopper's data was erased.")
            y = sheets.line_of(gone, left, y, sheets.inner, size=11 * scale)
        else:
            room = (left, y, sheets.inner, 12 * scale)
            y = sheets.fitted(receiver.name, room, size=13 * scale, bold=True)
            address = "\n".join(receiver.lines)
            y = sheets.fitted(address, (left, y, sheets.inner, 32 * scale), size=11 * scale)
        sheets.rule(y + 1)
        self.y = y + 3

    def _heading(self) -> None:
        sheets, scale = self.sheets, self.scale
        x, wide, codes = self._columns()
        for text, at, width in (
            (_("Units"), sheets.margin, x - sheets.margin),
            (_("Item"), x, wide),
            ("SKU / EAN", x + wide + 2, codes),
        ):
            end = sheets.line_of(text, at, self.y, width, size=9 * scale, bold=True)
        sheets.rule(end + 0.5)
        self.y = end + 1.5

    def _columns(self) -> tuple[float, float, float]:
        """Where the item's name begins, how wide it is, and how wide its codes are."""
        units, codes = 16 * self.scale, 42 * self.scale
        wide = self.sheets.inner - units - codes - 2
        return self.sheets.margin + units, wide, codes

    def _item(self, item: PackageItem) -> None:
        sheets, scale, line = self.sheets, self.scale, item.line
        height = 10.5 * scale
        if self.y + height > sheets.h - sheets.margin - 8 * scale:
            self._new_page()
        x, wide, codes = self._columns()
        units = x - sheets.margin
        sheets.line_of(str(item.quantity), sheets.margin, self.y, units, size=13 * scale, bold=True)
        name = f"{line.name} · {_('Gift')}" if line.is_gift else line.name
        sheets.fitted(name, (x, self.y, wide, height - 1), size=10 * scale)
        below = sheets.line_of(line.ref, x + wide + 2, self.y, codes, size=10 * scale)
        if line.sku.ean:
            sheets.line_of(line.sku.ean, x + wide + 2, below, codes, size=10 * scale)
        self.y += height
        sheets.rule(self.y - 0.7)

    def _foot(self) -> None:
        sheets, package = self.sheets, self.slip.package
        zone = self.slip.order.account.zone
        at = timezone.localtime(package.closed_at or package.opened_at, zone)
        said = [date_format(at, "SHORT_DATETIME_FORMAT")]
        if package.closed_by:
            who = package.closed_by.get_full_name() or package.closed_by.get_username()
            said.insert(0, _("Packed by %s") % who)
        if package.weight_g:
            said.append(f"{package.weight_g} g")
        y = sheets.h - sheets.margin - 4.5 * self.scale
        sheets.line_of(" · ".join(said), sheets.margin, y, sheets.inner, size=8.5 * self.scale)
