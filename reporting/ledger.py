"""The cent ledger of one order: every amount from its lines to what the marketplace pays, and the
row where the difference arises, with its formula.

What an invoice should be worth is asked of `invoicing.billing`, which rows may be wrong of
`orders.gaps`; what the difference is and its cause are the report's own figures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple

from invoicing import billing
from invoicing.billing import Bill, Part, money_of
from invoicing.models import Invoice, InvoiceLine
from orders import gaps
from orders.models import Order, OrderLine
from reporting import reading
from reporting.figures import Cause
from reporting.mapping import MAPPING
from sellers.errors import DomainError
from sellers.money import Cents


@dataclass(frozen=True)
class Entry:
    """One row. Amounts carry the sign they have in the sum; None stands where there is none.

    `units` are those of the line it is about, out of `of`. `is_source`: the difference arises here.
    """

    name: str
    total: Cents
    units: int | None = None
    of: int | None = None
    goods: Cents | None = None
    discount: Cents | None = None
    services: Cents | None = None
    freight: Cents | None = None
    is_source: bool = False


class Price(NamedTuple):
    """Of one multiple of a line's unit, as placed."""

    cents: Cents
    multiplier: Decimal


@dataclass(frozen=True)
class Paper:
    """An invoice: its value, what makes it up, and what it should be worth as the order stands.

    `share` is its units' part of the lines, `adjustment` what makes that the value it should have:
    the invoice that completes an order takes what is left. Both None when no invoice could be
    worth that.
    """

    invoice: Invoice
    entries: tuple[Entry, ...]
    share: Cents | None
    adjustment: Cents | None
    is_last: bool
    is_source: bool = False

    @property
    def off(self) -> Cents:
        """By how much its value differs from what it should be."""
        if self.share is None or self.adjustment is None:
            return 0
        return self.invoice.value_cents - self.share - self.adjustment


@dataclass(frozen=True)
class Ledger:
    """`beside`: what changes of the order add to its lines or take off them all. `due` is what the
    marketplace is to pay, nothing for an order that is not paid or is off."""

    lines: tuple[Entry, ...]
    prices: tuple[Price, ...]
    beside: Cents
    rows: Cents
    pays: Cents
    due: Cents
    gap: gaps.Gap | None
    papers: tuple[Paper, ...]
    returns: tuple[Invoice, ...]
    not_invoiced: tuple[Entry, ...]
    invoiced: Cents
    returned: Cents
    difference: Cents
    cause: str


def ledger_of(order: Order) -> Ledger:
    """In a fixed number of queries, whatever the order is like."""
    return _Reader(order).ledger()


