"""Both sides agree on a change: staff decide, the marketplace confirms, then it is carried out.

Ours is said by messages to the marketplace: `Acknowledgment` when staff accept, `Confirmation` once
the order is changed. A refusal withdraws the change there.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from urllib.parse import quote

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from orders import applying, finding, flagging, moving
from orders.models import Order, OrderChange
from orders.modifying import CHANGEABLE, Step, end, named, tell
from orders.replanning import Plan, plan_from
from orders.retrying import retried
from orders.states import HOLDING
from sellers.errors import Conflict, DomainError
from sellers.marketplace import outbox
from sellers.models import OutboxMessage, SellerAccount, User

ACKNOWLEDGMENT, CONFIRMATION = "Acknowledgment", "Confirmation"
#: By how the marketplace may spell them.
_AGREEMENTS = {
    "acknowledgment": ACKNOWLEDGMENT,
    "acknowledgement": ACKNOWLEDGMENT,
    "confirmation": CONFIRMATION,
}


def why_not_accept(change: OrderChange) -> DomainError | None:
    """What forbids to accept, stock aside; None when nothing does. Serves button and use case."""
    if change.status != Step.RECEIVED:
        return Conflict("decided", _("This change is decided already."))
    if change.order.status not in CHANGEABLE:
        return Conflict("not-changeable", _("Decide about the cancellation of the order first."))
    return _why_not_carry_out(change.order, plan_from(change.plan))


def _why_not_carry_out(order: Order, plan: Plan) -> DomainError | None:
    lines = order.lines.prefetch_related("packed").order_by("index")
    line = applying.packed_beyond(list(lines), plan)
    if line is None:
        return None
    left = next(row.quantity for row in plan.lowered if row.line == line.index)
    message = ngettext(
        "More of “%(name)s” is packed than the %(left)d unit the change leaves: take it out first.",
        "More of “%(name)s” is packed than the %(left)d units the change leaves: take them out "
        "first.",
        left,
    )
    return Conflict("packed", message % {"name": line.name, "left": left})


@transaction.atomic
def accept_change(*, change: OrderChange, now: datetime, actor: User | None) -> OrderChange:
    """Yes: what is added is held, and the marketplace is told that we will change the order.

    Raises Conflict when that was decided before, units are packed that would go, or units to add
    are not there; then nothing changed.
    """
    order, change = _locked(change)
    refusal = why_not_accept(change)
    if refusal is not None:
        raise refusal
    applying.hold_added(order, change.pk, plan_from(change.plan), now=now)
    change.status = Step.ACKNOWLEDGED
    change.save(update_fields=["status"])
    tell(order, change, "change-accepted", now=now, actor=actor)
    _agree(order, change, ACKNOWLEDGMENT, now=now)
    return change


@transaction.atomic
def refuse_change(
    *, change: OrderChange, reason: str, now: datetime, actor: User | None
) -> OrderChange:
    """No, also after a yes that the marketplace has not confirmed: the change is withdrawn there.

    Raises DomainError without a reason, Conflict when it is too late.
    """
    if not reason.strip():
        raise DomainError("reason-missing", _("Say why the change is refused."))
    order, change = _locked(change)
    if change.status not in (Step.RECEIVED, Step.ACKNOWLEDGED):
        raise Conflict("decided", _("This change is decided already."))
    if change.status == Step.ACKNOWLEDGED:
        applying.release_added(order, change.pk, plan_from(change.plan), now=now, actor=actor)
    end(order, change, Step.REFUSED, reason=reason.strip(), now=now)
    tell(order, change, "change-refused", now=now, actor=actor)
    _refuse(order, change, now=now)
    return change


@transaction.atomic
def finish_change(*, change: OrderChange, now: datetime, actor: User | None) -> OrderChange:
    """Carry out a confirmed change that could not be carried out when its confirmation came.

    Raises Conflict while it still can't.
    """
    order, change = _locked(change)
    if change.status != Step.CONFIRMED:
        raise Conflict("not-confirmed", _("There is no confirmed change to carry out."))
    _carry_out(order, change, now=now, actor=actor)
    return change


def hear_agreement(
    *, account: SellerAccount, path_id: str, request_id: str, agreement: str, now: datetime
) -> OrderChange:
    """The marketplace's side of the agreement. Its confirmation carries the change out, once.

    What then stands in the way is put before staff, and the change waits as confirmed. Raises
    NotFound, DomainError for another kind of agreement, Conflict when the change is over or we
    have not accepted it.
    """
    kind = _AGREEMENTS.get(agreement.casefold())
    if kind is None:
        raise DomainError(
            "invalid-field",
            f"agreementType: must be {ACKNOWLEDGMENT} or {CONFIRMATION} (SalesOrderSystem035).",
        )
    order = finding.by_either(account=account, path_id=path_id, marketplace_order_id="")
    return retried(partial(_hear, order.pk, request_id, kind, now=now))


@transaction.atomic
def _hear(order_id: int, request_id: str, kind: str, *, now: datetime) -> OrderChange:
    # The order's row first (races: a second confirmation, staff refuse, a cancellation).
    order = moving.lock(order_id=order_id)
    change = named(order, request_id)
    if change.status in (Step.REFUSED, Step.CANCELLED):
        raise Conflict("change-over", f"Change {change} is {change.status}.")
    if kind == ACKNOWLEDGMENT or change.status == Step.APPLIED:
        return change
    if change.status == Step.RECEIVED:
        raise Conflict("not-acknowledged", f"Change {change} is not acknowledged by the seller.")
    try:
        with transaction.atomic():
            _carry_out(order, change, now=now, actor=None)
    except DomainError as refusal:
        _keep_confirmed(order, change, refusal, now=now)
    return change


def _keep_confirmed(
    order: Order, change: OrderChange, refusal: DomainError, *, now: datetime
) -> None:
    change.status = Step.CONFIRMED
    change.save(update_fields=["status"])
    order.refresh_from_db()
    facts = {"change": change.change_request_id, "why": refusal.message}
    flagging.raise_to_staff(order, code="change-not-applied", now=now, facts=facts)


def _carry_out(order: Order, change: OrderChange, *, now: datetime, actor: User | None) -> None:
    plan = plan_from(change.plan)
    if order.status not in HOLDING:
        raise Conflict("not-changeable", _("The order is over: it can't be changed any more."))
    refusal = _why_not_carry_out(order, plan)
    if refusal is not None:
        raise refusal
    applying.carry_out(order, change.pk, plan, now=now, actor=actor)
    end(order, change, Step.APPLIED, reason="", now=now)
    tell(order, change, "change-applied", now=now, actor=actor)
    _agree(order, change, CONFIRMATION, now=now)


def _locked(change: OrderChange) -> tuple[Order, OrderChange]:
    # The order's row first (races: the marketplace withdraws or confirms; a cancellation).
    order = moving.lock(order_id=change.order_id)
    fresh = OrderChange.objects.get(pk=change.pk)
    fresh.order = order
    return order, fresh


def _agree(order: Order, change: OrderChange, agreement: str, *, now: datetime) -> None:
    account = quote(order.account.marketplace_account, safe="")
    outbox.enqueue(
        account=order.account,
        subject=order.marketplace_order_id,
        kind=OutboxMessage.Kind.CHANGE_AGREEMENT,
        key=f"change/{change.pk}/{agreement.lower()}",
        method="POST",
        path=f"/api/oms/pvt{_path_of(order, change)}/send-agreement?accountName={account}",
        payload={"agreementType": agreement},
        now=now,
    )


def _refuse(order: Order, change: OrderChange, *, now: datetime) -> None:
    outbox.enqueue(
        account=order.account,
        subject=order.marketplace_order_id,
        kind=OutboxMessage.Kind.CHANGE_REFUSAL,
        key=f"change/{change.pk}/refusal",
        method="POST",
        path=f"/api/order-system{_path_of(order, change)}/cancel",
        payload={"reason": change.answer_reason},
        now=now,
    )


def _path_of(order: Order, change: OrderChange) -> str:
    """The marketplace's own ids: ours would be unknown there."""
    ids = order.marketplace_order_id, change.change_request_id
    return "/orders/{}/changes/{}".format(*(quote(each, safe="") for each in ids))
