"""The marketplace asks to change an order: kept once, put before staff, withdrawn.

What follows, both sides' agreement, is in `orders.agreeing`. While a change is open nothing is
packed or invoiced: `Order.change_asked_at` says so, set and emptied under the order's lock.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext as _

from orders import applying, finding, moving, sourcing
from orders.models import Order, OrderChange, TimelineEntry
from orders.modifications import Modification
from orders.replanning import Offered, Plan, plan_from, plan_of
from orders.retrying import retried
from orders.states import Status
from sellers import stock
from sellers.errors import Conflict, DomainError, NotFound
from sellers.models import SalesChannelPrice, SellerAccount, Sku

Step = OrderChange.Status
CHANGEABLE = (Status.AUTHORIZED, Status.HANDLING)


def open_change(order: Order) -> OrderChange | None:
    """The change that is under way, if one is. No query when none is."""
    if order.change_asked_at is None:
        return None
    return order.changes.filter(status__in=OrderChange.OPEN).first()


def why_not_pack(order: Order) -> DomainError | None:
    """An open change stops packing and invoicing; None when there is none."""
    change = open_change(order)
    if change is None:
        return None
    if change.status == Step.RECEIVED:
        message = _("The marketplace changes this order. Stop packing until a manager has decided.")
    elif change.status == Step.ACKNOWLEDGED:
        message = _("This order is being changed. Packing goes on once the marketplace confirms.")
    else:
        message = _("This order is changed, but the change is not carried out: tell a manager.")
    return Conflict("change-open", message)


def receive_change(
    *, account: SellerAccount, path_id: str, modification: Modification, now: datetime
) -> OrderChange:
    """Keep a change for staff to decide about; asked again, the same one.

    Raises NotFound, Conflict when the order can't be changed (any more) or the units are not
    there, DomainError for what makes no sense; then nothing is kept.
    """
    order = finding.by_either(account=account, path_id=path_id, marketplace_order_id="")
    return retried(partial(_receive, order.pk, modification, now=now))


@transaction.atomic
def _receive(order_id: int, modification: Modification, *, now: datetime) -> OrderChange:
    # The order's row first (races: a package closing, a cancellation, a second change).
    order = moving.lock(order_id=order_id)
    known = _known(order, modification)
    if known is not None:
        return known
    plan = _plan(order, modification, now=now)
    change = OrderChange.objects.create(
        account=order.account,
        order=order,
        change_request_id=modification.request_id or str(uuid.uuid4()),
        is_named_by_us=not modification.request_id,
        reason=modification.reason,
        document=modification.document,
        plan=plan.document(),
        fingerprint=modification.fingerprint,
        received_at=now,
    )
    order.change_asked_at = now
    order.save(update_fields=["change_asked_at"])
    tell(order, change, "change-asked", now=now)
    return change


def _known(order: Order, modification: Modification) -> OrderChange | None:
    """The change that this is a retry of. One without an id is known by its content."""
    if not modification.request_id:
        return order.changes.filter(
            is_named_by_us=True, fingerprint=modification.fingerprint, status__in=OrderChange.OPEN
        ).first()
    change = order.changes.filter(change_request_id=modification.request_id).first()
    if change is not None and change.fingerprint != modification.fingerprint:
        raise Conflict("other-content", f"Change {change} was asked before with other content.")
    return change


def preview_change(
    *, account: SellerAccount, path_id: str, modification: Modification, now: datetime
) -> Plan:
    """What the change would do. Raises as `receive_change` does; keeps nothing in any case."""
    order = finding.by_either(account=account, path_id=path_id, marketplace_order_id="")
    return _plan(order, modification, now=now)


def _plan(order: Order, modification: Modification, *, now: datetime) -> Plan:
    refusal = _why_not_change(order)
    if refusal is not None:
        raise refusal
    plan = plan_of(
        list(order.lines.order_by("index")),
        modification,
        offered=_offered(order, modification),
        pays=order.payment_value_cents,
    )
    _require_available(order, plan, now=now)
    return plan


def _why_not_change(order: Order) -> DomainError | None:
    """The marketplace's own rules, by its own numbers."""
    named = f"Order {order.marketplace_order_id}"
    if order.change_asked_at is not None:
        return Conflict("change-open", f"{named} has a change in progress (SalesOrderSystem014).")
    if order.invoices.filter(voided_at=None).exists():
        return Conflict("invoiced", f"{named} is invoiced already (SalesOrderSystem046).")
    if order.status not in CHANGEABLE:
        return Conflict("not-changeable", f"{named} is {order.status}: it can't be changed now.")
    return None


