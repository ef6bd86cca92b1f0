"""The return invoice: it gives back exactly what the returned units' invoices took.

The marketplace refunds the shopper by itself when it gets one, but only once the order was
invoiced in full, and reliably only one at a time; so both are rules here.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from django.db import transaction
from django.db.models import Q, QuerySet, Sum
from django.utils.translation import gettext as _

from invoicing import billing, notices, numbering, returning
from invoicing.models import Invoice, InvoiceLine, Return
from orders import deciding, moving
from orders.models import Order, OrderLine
from orders.states import Status
from sellers.errors import Conflict, DomainError
from sellers.marketplace import deciding as messages
from sellers.models import OutboxMessage, User

_RETURNABLE = (Status.INVOICED, Status.SHIPPED, Status.DELIVERED, Status.RETURNED)


class Step(Enum):
    """What comes next for an order that had a return."""

    INVOICE = "invoice"
    WAIT = "wait"
    MEND = "mend"
    CANCEL = "cancel"
    NOTHING = "nothing"


@transaction.atomic
def credit(
    *,
    taken_in: Return,
    now: datetime,
    actor: User | None,
    number: str | None = None,
    key: str = "",
) -> Invoice:
    """Issue the return invoice and owe it to the marketplace; the order is returned with its last
    unit. One that was refused there is replaced: voided, and issued again.

    Number and key as in `packing.close`. Raises Conflict quoting the rule that forbids it,
    DomainError for a number or key; then nothing changed.
    """
    # The order's row first (races: two managers, a second return credited at once).
    order = moving.lock(order_id=taken_in.order_id)
    taken_in = Return.objects.select_related("order__account", "invoice__message").get(
        pk=taken_in.pk
    )
    refusal = why_not_credit(taken_in)
    if refusal is not None:
        raise refusal
    earlier = _void(taken_in, now=now, actor=actor)
    units = _units_of(taken_in)
    invoice = _invoice(taken_in, bill_of(taken_in), number, key, earlier=earlier, now=now)
    notices.owe_invoice(invoice, units, now=now)
    returning.tell(taken_in, "return-invoiced", now=now, actor=actor)
    if order.status != Status.RETURNED and _everything_is_back(order):
        moving.move(order, Status.RETURNED, now=now, code="returned", actor=actor)
    return invoice


def why_not_credit(taken_in: Return) -> DomainError | None:
    """What forbids the return invoice; None when nothing does. Serves button and use case."""
    if taken_in.undone_at:
        return Conflict("undone", _("This return was taken back already."))
    if taken_in.invoice is not None and not _can_be_replaced(taken_in.invoice):
        return Conflict("credited", _("The return invoice is issued already."))
    order = taken_in.order
    if not is_invoiced_in_full(order):
        return Conflict(
            "not-invoiced-in-full",
            _(
                "The order is not invoiced in full. The marketplace's rule: a return invoice is to "
                "be sent only after the whole amount was invoiced, otherwise no refund occurs."
            ),
        )
    if _under_way(order).exclude(returned=taken_in).exists():
        return Conflict(
            "return-under-way",
            _(
                "Another return invoice of this order has not arrived at the marketplace yet. "
                "They go one at a time: two at once can lose a refund."
            ),
        )
    return None


def is_invoiced_in_full(order: Order) -> bool:
    """All units are invoiced for what the marketplace pays, or it says itself that they are."""
    if order.status not in _RETURNABLE:
        return False
    sold = order.invoices.filter(kind=Invoice.Kind.OUTPUT, voided_at=None)
    value = sold.aggregate(cents=Sum("value_cents"))["cents"] or 0
    return value >= order.payment_value_cents or order.marketplace_status == "invoiced"


def _under_way(order: Order) -> QuerySet[Invoice]:
    """Return invoices the marketplace does not have for certain, or has not been seen to have."""
    delivered = Q(message__status=OutboxMessage.Status.DELIVERED)
    waiting = Q(message__applied=OutboxMessage.Applied.WAITING)
    live = order.invoices.filter(kind=Invoice.Kind.INPUT, voided_at=None)
    return live.exclude(delivered & ~waiting)


def _can_be_replaced(invoice: Invoice) -> bool:
    """The marketplace refused it for certain, or staff gave it up."""
    message = invoice.message
    if message is None or message.in_doubt or message.lease is not None:
        return False
    given_up = (*OutboxMessage.NEEDS_ATTENTION, OutboxMessage.Status.SUPERSEDED)
    return message.status in given_up


def _void(taken_in: Return, *, now: datetime, actor: User | None) -> str:
    """Take back the refused invoice, if there is one; its number, which may be given again."""
    refused = taken_in.invoice
    if refused is None:
        return ""
    if refused.message and refused.message.status in OutboxMessage.BLOCKING:
        reason = _("The return invoice was issued again.")
        messages.withdraw(refused.message, reason=reason, actor=actor, now=now)
    refused.voided_at = now
    refused.save(update_fields=["voided_at"])
    return refused.number


def _units_of(taken_in: Return) -> list[tuple[OrderLine, int]]:
    """The return's units by order line, whether for the shelf or scrapped."""
    units: dict[OrderLine, int] = {}
    for item in taken_in.items.select_related("line").order_by("line__index"):
        units[item.line] = units.get(item.line, 0) + item.quantity
    return list(units.items())


