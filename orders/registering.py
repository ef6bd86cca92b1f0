"""The rows of a new order, and the answer that is given for it, now and on every retry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from orders import wire
from orders.drafting import Draft
from orders.models import Order, OrderLine, PersonalData
from orders.placements import PlacedLine
from sellers.models import SellerAccount, Sku
from sellers.money import Cents


def register(account: SellerAccount, draft: Draft, *, expires_at: datetime, now: datetime) -> Order:
    """Write the order, its lines and its answer; stock and timeline are the caller's."""
    placement = draft.placement
    order = Order.objects.create(
        account=account,
        marketplace_order_id=placement.marketplace_order_id,
        marketplace_order_group=placement.marketplace_order_group,
        sales_channel=placement.sales_channel,
        placed_at=now,
        hold_expires_at=expires_at,
        **_totals(placement.lines),
        payment_value_cents=placement.payment_value_cents,
        marketplace_services_endpoint=placement.services_endpoint,
        operation_id=placement.operation_id,
        fingerprint=placement.fingerprint,
        ship_country=placement.country or account.country,
        ship_postal_code=placement.postal_code,
        ship_state=placement.state,
        ship_city=placement.city,
    )
    PersonalData.objects.create(
        order=order,
        document=placement.document,
        answer=wire.dump(answer_of(order, account=account, document=placement.document)),
        receiver=placement.receiver,
    )
    OrderLine.objects.bulk_create(
        _line(order, line, draft.skus[line.ref]) for line in placement.lines
    )
    return order


def _totals(lines: Iterable[PlacedLine]) -> dict[str, Cents]:
    lines = list(lines)
    return {
        "items_cents": sum(line.items_cents for line in lines),
        "discounts_cents": sum(line.discount_cents for line in lines),
        "services_cents": sum(line.services_cents for line in lines),
        "freight_cents": sum(line.freight_cents for line in lines),
    }


def answer_of(
    order: Order, *, account: SellerAccount, document: Mapping[str, Any]
) -> dict[str, Any]:
    """Everything that was sent, plus our reservation id. Ours win over theirs, in any case."""
    ours = {"orderId": order.seller_order_id, "followUpEmail": account.follow_up_email}
    names = {name.casefold() for name in ours}
    theirs = {key: value for key, value in document.items() if key.casefold() not in names}
    return {"allowMultipleDeliveries": True} | theirs | ours


def _line(order: Order, line: PlacedLine, sku: Sku) -> OrderLine:
    return OrderLine(
        order=order,
        index=line.index,
        sku=sku,
        ref=line.ref,
        unique_id=line.unique_id,
        name=sku.name,
        seller=line.seller,
        quantity=line.quantity,
        unit_multiplier=line.unit_multiplier,
        price_cents=line.price_cents,
        items_cents=line.items_cents,
        discount_cents=line.discount_cents,
        services_cents=line.services_cents,
        freight_cents=line.freight_cents,
        policy_ref=line.policy_ref,
        channel=line.channel,
        shipping_estimate=line.shipping_estimate,
        lock_ttl=line.lock_ttl,
        window_starts_at=line.window_starts_at,
        window_ends_at=line.window_ends_at,
        is_gift=line.is_gift,
        commission=line.commission,
        freight_commission=line.freight_commission,
    )
