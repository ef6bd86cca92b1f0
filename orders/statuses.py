"""What each status at the marketplace means for our order: one table, whoever brings the news.

Our own order is moved by calls (place, fulfil, cancel) and by people; the marketplace's status is
noted beside it. Only an order that is over there is stopped here as well.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Effect(StrEnum):
    NOTE = "note"
    STOP = "stop"
    RAISE = "raise"


#: In words, for the documentation.
EFFECTS = {
    Effect.NOTE: "noted on the order, nothing moves",
    Effect.STOP: "work stops and stock is given back, once; a manager is told when packing had "
    "begun; when something is invoiced nothing moves and a manager decides",
    Effect.RAISE: "nothing moves, a manager is told",
}


class Meaning(NamedTuple):
    meaning: str
    effect: Effect = Effect.NOTE


_CREATED = Meaning("creation goes on")
_APPROVAL = Meaning("somebody must approve first")
_REFUSED = Meaning("the refusal of a cancellation is in effect")
_FAILED = Meaning("creation failed: never sold", Effect.STOP)

STATUSES: dict[str, Meaning] = {
    "order-created": _CREATED,
    "order-completed": _CREATED,
    "on-order-completed": _CREATED,
    "on-order-completed-ffm": _CREATED,
    "order-accepted": Meaning("the seller has taken it"),
    "waiting-for-authorization": Meaning("waits for the seller: placement is under way"),
    "waiting-for-order-authorization": _APPROVAL,
    "waiting-for-manual-authorization": _APPROVAL,
    "waiting-ffmt-authorization": _APPROVAL,
    "waiting-for-mkt-authorization": _APPROVAL,
    "payment-pending": Meaning("waits for payment: the hold stands until its own end"),
    "approve-payment": Meaning("payment is being approved"),
    "payment-approved": Meaning("paid; picking begins with the call to fulfil, not with this"),
    "payment-denied": Meaning("not paid; a cancellation follows, or the hold ends"),
    "window-to-change-payment": Meaning("the shopper may pay another way: the hold stands"),
    "window-to-change-seller": Meaning("another seller is looked for"),
    "request-cancel": Meaning("a cancellation is being asked for: its call decides"),
    "waiting-for-seller-decision": Meaning("staff decide on the cancellation"),
    "cancellation-requested": Meaning("twin of the request in a VTEX-hosted seller"),
    "cancelation-request": Meaning("the same, as a guide spells it once"),
    "cancellation-request-denied": _REFUSED,
    "cancellation-request-denied-ffm": _REFUSED,
    "invoice-after-cancellation-deny": _REFUSED,
    "cancel": Meaning("on the way to cancelled; may stick there"),
    "canceled": Meaning("cancelled", Effect.STOP),
    "authorize-fulfillment": Meaning("waits for leave to dispatch"),
    "waiting-for-fulfillment": Meaning("an external warehouse's step"),
    "waiting-seller-handling": Meaning("a chained seller's step"),
    "release-to-fulfillment": Meaning("internal step"),
    "window-to-cancel": Meaning("grace period"),
    "ready-for-handling": Meaning("may be handled"),
    "start-handling": Meaning("handling begins"),
    "handling": Meaning("being handled"),
    "ready-for-invoicing": Meaning("may be invoiced"),
    "invoice": Meaning("the invoice is being checked; sticks while a part is missing"),
    "invoiced": Meaning("invoiced in full"),
    "order-create-error": _FAILED,
    "order-creation-error": _FAILED,
    "replaced": Meaning("another order took its place", Effect.RAISE),
}
#: An order that ends like this before it reached us needs nobody.
ENDED = frozenset({"canceled", "cancel", "order-create-error", "order-creation-error", "replaced"})


def is_known(status: str) -> bool:
    return status in STATUSES


def effect_of(status: str) -> Effect:
    """A status nobody documented is noted, and moves nothing."""
    known = STATUSES.get(status)
    return known.effect if known else Effect.NOTE


def as_markdown() -> str:
    """The table of docs/events.md."""
    rows = [f"| `{status}` | {row.meaning} | {row.effect} |" for status, row in STATUSES.items()]
    return "\n".join(["| status | meaning | effect |", "|---|---|---|", *rows])
