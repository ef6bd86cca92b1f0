"""The rows of new orders, and the answer that is given for each, now and on every retry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from orders import sourcing, wire
from orders.drafting import Draft, Sold
from orders.models import Order, OrderLine, PersonalData, TimelineEntry, new_seller_order_id
from orders.placements import PlacedLine, hold_time
from sellers import prepared
from sellers.models import SellerAccount
from sellers.money import Cents
from sellers.prepared import Row
from simulation.types import Tariff

Kind = TimelineEntry.Kind


class Opened(NamedTuple):
    """The row of a new order."""

    id: int
    seller_order_id: str
    hold_expires_at: datetime


class Taken(NamedTuple):
    """A new order: its row, what was asked, where its units come from."""

    order: Opened
    draft: Draft
    sourced: sourcing.Sourced


class Overtaken(Exception):
    """Another try has placed one of these orders while we were about to."""


def open_orders(account: SellerAccount, drafts: Sequence[Draft], *, now: datetime) -> list[Opened]:
    """Write the row of each order. Raises Overtaken.

    The marketplace id is the queue: a call that places the same one waits here until we are done.
    Ids in one order for everybody, so that calls with several orders don't deadlock.
    """
    rows = [_order(account, draft, now=now) for draft in drafts]
    in_order = sorted(rows, key=lambda row: str(row["marketplace_order_id"]))
    ids = dict(prepared.insert({Order: in_order}, ending=_ONCE))
    if len(ids) < len(rows):
        raise Overtaken
    return [
        Opened(ids[row["seller_order_id"]], row["seller_order_id"], row["hold_expires_at"])
        for row in rows
    ]


_ONCE = " ON CONFLICT (account_id, marketplace_order_id) DO NOTHING RETURNING seller_order_id, id"


def _order(account: SellerAccount, draft: Draft, *, now: datetime) -> Row:
    placement = draft.placement
    hold = hold_time(
        placement.lines,
        default_minutes=account.hold_minutes,
        longest_minutes=account.max_hold_minutes,
    )
    return {
        "account_id": account.pk,
        "seller_order_id": new_seller_order_id(),
        "marketplace_order_id": placement.marketplace_order_id,
        "marketplace_order_group": placement.marketplace_order_group,
        "sales_channel": placement.sales_channel,
        "placed_at": now,
        "hold_expires_at": now + hold,
        **_totals(placement.lines),
        "payment_value_cents": placement.payment_value_cents,
        "marketplace_services_endpoint": placement.services_endpoint,
        "operation_id": placement.operation_id,
        "fingerprint": placement.fingerprint,
        "flagged_at": now if draft.problems else None,
        "ship_country": placement.country or account.country,
        "ship_postal_code": placement.postal_code,
        "ship_state": placement.state,
        "ship_city": placement.city,
    }


def _totals(lines: Sequence[PlacedLine]) -> dict[str, Cents]:
    return {
        "items_cents": sum(line.items_cents for line in lines),
        "discounts_cents": sum(line.discount_cents for line in lines),
        "services_cents": sum(line.services_cents for line in lines),
        "freight_cents": sum(line.freight_cents for line in lines),
    }


def answer_of(
    seller_order_id: str, *, account: SellerAccount, document: Mapping[str, Any]
) -> dict[str, Any]:
    """Everything that was sent, plus our reservation id. Ours win over theirs, in any case."""
    ours = {"orderId": seller_order_id, "followUpEmail": account.follow_up_email}
    names = {name.casefold() for name in ours}
    theirs = {key: value for key, value in document.items() if key.casefold() not in names}
    return {"allowMultipleDeliveries": True} | theirs | ours


def fill_in(
    account: SellerAccount, taken: Sequence[Taken], *, tariff: Tariff, now: datetime
) -> dict[str, str]:
    """Write what belongs to the orders: what was sent, lines, the first of their timelines.

    Returns the answers by marketplace id; they are kept for retries.
    """
    personal = [_personal(account, each) for each in taken]
    lines = [
        _line(each.order, line, each.draft.skus[line.ref])
        for each in taken
        for line in each.draft.placement.lines
    ]
    story = [
        {"order_id": each.order.id, "at": now, "kind": kind, "code": code, "facts": facts}
        for each in taken
        for kind, code, facts in _story(each, tariff)
    ]
    prepared.insert({PersonalData: personal, OrderLine: lines, TimelineEntry: story})
    return {
        each.draft.placement.marketplace_order_id: row["answer"]
        for each, row in zip(taken, personal, strict=True)
    }


def _story(taken: Taken, tariff: Tariff) -> Iterator[tuple[Kind, str, dict[str, Any]]]:
    """How it came, what is held where and why; then what staff should look at."""
    _order, draft, sourced = taken
    yield Kind.INBOUND, "placed", {"operation": draft.placement.operation_id}
    takes = sourcing.told_takes(sourced, tariff=tariff, lines=draft.wanted)
    yield Kind.STOCK, "held", {"takes": takes, "rule": sourcing.why(sourced)}
    for code, differences in draft.problems.items():
        yield Kind.PROBLEM, code, {"differences": differences}


def _personal(account: SellerAccount, taken: Taken) -> Row:
    order, placement = taken.order, taken.draft.placement
    document = placement.document
    answer = answer_of(order.seller_order_id, account=account, document=document)
    return {
        "order_id": order.id,
        # As we write JSON: it may hold numbers beyond what others take.
        "document": orjson.Fragment(wire.dump(document)),
        "answer": wire.dump(answer),
        "receiver": placement.receiver,
    }


def _line(order: Opened, line: PlacedLine, sku: Sold) -> Row:
    return {
        "order_id": order.id,
        "index": line.index,
        "sku_id": sku.id,
        "ref": line.ref,
        "unique_id": line.unique_id,
        "name": sku.name,
        "seller": line.seller,
        "quantity": line.quantity,
        "unit_multiplier": line.unit_multiplier,
        "price_cents": line.price_cents,
        "items_cents": line.items_cents,
        "discount_cents": line.discount_cents,
        "services_cents": line.services_cents,
        "freight_cents": line.freight_cents,
        "policy_ref": line.policy_ref,
        "channel": line.channel,
        "shipping_estimate": line.shipping_estimate,
        "lock_ttl": line.lock_ttl,
        "window_starts_at": line.window_starts_at,
        "window_ends_at": line.window_ends_at,
        "is_gift": line.is_gift,
        "extras": line.extras,
        "commission": line.commission,
        "freight_commission": line.freight_commission,
    }