def bill_of(taken_in: Return) -> billing.Bill:
    """What the return gives back: its units' share of what their invoices took, to the cent.

    Returns add up to the invoices as packages do to the order: the last one takes what is left.
    Raises DomainError `nothing-left` when no cent is left to give back.
    """
    order = taken_in.order
    sold, units = _cents_by_line(order), returning.invoiced_units(order)
    credited = returning.invoiced_units(order, Invoice.Kind.INPUT)
    parts = [
        billing.Part(
            billing.LineMoney(line.index, units[line.pk], goods=sold[line.pk]),
            before=credited.get(line.pk, 0),
            quantity=quantity,
        )
        for line, quantity in _units_of(taken_in)
    ]
    coming = sum(part.quantity for part in parts)
    try:
        return billing.bill(
            parts,
            pays=sum(sold.values()),
            invoiced=_credited_cents(order),
            units_outside=sum(units.values()) - sum(credited.values()) - coming,
        )
    except DomainError:
        raise Conflict(
            "nothing-left",
            _("No cent is left to give back. Wait for the rest of the goods, and return it all."),
        ) from None


def _cents_by_line(order: Order) -> dict[int, int]:
    rows = InvoiceLine.objects.filter(
        invoice__order=order, invoice__kind=Invoice.Kind.OUTPUT, invoice__voided_at=None
    )
    return dict(rows.values_list("line").annotate(cents=Sum("value_cents")).order_by("line"))


def _credited_cents(order: Order) -> int:
    live = order.invoices.filter(kind=Invoice.Kind.INPUT, voided_at=None)
    return int(live.aggregate(cents=Sum("value_cents"))["cents"] or 0)


def _invoice(
    taken_in: Return,
    bill: billing.Bill,
    number: str | None,
    key: str,
    *,
    earlier: str,
    now: datetime,
) -> Invoice:
    account = taken_in.order.account
    number, key = numbering.settle(account=account, number=number, key=key, earlier=earlier)
    invoice = Invoice.objects.create(
        account=account,
        order=taken_in.order,
        kind=Invoice.Kind.INPUT,
        number=number,
        key=key,
        value_cents=bill.value,
        issued_at=now,
    )
    values = bill.line_values()
    InvoiceLine.objects.bulk_create(
        InvoiceLine(invoice=invoice, line=line, quantity=units, value_cents=values[line.index])
        for line, units in _units_of(taken_in)
    )
    taken_in.invoice = invoice
    taken_in.save(update_fields=["invoice"])
    return invoice


def _everything_is_back(order: Order) -> bool:
    back = returning.invoiced_units(order, Invoice.Kind.INPUT)
    return back == returning.invoiced_units(order)


def next_step(order: Order) -> Step:
    """Where the order's returns stand: return invoice, its arrival, then the cancellation."""
    pending = order.returns.filter(undone_at=None)
    invoices = [each.invoice for each in pending.select_related("invoice__message")]
    if any(invoice is not None and _can_be_replaced(invoice) for invoice in invoices):
        return Step.MEND
    if _under_way(order).exists():
        return Step.WAIT
    if any(invoice is None for invoice in invoices):
        return Step.INVOICE
    may_cancel = order.status == Status.RETURNED and deciding.why_not_cancel(order) is None
    return Step.CANCEL if may_cancel else Step.NOTHING
