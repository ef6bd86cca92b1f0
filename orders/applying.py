"""A planned change carried out on a locked order: stock, lines and money, in the caller's
transaction. Everything is caused by the change, so nothing happens twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from orders import booking, sourcing
from orders.models import Order, OrderLine
from orders.replanning import Added, Plan
from sellers import stock
from sellers.models import User


def wanted_of(plan: Plan) -> list[sourcing.Wanted]:
    """What must be found on the shelves for the added lines."""
    return [
        sourcing.Wanted(row.line, row.sku, row.ref, plan.to_hold(row), row.policy_ref)
        for row in plan.added
        if plan.to_hold(row)
    ]


def hold_added(order: Order, change_id: int, plan: Plan, *, now: datetime) -> None:
    """Hold the units to add, for good. Raises Conflict `not-available`; then nothing is held."""
    wanted = wanted_of(plan)
    if not wanted:
        return
    policies = sourcing.policies_of(sourcing.tariff_for(order.account, now=now), wanted)
    levels = stock.lock_shelves(sku_ids={line.sku_id for line in wanted}, now=now)
    sourced = sourcing.source(wanted, policies=policies, shelves=sourcing.free_on(levels))
    sourcing.require_complete(sourced)
    stock.hold(
        seller_order_id=order.seller_order_id,
        wants=sourced.wants,
        expires_at=None,
        now=now,
        cause=f"change/{change_id}",
    )


def release_added(
    order: Order, change_id: int, plan: Plan, *, now: datetime, actor: User | None
) -> None:
    """Give back what `hold_added` held."""
    for line in wanted_of(plan):
        stock.lower(
            seller_order_id=order.seller_order_id,
            line_index=line.line,
            quantity=line.quantity,
            cause=f"{_cause(order, change_id, line.line)}/undone",
            now=now,
            actor=actor,
        )


def carry_out(
    order: Order, change_id: int, plan: Plan, *, now: datetime, actor: User | None
) -> None:
    """Make the order what the plan says: units, lines, totals, what the marketplace pays.

    Raises Conflict `not-held` when the order no longer holds what it should give back.
    """
    _move_units(order, change_id, plan, now=now, actor=actor)
    lines = {line.index: line for line in order.lines.all()}
    _lower(lines, plan)
    _add(order, lines, plan)
    _settle_money(order, plan)


def _move_units(
    order: Order, change_id: int, plan: Plan, *, now: datetime, actor: User | None
) -> None:
    for kept in plan.kept:
        stock.pass_on(
            seller_order_id=order.seller_order_id,
            line_index=kept.line,
            to_line_index=kept.to,
            quantity=kept.quantity,
            cause=f"{_cause(order, change_id, kept.line)}/to/{kept.to}",
            now=now,
            actor=actor,
        )
    for row in plan.lowered:
        if plan.to_release(row):
            stock.lower(
                seller_order_id=order.seller_order_id,
                line_index=row.line,
                quantity=plan.to_release(row),
                cause=_cause(order, change_id, row.line),
                now=now,
                actor=actor,
            )


def _cause(order: Order, change_id: int, line_index: int) -> str:
    return f"{order.seller_order_id}/{line_index}/change/{change_id}"


def _lower(lines: Mapping[int, OrderLine], plan: Plan) -> None:
    """A line that loses all its units stays, empty: its index is never another's."""
    money = ("items_cents", "discount_cents", "services_cents", "freight_cents")
    for row in plan.lowered:
        line = lines[row.line]
        line.quantity = row.quantity
        for field in money:
            setattr(line, field, getattr(row, field))
        line.save(update_fields=["quantity", *money])


def _add(order: Order, lines: Mapping[int, OrderLine], plan: Plan) -> None:
    added = [_line(order, row, lines[row.like]) for row in plan.added]
    booking.book_added(order, added, beside=list(lines.values()))
    OrderLine.objects.bulk_create(added)


def _line(order: Order, row: Added, like: OrderLine) -> OrderLine:
    same_delivery = row.policy_ref == like.policy_ref
    return OrderLine(
        order=order,
        index=row.line,
        sku_id=row.sku,
        ref=row.ref,
        unique_id=row.unique_id,
        name=row.name,
        seller=row.seller,
        quantity=row.quantity,
        unit_multiplier=Decimal(row.unit_multiplier),
        price_cents=row.price_cents,
        items_cents=row.items_cents,
        discount_cents=row.discount_cents,
        services_cents=row.services_cents,
        freight_cents=row.freight_cents,
        policy_ref=row.policy_ref,
        channel=row.channel,
        shipping_estimate=like.shipping_estimate if same_delivery else "",
        lock_ttl=like.lock_ttl,
        window_starts_at=like.window_starts_at if same_delivery else None,
        window_ends_at=like.window_ends_at if same_delivery else None,
    )


def _settle_money(order: Order, plan: Plan) -> None:
    order.items_cents += plan.items_cents
    order.discounts_cents += plan.discounts_cents + max(-plan.manual_cents, 0)
    order.services_cents += plan.services_cents + max(plan.manual_cents, 0)
    order.freight_cents += plan.freight_cents
    order.payment_value_cents += plan.payment_cents
    order.save(
        update_fields=[
            "items_cents",
            "discounts_cents",
            "services_cents",
            "freight_cents",
            "payment_value_cents",
        ]
    )


def packed_beyond(lines: Sequence[OrderLine], plan: Plan) -> OrderLine | None:
    """A line with more units in packages than the plan leaves of it."""
    left = {row.line: row.quantity for row in plan.lowered}
    for line in lines:
        packed = sum(item.quantity for item in line.packed.all())
        if packed > left.get(line.index, packed):
            return line
    return None
