"""Two sides of one order, compared: what differs, by how much, and what kind of difference it is.

Pure. The cents of a row are theirs less ours, and the money rows add up to the difference of the
totals.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from orders.states import Status
from orders.status_names import told
from orders.statuses import is_known
from reporting.models import ReconciledRow
from reporting.reconciling.documents import Paper, Side
from sellers.money import Cents, format_cents

Field, Bucket = ReconciledRow.Field, ReconciledRow.Bucket

_HANDLED = frozenset({"ready-for-handling", "start-handling", "handling", "ready-for-invoicing"})
_ASKED = frozenset({"request-cancel", "waiting-for-seller-decision", "cancellation-requested"})
_DENIED = frozenset(
    {
        "cancellation-request-denied",
        "cancellation-request-denied-ffm",
        "invoice-after-cancellation-deny",
    }
)
_OVER = frozenset({"canceled", "cancel", "order-create-error", "order-creation-error", "replaced"})
_APPROVED = frozenset(
    {
        "payment-approved",
        "authorize-fulfillment",
        "waiting-for-fulfillment",
        "waiting-seller-handling",
        "release-to-fulfillment",
        "window-to-cancel",
    }
)
_LATER = frozenset({"invoice", "invoiced"})
#: Statuses there that can't be while we are where we are. All others may be, for a while at least.
CONTRADICTIONS: dict[str, frozenset[str]] = {
    Status.RESERVED: _HANDLED | _LATER | _OVER,
    Status.EXPIRED: _HANDLED | _LATER,
    Status.AUTHORIZED: _LATER | _OVER,
    Status.HANDLING: frozenset({"invoiced"}) | _OVER,
    Status.CANCEL_REQUESTED: _LATER | _OVER,
    Status.INVOICED: _HANDLED | _OVER | _ASKED | _APPROVED | {"invoice", "payment-pending"},
    Status.SHIPPED: _HANDLED | _OVER | _ASKED | _APPROVED | {"invoice", "payment-pending"},
    Status.DELIVERED: _HANDLED | _OVER | _ASKED | _APPROVED | {"invoice", "payment-pending"},
    Status.RETURNED: _HANDLED | _APPROVED,
    Status.CANCELLED: _HANDLED | _LATER | _APPROVED | _DENIED,
}


@dataclass(frozen=True)
class Differing:
    """One row of what differs; `about` is the row on our side where it is mended."""

    field: str
    bucket: str
    ours: str
    theirs: str
    cents: Cents = 0
    about: int | None = None


def compare(ours: Side, theirs: Side, *, currency: str) -> list[Differing]:
    """Everything that differs, money first; empty when both sides agree."""
    return [
        *_money(ours, theirs, currency),
        *_quantities(ours, theirs),
        *_papers(ours, theirs, currency),
        *_status(ours, theirs),
    ]


# --- money ----------------------------------------------------------------------------------------


def _money(ours: Side, theirs: Side, currency: str) -> Iterator[Differing]:
    """Goods, discounts, freight; and what of the totals' difference none of them explains."""
    units_differ = _without_none(ours) != _without_none(theirs)
    cent_a_line = max(ours.lines, theirs.lines, 1)
    explained = 0
    for field, bucket, mine, their in (
        (Field.ITEMS, "", ours.items, theirs.items),
        (Field.DISCOUNTS, Bucket.DISCOUNT, ours.discounts, theirs.discounts),
        (Field.FREIGHT, Bucket.FREIGHT, ours.freight, theirs.freight),
    ):
        if gap := their - mine:
            explained += gap
            kind = bucket or _of_goods(gap, cent_a_line, units_differ=units_differ)
            yield _amount(field, kind, mine, their, currency)
    if rest := theirs.total - ours.total - explained:
        kind = Bucket.ROUNDING if abs(rest) <= cent_a_line else Bucket.PRICE
        told_rest = format_cents(ours.total + explained, currency)
        yield Differing(Field.TOTAL, kind, told_rest, format_cents(theirs.total, currency), rest)


def _of_goods(gap: Cents, cent_a_line: int, *, units_differ: bool) -> str:
    if units_differ:
        return Bucket.QUANTITY
    return Bucket.ROUNDING if abs(gap) <= cent_a_line else Bucket.PRICE


def _amount(field: str, bucket: str, mine: Cents, their: Cents, currency: str) -> Differing:
    told_mine, told_their = (format_cents(cents, currency) for cents in (mine, their))
    return Differing(field, bucket, told_mine, told_their, their - mine)


# --- units, papers, status ------------------------------------------------------------------------


def _without_none(side: Side) -> dict[str, int]:
    return {ref: units for ref, units in side.units.items() if units}


def _quantities(ours: Side, theirs: Side) -> Iterator[Differing]:
    for ref in sorted({*ours.units, *theirs.units}):
        mine, their = ours.units.get(ref, 0), theirs.units.get(ref, 0)
        if mine != their:
            yield Differing(Field.QUANTITY, Bucket.QUANTITY, f"{mine} × {ref}", f"{their} × {ref}")


def _papers(ours: Side, theirs: Side, currency: str) -> Iterator[Differing]:
    for number, mine in sorted(ours.papers.items()):
        their = theirs.papers.get(number)
        if their is None:
            yield Differing(
                Field.INVOICE_MISSING,
                Bucket.INVOICE,
                _told(mine, currency),
                "–",
                -mine.cents,
                mine.message_id,
            )
            continue
        yield from _paper(mine, their, currency)
    for number in sorted(theirs.papers.keys() - ours.papers.keys()):
        foreign = theirs.papers[number]
        yield Differing(
            Field.INVOICE_FOREIGN, Bucket.INVOICE, "–", _told(foreign, currency), foreign.cents
        )


def _paper(mine: Paper, their: Paper, currency: str) -> Iterator[Differing]:
    if mine.cents != their.cents:
        gap = their.cents - mine.cents
        yield Differing(
            Field.INVOICE_VALUE,
            Bucket.ROUNDING if abs(gap) == 1 else Bucket.INVOICE,
            _told(mine, currency),
            _told(their, currency),
            gap,
            mine.message_id,
        )
    if mine.tracking and mine.tracking != their.tracking:
        yield Differing(
            Field.TRACKING,
            Bucket.PROGRESS,
            f"{mine.number}: {mine.tracking}",
            f"{their.number}: {their.tracking or '–'}",
            about=mine.package_id,
        )


def _told(paper: Paper, currency: str) -> str:
    return f"{paper.number}: {format_cents(paper.cents, currency)}"


def _status(ours: Side, theirs: Side) -> Iterator[Differing]:
    """A status nobody documented contradicts nothing."""
    if is_known(theirs.status) and theirs.status in CONTRADICTIONS[ours.status]:
        mine = str(Status(ours.status).label)
        yield Differing(Field.STATUS, Bucket.PROGRESS, mine, told(theirs.status))