class _Reader:
    def __init__(self, order: Order) -> None:
        self.order = order
        self.lines = list(order.lines.order_by("index"))
        live = order.invoices.filter(voided_at=None).order_by("id")
        invoices = list(live.select_related("package").prefetch_related("lines__line"))
        self.sales = [one for one in invoices if one.kind == Invoice.Kind.OUTPUT]
        self.returns = [one for one in invoices if one.kind == Invoice.Kind.INPUT]
        columns = ("pays", "total", "invoiced", "returned", "difference", "cause")
        self.figures = reading.figures_of(MAPPING, columns, key=order.pk)
        self.cause = str(self.figures["cause"])

    def ledger(self) -> Ledger:
        figures, lines = self.figures, sum(line.total_cents for line in self.lines)
        beside = int(figures["total"]) - lines
        gap = gaps.gap_of(int(figures["pays"]) - beside, self.lines)
        return Ledger(
            lines=tuple(self._ordered(gap)),
            prices=tuple(Price(line.price_cents, line.unit_multiplier) for line in self.lines),
            beside=beside,
            rows=int(figures["total"]),
            pays=int(figures["pays"]),
            due=int(figures["difference"] + figures["invoiced"] - figures["returned"]),
            gap=gap,
            papers=tuple(self._papers()),
            returns=tuple(self.returns),
            not_invoiced=tuple(self._not_invoiced()),
            invoiced=int(figures["invoiced"]),
            returned=int(figures["returned"]),
            difference=int(figures["difference"]),
            cause=self.cause,
        )

    def _ordered(self, gap: gaps.Gap | None) -> Iterator[Entry]:
        """The lines as they were placed; a row that alone explains the gap is its source."""
        suspects = gap.suspects if gap else ()
        for line in self.lines:
            entry = Entry(
                name=line.name,
                units=line.quantity,
                total=line.total_cents,
                goods=line.items_cents,
                discount=-line.discount_cents,
                services=line.services_cents,
                freight=line.freight_cents,
            )
            is_source = self._was_left_out(line) or any(_is_of(one, entry) for one in suspects)
            yield replace(entry, is_source=is_source)

    def _was_left_out(self, line: OrderLine) -> bool:
        """Whether the invoices leave out what this row of the order says."""
        if self.cause == Cause.FREIGHT:
            return line.freight_cents != 0
        return self.cause == Cause.DISCOUNT and line.discount_cents != 0

    def _papers(self) -> Iterator[Paper]:
        before: Counter[int] = Counter()
        value = 0
        papers = []
        for invoice in self.sales:
            rows = sorted(invoice.lines.all(), key=lambda row: row.line.index)
            papers.append(self._paper(invoice, rows, before, value))
            before.update({row.line_id: row.quantity for row in rows})
            value += invoice.value_cents
        return self._with_source(papers)

    def _paper(
        self, invoice: Invoice, rows: Sequence[InvoiceLine], before: Counter[int], value: Cents
    ) -> Paper:
        carries = self.order.account.invoices_carry_freight
        parts = [
            Part(money_of(row.line, with_freight=carries), before[row.line_id], row.quantity)
            for row in rows
            if row.quantity <= row.line.quantity - before[row.line_id]
        ]
        left_out = 0 if carries else sum(line.freight_cents for line in self.lines)
        ordered = sum(line.quantity for line in self.lines)
        outside = ordered - before.total() - sum(row.quantity for row in rows)
        bill = self._bill(
            parts, pays=int(self.figures["pays"]) - left_out, value=value, outside=outside
        )
        return Paper(
            invoice=invoice,
            entries=tuple(self._entries(rows, bill)),
            share=sum(share.total for share in bill.shares) if bill else None,
            adjustment=bill.adjustment if bill else None,
            is_last=outside <= 0,
        )

    def _bill(
        self, parts: Sequence[Part], *, pays: Cents, value: Cents, outside: int
    ) -> Bill | None:
        try:
            return billing.bill(parts, pays=pays, invoiced=value, units_outside=max(outside, 0))
        except DomainError:
            return None

    def _entries(self, rows: Iterable[InvoiceLine], bill: Bill | None) -> Iterator[Entry]:
        shares = {share.part.line.index: share for share in bill.shares} if bill else {}
        for row in rows:
            share = shares.get(row.line.index)
            yield Entry(
                name=row.line.name,
                units=row.quantity,
                of=row.line.quantity,
                total=share.total if share else row.value_cents,
                goods=share.goods if share else None,
                discount=-share.discount if share else None,
                services=share.services if share else None,
                freight=share.freight if share else None,
            )

    def _with_source(self, papers: list[Paper]) -> Iterator[Paper]:
        """The difference arises at the last invoice that is off, as each makes up for those before
        it; when the order is not to be paid at all, at every one."""
        if self.cause == Cause.CANCELLED:
            return (replace(paper, is_source=True) for paper in papers)
        if self.cause not in (Cause.ROUNDING, Cause.PRICE, Cause.QUANTITY):
            return iter(papers)
        off = [paper for paper in papers if paper.off]
        return (replace(paper, is_source=bool(off) and paper is off[-1]) for paper in papers)

    def _not_invoiced(self) -> Iterator[Entry]:
        """Units that no invoice has yet; where the order is over, the difference arises there."""
        sold: Counter[int] = Counter()
        for invoice in self.sales:
            sold.update({row.line_id: row.quantity for row in invoice.lines.all()})
        for line in self.lines:
            left = line.quantity - sold[line.pk]
            if left > 0:
                share = billing.share_of(Part(money_of(line), sold[line.pk], left))
                yield Entry(
                    name=line.name,
                    units=left,
                    of=line.quantity,
                    total=share.total,
                    goods=share.goods,
                    discount=-share.discount,
                    services=share.services,
                    freight=share.freight,
                    is_source=self.cause in (Cause.QUANTITY, Cause.OPEN),
                )


def _is_of(suspect: gaps.Suspect, entry: Entry) -> bool:
    """A suspect without a name is an amount of all lines together: of those that have any."""
    amounts = {
        "goods": entry.goods,
        "discount": entry.discount,
        "services": entry.services,
        "freight": entry.freight,
    }
    return suspect.name in (entry.name, "") and bool(amounts[suspect.what])
