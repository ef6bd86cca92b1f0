"""Placing orders: all of a call's orders or none, each once, stock held before anything is said.

The marketplace retries after a timeout, also while the first try still runs. Whoever comes second
waits, and is answered with the very bytes the first one got.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.db.models import OuterRef, Subquery

from orders import booking, comparing, flagging, sourcing, wire
from orders.models import Order, OrderLine, PersonalData, TimelineEntry
from orders.placements import PlacedLine, Placement, hold_time
from orders.retrying import retried
from orders.states import Status
from sellers import stock
from sellers.errors import Conflict, DomainError
from sellers.models import SalesChannelPrice, SellerAccount, Sku, StockLevel
from sellers.money import Cents
from simulation.types import Policy, Tariff

Kind = TimelineEntry.Kind


class AlreadyPlaced(Conflict):
    """The id is taken by an order that this placement is not a retry of."""

    def __init__(self, code: str, message: str, *, order: Order) -> None:
        super().__init__(code, message)
        self.order = order


@dataclass(frozen=True, slots=True)
class Draft:
    """A new order, checked but not yet taken: its SKUs, our prices, its policies."""

    placement: Placement
    skus: Mapping[str, Sku]
    wanted: Sequence[sourcing.Wanted]
    policies: Mapping[str, Policy]
    differences: Sequence[comparing.Difference]


def place_orders(
    *, account: SellerAccount, placements: Sequence[Placement], now: datetime
) -> list[str]:
    """Take all of `placements` or none; returns the answer to each, as JSON text.

    Each holds its stock until it is paid or its time is over. One that was placed before gets the
    answer it got then. Raises Conflict when the id belongs to another or a cancelled order, when
    stock is short, or (by the account's rule) prices differ; DomainError for an unknown SKU or
    delivery option. Whatever is raised, nothing was placed.
    """
    _require_distinct(placements)
    try:
        return retried(partial(_place, account=account, placements=placements, now=now))
    except AlreadyPlaced as refusal:
        flagging.raise_to_staff(refusal.order, code=refusal.code, now=now)
        raise


def _require_distinct(placements: Sequence[Placement]) -> None:
    seen: set[str] = set()
    for position, placement in enumerate(placements):
        if placement.marketplace_order_id in seen:
            raise DomainError("malformed", f"[{position}].marketplaceOrderId: is there twice.")
        seen.add(placement.marketplace_order_id)


@transaction.atomic
def _place(*, account: SellerAccount, placements: Sequence[Placement], now: datetime) -> list[str]:
    _queue_up(account, placements)
    answers = _known_answers(account, placements)
    fresh = [each for each in placements if each.marketplace_order_id not in answers]
    if fresh:
        answers |= _take(account, fresh, now=now)
    return [answers[placement.marketplace_order_id] for placement in placements]


def _queue_up(account: SellerAccount, placements: Iterable[Placement]) -> None:
    """One transaction at a time for each marketplace order id (race: a retry of a running call).

    Ids in one order for everybody, so that calls with several orders don't deadlock.
    """
    with connection.cursor() as cursor:
        for order_id in sorted(placement.marketplace_order_id for placement in placements):
            cursor.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended(%s, %s))",
                [f"placement:{order_id}", account.pk],
            )


def _known_answers(account: SellerAccount, placements: Sequence[Placement]) -> dict[str, str]:
    placed = {placement.marketplace_order_id: placement for placement in placements}
    orders = Order.objects.filter(account=account, marketplace_order_id__in=placed)
    answers = {}
    for order in orders.select_related("personal"):
        _require_retry(order, placed[order.marketplace_order_id])
        answers[order.marketplace_order_id] = order.personal.answer
    return answers


def _require_retry(order: Order, placement: Placement) -> None:
    named = f"Order {order.marketplace_order_id}"
    if order.status == Status.CANCELLED:
        raise AlreadyPlaced(
            "placed-after-cancellation",
            f"{named} was cancelled; it can't be placed again.",
            order=order,
        )
    if order.fingerprint != placement.fingerprint:
        raise AlreadyPlaced(
            "other-content", f"{named} was placed before with other content.", order=order
        )


def _take(
    account: SellerAccount, placements: Sequence[Placement], *, now: datetime
) -> dict[str, str]:
    """Everything that can be refused without a lock is refused first."""
    tariff = sourcing.tariff_for(account, now=now)
    drafts = [_draft(account, placement, tariff) for placement in placements]
    levels = _lock_shelves(drafts, now=now)
    answers = {}
    for draft in drafts:
        order_id = draft.placement.marketplace_order_id
        answers[order_id] = _take_one(account, draft, tariff=tariff, levels=levels, now=now)
    booking.book_all([(account, draft.placement.lines) for draft in drafts], at=now)
    return answers


def _draft(account: SellerAccount, placement: Placement, tariff: Tariff) -> Draft:
    skus, prices = _skus_of(account, placement)
    wanted = [
        sourcing.Wanted(line.index, skus[line.ref].pk, line.ref, line.quantity, line.policy_ref)
        for line in placement.lines
    ]
    policies = sourcing.policies_of(tariff, wanted)
    different = comparing.differences(
        placement, account=account, skus=skus, prices=prices, tariff=tariff
    )
    if different and account.price_rule == SellerAccount.PriceRule.REFUSE:
        raise Conflict("price-differs", f"Prices differ: {comparing.sentence(different)}.")
    return Draft(placement, skus, wanted, policies, different)


def _skus_of(
    account: SellerAccount, placement: Placement
) -> tuple[dict[str, Sku], dict[int, Cents | None]]:
    """The order's SKUs by ref and our prices by id. Raises DomainError for one we don't sell."""
    of_channel = SalesChannelPrice.objects.filter(
        sku=OuterRef("pk"), sales_channel=placement.sales_channel or "1"
    )
    refs = {line.ref for line in placement.lines}
    found = Sku.objects.filter(account=account, ref__in=refs).annotate(
        channel_cents=Subquery(of_channel.values("price_cents")[:1])
    )
    skus: dict[str, Sku] = {}
    prices: dict[int, Cents | None] = {}
    for sku in found:
        skus[sku.ref] = sku
        prices[sku.pk] = sku.channel_cents or sku.price_cents
    for line in placement.lines:
        _require_sold(line, skus.get(line.ref))
    return skus, prices


def _require_sold(line: PlacedLine, sku: Sku | None) -> None:
    if sku is None:
        raise DomainError("unknown-sku", f"items[{line.index}]: there is no SKU {line.ref}.")
    if not sku.is_active:
        raise Conflict("inactive-sku", f"items[{line.index}]: SKU {line.ref} is not sold now.")


def _lock_shelves(drafts: Sequence[Draft], *, now: datetime) -> list[StockLevel]:
    """Every shelf any order of the call may draw from, at once and in id order."""
    return stock.lock_shelves(
        sku_ids={wanted.sku_id for draft in drafts for wanted in draft.wanted},
        warehouse_ids={
            warehouse
            for draft in drafts
            for policy in draft.policies.values()
            for warehouse in policy.warehouses
        },
        now=now,
    )


def _take_one(
    account: SellerAccount,
    draft: Draft,
    *,
    tariff: Tariff,
    levels: Sequence[StockLevel],
    now: datetime,
) -> str:
    sourced = sourcing.source(
        draft.wanted, policies=draft.policies, shelves=sourcing.free_on(levels)
    )
    sourcing.require_complete(sourced)
    expires_at = now + _patience(account, draft.placement)
    order = _write(account, draft, expires_at=expires_at, now=now)
    stock.hold(
        seller_order_id=order.seller_order_id,
        wants=sourced.wants,
        expires_at=expires_at,
        now=now,
        levels=levels,
    )
    takes = sourcing.told_takes(sourced, tariff=tariff, lines=draft.wanted)
    _tell(order, draft, takes=takes, rule=sourcing.why(sourced), now=now)
    return order.personal.answer


def _patience(account: SellerAccount, placement: Placement) -> timedelta:
    return hold_time(
        placement.lines,
        default_minutes=account.hold_minutes,
        longest_minutes=account.max_hold_minutes,
    )


def _write(account: SellerAccount, draft: Draft, *, expires_at: datetime, now: datetime) -> Order:
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


def _tell(
    order: Order, draft: Draft, *, takes: list[dict[str, Any]], rule: str, now: datetime
) -> None:
    """The first entries of the timeline, in one statement; then what staff should look at."""
    entries = (
        (Kind.INBOUND, "placed", {"operation": order.operation_id}),
        (Kind.STOCK, "held", {"takes": takes, "rule": rule}),
    )
    TimelineEntry.objects.bulk_create(
        TimelineEntry(order=order, at=now, kind=kind, code=code, facts=facts)
        for kind, code, facts in entries
    )
    if draft.differences and order.account.price_rule == SellerAccount.PriceRule.FLAG:
        facts = {"differences": list(draft.differences)}
        flagging.raise_to_staff(order, code="price-differs", now=now, facts=facts)
    if total := comparing.total_difference(draft.placement):
        flagging.raise_to_staff(order, code="total-differs", now=now, facts={"differences": total})
