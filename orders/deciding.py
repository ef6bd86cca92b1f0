"""Staff decide about cancellations: the shopper's, or our own.

The marketplace's rule is quoted to whoever breaks it, and no call is sent then.
"""

from __future__ import annotations

from datetime import datetime

from django.db import models, transaction
from django.db.models import Q, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders import moving
from orders.cancelling import cancel
from orders.models import Order
from orders.states import Status
from sellers.errors import Conflict, DomainError
from sellers.marketplace import dialects, outbox
from sellers.models import OutboxMessage, User


class Reason(models.TextChoices):
    """Why the seller cancels; anything else is said in words of one's own."""

    OUT_OF_STOCK = "out-of-stock", gettext_lazy("Out of stock")
    DAMAGED = "damaged", gettext_lazy("Damaged in the warehouse")
    WRONG_PRICE = "wrong-price", gettext_lazy("Placed at a wrong price")
    NOT_DELIVERABLE = "not-deliverable", gettext_lazy("Address can't be delivered to")
    FRAUD = "fraud", gettext_lazy("Suspected fraud")
    SHOPPER = "shopper", gettext_lazy("Asked for by the shopper")


_CANCELLABLE = (
    Status.RESERVED,
    Status.EXPIRED,
    Status.AUTHORIZED,
    Status.HANDLING,
    Status.CANCEL_REQUESTED,
    Status.RETURNED,
)


#: A return invoice the marketplace does not have yet.
_ON_ITS_WAY = Q(kind="Input", voided_at=None) & ~Q(message__status=OutboxMessage.Status.DELIVERED)


def why_not_cancel(order: Order) -> DomainError | None:
    """What forbids that we cancel; None when nothing does. Serves button and use case."""
    if order.status == Status.CANCELLED:
        return Conflict("cancelled", _("The order is cancelled already."))
    if _invoiced_cents(order) > 0:
        return Conflict(
            "invoiced",
            _(
                "Part of the order is invoiced, and the marketplace refuses to cancel such an "
                "order until a return invoice has given back its whole value."
            ),
        )
    if order.invoices.filter(_ON_ITS_WAY).exists():
        return Conflict(
            "return-under-way",
            _("The return invoice has not arrived at the marketplace yet: cancel after it has."),
        )
    if order.status not in _CANCELLABLE:
        return Conflict("invoiced", _("The order is invoiced: only a return can undo it."))
    return None


def _invoiced_cents(order: Order) -> int:
    """Live sales invoices less the returns against them."""
    sums = order.invoices.filter(voided_at=None).aggregate(
        sold=Sum("value_cents", filter=Q(kind="Output"), default=0),
        returned=Sum("value_cents", filter=Q(kind="Input"), default=0),
    )
    return int(sums["sold"]) - int(sums["returned"])


@transaction.atomic
def cancel_by_seller(*, order: Order, reason: str, now: datetime, actor: User | None) -> Order:
    """Cancel an order ourselves and owe the marketplace the news; the stock is given back.

    Raises DomainError without a reason, Conflict quoting the rule that forbids it.
    """
    if not reason.strip():
        raise DomainError("reason-missing", _("Say why the order is cancelled."))
    # The order's row first (races: a package closing, the marketplace cancelling too).
    locked = moving.lock(order_id=order.pk)
    _require(why_not_cancel(locked))
    locked.cancel_reason = reason.strip()[:300]
    locked.save(update_fields=["cancel_reason"])
    cancel(locked, code="cancelled-by-seller", now=now, actor=actor)
    _tell_marketplace(locked, now=now)
    return locked


@transaction.atomic
def accept_cancellation(*, order: Order, now: datetime, actor: User | None) -> Order:
    """Yes to the shopper: stock back, cancelled, and the marketplace told.

    It learns it from our message, or when it asks again, whichever comes first. Raises Conflict
    when nothing was asked, and when a part is invoiced: packages that were closed count.
    """
    locked = _asked(order)
    _require(why_not_cancel(locked))
    cancel(locked, code="cancel-accepted", now=now, actor=actor)
    _tell_marketplace(locked, now=now)
    return locked


@transaction.atomic
def refuse_cancellation(*, order: Order, reason: str, now: datetime, actor: User | None) -> Order:
    """No to the shopper: packing goes on, and the invoice is the marketplace's answer.

    Raises Conflict when nothing was asked.
    """
    locked = _asked(order)
    facts = {"reason": reason.strip()[:300], "request": locked.cancel_request_id}
    moving.move(locked, Status.HANDLING, now=now, code="cancel-refused", actor=actor, facts=facts)
    locked.cancel_asked_at = locked.cancel_decide_by = None
    locked.save(update_fields=["cancel_asked_at", "cancel_decide_by"])
    return locked


def _asked(order: Order) -> Order:
    locked = moving.lock(order_id=order.pk)
    if locked.status != Status.CANCEL_REQUESTED:
        raise Conflict("not-asked", _("There is no cancellation to decide on."))
    return locked


def _require(refusal: DomainError | None) -> None:
    if refusal is not None:
        raise refusal


def _tell_marketplace(order: Order, *, now: datetime) -> None:
    """After a return the refund is paid already: then a refusal to cancel is no fault."""
    returned = order.invoices.filter(kind="Input", voided_at=None).exists()
    kind = OutboxMessage.Kind.CANCEL_RETURNED if returned else OutboxMessage.Kind.CANCEL
    call = dialects.call(
        kind,
        account=order.account,
        marketplace_order_id=order.marketplace_order_id,
        services_endpoint=order.marketplace_services_endpoint,
    )
    outbox.enqueue(
        account=order.account,
        subject=order.marketplace_order_id,
        kind=kind,
        key=f"cancel/{order.marketplace_order_id}",
        method=call.method,
        path=call.path,
        base_url=call.base_url,
        payload={"reason": order.cancel_reason or _("Cancelled by the seller")},
        now=now,
    )