def _offered(order: Order, modification: Modification) -> dict[str, Offered]:
    """The SKUs to add, by ref. Raises DomainError, Conflict for what we don't sell."""
    refs = {each.ref for swap in modification.swaps for each in swap.additions}
    of_channel = SalesChannelPrice.objects.filter(
        sku=OuterRef("pk"), sales_channel=order.sales_channel or "1"
    )
    found = Sku.objects.filter(account=order.account_id, ref__in=refs).annotate(
        channel_cents=Subquery(of_channel.values("price_cents")[:1])
    )
    skus = {sku.ref: sku for sku in found}
    for ref in sorted(refs):
        if ref not in skus:
            raise DomainError("unknown-sku", f"There is no SKU {ref}.")
        if not skus[ref].is_active:
            raise Conflict("inactive-sku", f"SKU {ref} is not sold now.")
    return {
        ref: Offered(sku.pk, sku.name, sku.channel_cents or sku.price_cents)
        for ref, sku in skus.items()
    }


def _require_available(order: Order, plan: Plan, *, now: datetime) -> None:
    """The units to add are there at this moment. Held they are once staff accept."""
    wanted = applying.wanted_of(plan)
    if not wanted:
        return
    tariff = sourcing.tariff_for(order.account, now=now)
    shelves = stock.available(
        account_id=order.account_id, sku_ids={line.sku_id for line in wanted}, now=now
    )
    policies = sourcing.policies_of(tariff, wanted)
    sourcing.require_complete(sourcing.source(wanted, policies=policies, shelves=shelves))


def withdraw_change(
    *, account: SellerAccount, path_id: str, request_id: str, reason: str, now: datetime
) -> OrderChange:
    """The marketplace does not want the change any more; what was held for it is given back.

    Asked again, the same. Raises NotFound, and Conflict once the change is carried out.
    """
    order = finding.by_either(account=account, path_id=path_id, marketplace_order_id="")
    return retried(partial(_withdraw, order.pk, request_id, reason, now=now))


@transaction.atomic
def _withdraw(order_id: int, request_id: str, reason: str, *, now: datetime) -> OrderChange:
    # The order's row first (races: staff decide, the confirmation arrives).
    order = moving.lock(order_id=order_id)
    change = named(order, request_id)
    if change.status == Step.APPLIED:
        raise Conflict("applied", f"Change {change} is carried out already.")
    if change.status in OrderChange.OPEN:
        if change.status != Step.RECEIVED:
            applying.release_added(order, change.pk, plan_from(change.plan), now=now, actor=None)
        end(order, change, Step.CANCELLED, reason=reason, now=now)
        tell(order, change, "change-withdrawn", now=now)
    return change


def drop(order: Order, *, now: datetime) -> None:
    """The locked order is cancelled, and an open change with it; its units are free already."""
    change = open_change(order)
    if change is not None:
        end(order, change, Step.CANCELLED, reason="", now=now)
        tell(order, change, "change-withdrawn", now=now)


# --- shared with orders.agreeing ------------------------------------------------------------------


def named(order: Order, request_id: str) -> OrderChange:
    """The change of that id; else the open one that we named, which then gets its id.

    Raises NotFound.
    """
    change = order.changes.filter(change_request_id=request_id).first()
    if change is not None:
        return change
    ours = open_change(order)
    if ours is None or not ours.is_named_by_us or len(request_id) > 60:
        raise NotFound("unknown-change", f"There is no change {request_id[:60]} here.")
    ours.change_request_id, ours.is_named_by_us = request_id, False
    ours.save(update_fields=["change_request_id", "is_named_by_us"])
    return ours


def end(
    order: Order, change: OrderChange, status: OrderChange.Status, *, reason: str, now: datetime
) -> None:
    """Close a change of a locked order, which may be packed again."""
    change.status, change.ended_at, change.answer_reason = status, now, reason[:300]
    change.save(update_fields=["status", "ended_at", "answer_reason"])
    order.change_asked_at = None
    order.save(update_fields=["change_asked_at"])


def tell(order: Order, change: OrderChange, code: str, *, now: datetime, actor: Any = None) -> None:
    """On the timeline: which change, and what it does."""
    plan = plan_from(change.plan)
    facts = {
        "change": change.change_request_id,
        "reason": change.answer_reason or change.reason,
        "changed": changed_lines(plan),
        "value_cents": plan.payment_cents,
    }
    kind = TimelineEntry.Kind.NOTE if actor else TimelineEntry.Kind.INBOUND
    moving.record(order, kind=kind, code=code, now=now, actor=actor, facts=facts)


def changed_lines(plan: Plan) -> list[dict[str, Any]]:
    """Each SKU the plan touches, with the units before and after."""
    rows = [{"sku": row.ref, "before": row.before, "after": row.quantity} for row in plan.lowered]
    return rows + [{"sku": row.ref, "before": 0, "after": row.quantity} for row in plan.added]
