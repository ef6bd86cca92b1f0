"""The cent ledger on the screen: rows, their formulas, and where the difference arises."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from invoicing.models import Invoice
from orders import gaps
from orders.models import Order
from reporting.declarations import may_read
from reporting.figures import CAUSES, UNPAID, Cause
from reporting.ledger import Entry, Ledger, Paper, ledger_of
from reporting.mapping import MAPPING
from sellers.money import Cents, format_cents

_EMPTY = ""


@dataclass(frozen=True)
class Row:
    """As text; amounts in the order of the columns: goods, discount, services, freight, total."""

    name: str
    amounts: tuple[str, ...]
    formula: str = ""
    notes: tuple[str, ...] = ()
    is_source: bool = False
    is_sum: bool = False
    link: str | None = None


@dataclass(frozen=True)
class Section:
    title: str
    rows: list[Row] = field(default_factory=list)


def ledger(request: HttpRequest, order_id: int) -> HttpResponse:
    if not may_read(MAPPING, request.user):
        raise PermissionDenied
    order = get_object_or_404(Order.objects.select_related("account"), pk=order_id)
    found = ledger_of(order)
    context = {
        **admin.site.each_context(request),
        "title": _("Cent ledger: %(order)s") % {"order": order.marketplace_order_id},
        "order": order,
        "order_link": reverse("admin:orders_order_change", args=[order.pk]),
        "sections": list(_Teller(order, found).sections()),
        "is_even": found.cause == Cause.NONE,
        "verdict": _verdict(order, found),
    }
    return TemplateResponse(request, "reporting/ledger.html", context)


def _verdict(order: Order, ledger: Ledger) -> str:
    currency = order.account.currency
    if ledger.cause == Cause.NONE:
        return _("It adds up to the cent.")
    facts = {"cents": format_cents(ledger.difference, currency), "cause": CAUSES[ledger.cause]}
    return _("Difference %(cents)s: %(cause)s.") % facts


class _Teller:
    def __init__(self, order: Order, ledger: Ledger) -> None:
        self.order, self.ledger, self.currency = order, ledger, order.account.currency

    def sections(self) -> Iterator[Section]:
        yield Section(_("What was ordered"), list(self._ordered()))
        yield Section(_("What is invoiced"), list(self._invoiced()))
        if self.ledger.returns:
            yield Section(_("What came back"), list(self._returned()))
        yield Section(_("What is left"), list(self._balance()))

    # --- what was ordered

    def _ordered(self) -> Iterator[Row]:
        for entry, price in zip(self.ledger.lines, self.ledger.prices, strict=True):
            times = "" if price.multiplier == 1 else f" × {price.multiplier.normalize():f}"
            yield self._row(entry, formula=f"{entry.units}{times} × {self._money(price.cents)}")
        if self.ledger.beside:
            yield self._sum(_("Beside the lines, by changes of the order"), self.ledger.beside)
        formula = _("goods − discounts + services + freight")
        yield self._sum(_("Total of the rows"), self.ledger.rows, formula=formula, is_sum=True)
        yield self._pays()

    def _pays(self) -> Row:
        gap = self.ledger.gap
        notes = gaps.told(gap, currency=self.currency) if gap else []
        return self._sum(
            _("The marketplace pays"), self.ledger.pays, notes=notes, is_source=bool(notes)
        )

    # --- what is invoiced

    def _invoiced(self) -> Iterator[Row]:
        for paper in self.ledger.papers:
            yield from self._paper(paper)
        for entry in self.ledger.not_invoiced:
            note = _("not invoiced: %(units)s of %(of)s") % {"units": entry.units, "of": entry.of}
            yield self._row(entry, formula=note)
        yield self._sum(_("Sum of the invoices"), self.ledger.invoiced, is_sum=True)

    def _paper(self, paper: Paper) -> Iterator[Row]:
        for entry in paper.entries:
            formula = _("%(units)s of %(of)s units") % {"units": entry.units, "of": entry.of}
            yield self._row(entry, formula=formula)
        if paper.adjustment:
            name = (
                _("What is left for the last invoice")
                if paper.is_last
                else _("Kept in reserve for the units that follow")
            )
            yield self._sum(name, paper.adjustment)
        yield self._sum(
            self._named(paper.invoice),
            paper.invoice.value_cents,
            notes=self._off(paper),
            is_source=paper.is_source,
            is_sum=True,
        )

    def _named(self, invoice: Invoice) -> str:
        facts = {"number": invoice.number}
        if invoice.package is None:
            return _("Invoice %(number)s") % facts
        return _("Invoice %(number)s, package %(package)s") % (
            facts | {"package": invoice.package.number}
        )

    def _off(self, paper: Paper) -> list[str]:
        """What it should be, and by how much it is not."""
        if not paper.off or paper.share is None or paper.adjustment is None:
            return []
        right = paper.share + paper.adjustment
        facts = {"right": self._money(right), "off": self._money(abs(paper.off))}
        if paper.off > 0:
            return [_("%(right)s would be right: it is %(off)s too much.") % facts]
        return [_("%(right)s would be right: it is %(off)s too little.") % facts]

    # --- what came back, and the balance

    def _returned(self) -> Iterator[Row]:
        for invoice in self.ledger.returns:
            name = _("Return invoice %(number)s") % {"number": invoice.number}
            source = self.ledger.cause == Cause.RETURNED
            yield self._sum(name, invoice.value_cents, is_source=source)
        yield self._sum(_("Sum of the returns"), self.ledger.returned, is_sum=True)

    def _balance(self) -> Iterator[Row]:
        ledger = self.ledger
        notes = []
        if self.order.status in UNPAID:
            notes = [_("Nothing is paid for an order that is not paid, expired or cancelled.")]
        yield self._sum(_("To be paid by the marketplace"), ledger.due, notes=notes)
        count = len(ledger.papers)
        invoices = ngettext("− %(count)s invoice", "− %(count)s invoices", count)
        yield self._sum(invoices % {"count": count}, -ledger.invoiced)
        if ledger.returns:
            count = len(ledger.returns)
            returns = ngettext("+ %(count)s return", "+ %(count)s returns", count)
            yield self._sum(returns % {"count": count}, ledger.returned)
        formula = f"{self._bare(ledger.due)} − {self._bare(ledger.invoiced)}"
        if ledger.returns:
            formula += f" + {self._bare(ledger.returned)}"
        yield self._sum(
            _("Difference"),
            ledger.difference,
            formula=f"{formula} = {self._bare(ledger.difference)}",
            is_sum=True,
        )

    # --- as text

    def _row(self, entry: Entry, *, formula: str) -> Row:
        parts = (entry.goods, entry.discount, entry.services, entry.freight)
        return Row(
            name=entry.name,
            amounts=(
                *(self._bare(cents) if cents else _EMPTY for cents in parts),
                self._bare(entry.total),
            ),
            formula=formula,
            is_source=entry.is_source,
        )

    def _sum(
        self,
        name: str,
        cents: Cents,
        *,
        formula: str = "",
        notes: list[str] | None = None,
        is_source: bool = False,
        is_sum: bool = False,
    ) -> Row:
        return Row(
            name=name,
            amounts=(_EMPTY,) * 4 + (self._bare(cents),),
            formula=formula,
            notes=tuple(notes or ()),
            is_source=is_source,
            is_sum=is_sum,
        )

    def _money(self, cents: Cents) -> str:
        return format_cents(cents, self.currency)

    def _bare(self, cents: Cents) -> str:
        """Without the currency, which the table says once."""
        sign = "−" if cents < 0 else ""
        return sign + format_cents(abs(cents), self.currency).rpartition(" ")[2]
