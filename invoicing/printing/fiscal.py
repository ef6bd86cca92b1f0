"""An invoice as it travels with the goods: drawn from its XML, which alone makes it fiscal.

Without the XML it is a summary that says in large letters that it is none. Whoever prints it sees
what it cost and the shopper's document number: it has a permission of its own.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Sequence

from brazilfiscalreport.danfe import Danfe, DanfeConfig, DanfeEtiqueta, DanfeEtiquetaConfig
from brazilfiscalreport.danfe.config import Margins
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from fpdf.enums import Align
from fpdf.errors import FPDFException
from pypdf import PdfWriter

from invoicing.models import Invoice, PaperSettings
from invoicing.printing.facts import PackageFacts, document_of
from invoicing.printing.sheets import Sheets
from sellers.money import format_cents

logger = logging.getLogger(__name__)
#: What the drawing of a document may meet that leaves out what its print needs.
_UNDRAWABLE = (
    ArithmeticError,
    AttributeError,
    FPDFException,
    LookupError,
    TypeError,
    ValueError,
)


def draw_fiscal(
    packages: Sequence[PackageFacts],
    *,
    size: str = "",
    after_each: Callable[[], None] = lambda: None,
) -> bytes:
    """The invoices of the packages in one PDF; those without one are left out."""
    writer = PdfWriter()
    for facts in packages:
        if facts.invoice is not None:
            content = _drawn(facts, facts.invoice, size or facts.paper.slip_size)
            writer.append(io.BytesIO(content))
        after_each()
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _drawn(facts: PackageFacts, invoice: Invoice, size: str) -> bytes:
    document = document_of(invoice)
    small = size == PaperSettings.SlipSize.SMALL
    if document:
        try:
            return _danfe_label(document, facts.paper) if small else _danfe(document)
        except _UNDRAWABLE as error:
            logger.warning("Invoice %s can't be drawn: %s.", invoice.pk, type(error).__name__)
    return _Summary(facts, invoice, small=small).draw()


def _danfe(document: str) -> bytes:
    return bytes(Danfe(xml=document, config=DanfeConfig()).output())


def _danfe_label(document: str, paper: PaperSettings) -> bytes:
    """The simplified print, on the account's labels, or on 10 × 15 cm if those are smaller."""
    margin = paper.label_margin_mm
    config = DanfeEtiquetaConfig(
        paper_width=max(100, paper.label_width_mm),
        paper_height=max(150, paper.label_height_mm),
        margins=Margins(top=margin, right=margin, bottom=margin, left=margin),
    )
    return bytes(DanfeEtiqueta(xml=document, config=config).output())


class _Summary:
    """What is known of the invoice without its XML. Measures are for A4."""

    def __init__(self, facts: PackageFacts, invoice: Invoice, *, small: bool) -> None:
        self.facts, self.invoice = facts, invoice
        self.scale = 0.62 if small else 1.0
        margin = 4 if small else facts.paper.page_margin_mm
        width, height = (100, 150) if small else (210, 297)
        self.sheets = Sheets(width=width, height=height, margin=margin, title=invoice.number)
        self.currency = facts.order.account.currency
        self.y = 0.0

    def draw(self) -> bytes:
        self._page()
        self._who()
        for line in self.invoice.lines.select_related("line").order_by("line__index"):
            self._line(line.line.name, line.quantity, line.value_cents)
        self._line(_("Total"), 0, self.invoice.value_cents, bold=True)
        return self.sheets.bytes()

    def _page(self) -> None:
        sheets, scale = self.sheets, self.scale
        sheets.add_page()
        left, top, height = sheets.margin, sheets.margin, 14 * scale
        sheets.set_fill_color(0)
        sheets.rect(left, top, sheets.inner, height, style="F")
        sheets.set_text_color(255)
        warning, y = _("NOT A FISCAL DOCUMENT"), top + 2 * scale
        size, wide = 24 * scale, sheets.inner
        sheets.line_of(warning, left, y, wide, size=size, bold=True, align=Align.C)
        sheets.set_text_color(0)
        self.y = top + height + 3 * scale

    def _who(self) -> None:
        sheets, facts, scale = self.sheets, self.facts, self.scale
        left, wide = sheets.margin, sheets.inner
        issued = timezone.localtime(self.invoice.issued_at, facts.order.account.zone)
        y = sheets.line_of(facts.sender[0], left, self.y, wide, size=15 * scale, bold=True)
        said = _("Invoice %s") % self.invoice.number
        said = f"{said} · {date_format(issued, 'SHORT_DATE_FORMAT')}"
        y = sheets.line_of(said, left, y, wide, size=12 * scale)
        order = _("Order %s") % facts.order.marketplace_order_id
        y = sheets.line_of(f"{order} · {facts.code}", left, y, wide, size=10 * scale)
        if self.invoice.key:
            y = self._key(y + 1)
        if facts.receiver:
            name = facts.receiver.name
            y = sheets.line_of(name, left, y + 2 * scale, wide, size=12 * scale, bold=True)
            room = (left, y, wide, 26 * scale)
            y = sheets.fitted("\n".join(facts.receiver.lines), room, size=10 * scale)
        sheets.rule(y + 1)
        self.y = y + 2

    def _key(self, y: float) -> float:
        """Forty-four characters in elevens of four, as people read them out."""
        sheets, scale, key = self.sheets, self.scale, self.invoice.key
        sheets.code128(key, sheets.margin, y, sheets.inner, 12 * scale)
        spaced = " ".join(key[at : at + 4] for at in range(0, len(key), 4))
        below = y + 12.5 * scale
        left, wide = sheets.margin, sheets.inner
        return sheets.line_of(spaced, left, below, wide, size=9 * scale, align=Align.C)

    def _line(self, name: str, quantity: int, cents: int, *, bold: bool = False) -> None:
        sheets, scale = self.sheets, self.scale
        height = 8 * scale
        if self.y + height > sheets.h - sheets.margin:
            self._page()
        left, worth = sheets.margin, 38 * scale
        wide = sheets.inner - worth
        text = f"{quantity} × {name}" if quantity else name
        sheets.fitted(text, (left, self.y, wide, height - 0.5), size=10 * scale, bold=bold)
        value = format_cents(cents, self.currency)
        sheets.line_of(value, left + wide, self.y, worth, size=10 * scale, bold=bold, align=Align.R)
        self.y += height
        sheets.rule(self.y - 0.6)
