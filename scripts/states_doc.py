"""Draws the life of an order into docs/order-states.md: `make docs-states`.

The moves come from orders/states.py. What sets one off, what it does and who may is said here, once
for each move: the page is refused when a move has no words, or words have no move.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import django
from django.utils import translation

from orders.sentences import WORDS
from orders.states import CLOSED, HOLDING, OPEN, TRANSITIONS, Status

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "order-states.md"


class Move(NamedTuple):
    """`codes` are what the timeline calls it; none: allowed, but nothing does it yet."""

    trigger: str
    effect: str
    who: str
    codes: tuple[str, ...] = ()


MARKETPLACE = "the marketplace"
PACKERS = "Warehouse, Manager, Administrator (`orders.pack_order`)"
MANAGERS = "Manager, Administrator"
NOBODY = "nobody yet"

_PAID = "`POST …/fulfill`: the payment is approved"
_FIRM = "the holds never expire; receipt and hand-over time are set; the warehouse sees the order"
_CANCEL = "`POST …/cancel`"
_GIVEN_BACK = "held stock and booked capacity are given back; the receipt is answered"
_BY_SELLER = "staff cancel, with a reason; nothing may be invoiced"
_TOLD = "held stock and capacity are given back; a cancellation goes to the marketplace"

MOVES: dict[tuple[str, str], Move] = {
    ("reserved", "authorized"): Move(_PAID, _FIRM, MARKETPLACE, ("authorized",)),
    ("reserved", "expired"): Move(
        "the time of its holds (`lockTTL`) is over",
        "held stock, which no longer counted from that moment, and capacity are tidied away",
        "the clock (beat, every minute)",
        ("expired",),
    ),
    ("reserved", "cancelled"): Move(
        f"{_CANCEL}, or {_BY_SELLER}",
        f"{_GIVEN_BACK}, or the marketplace is told",
        f"{MARKETPLACE}; {MANAGERS}",
        ("cancelled-by-marketplace", "cancelled-by-seller"),
    ),
    ("expired", "authorized"): Move(
        f"{_PAID} after all",
        "stock is taken anew, if it is there (else 409, and staff are told); then as above",
        MARKETPLACE,
        ("authorized", "held-again"),
    ),
    ("expired", "cancelled"): Move(
        f"{_CANCEL}, or {_BY_SELLER}",
        "the receipt is answered, or the marketplace is told; there is no stock to give back",
        f"{MARKETPLACE}; {MANAGERS}",
        ("cancelled-by-marketplace", "cancelled-by-seller"),
    ),
    ("authorized", "handling"): Move(
        "packing begins: the button, or the first package",
        "start-handling goes to the marketplace",
        PACKERS,
        ("handling-started",),
    ),
    ("authorized", "cancel-requested"): Move(
        "a request before handling is granted at once instead", "none", NOBODY
    ),
    ("authorized", "cancelled"): Move(
        f"{_CANCEL} before handling, or {_BY_SELLER}",
        f"{_GIVEN_BACK}, or the marketplace is told",
        f"{MARKETPLACE}; {MANAGERS}",
        ("cancelled-by-marketplace", "cancelled-by-seller"),
    ),
    ("handling", "invoiced"): Move(
        "the package with the last unit is closed",
        "its units leave stock; its invoice goes to the marketplace",
        PACKERS,
        ("package-closed", "invoiced"),
    ),
    ("handling", "cancel-requested"): Move(
        f"{_CANCEL} once handling began, also with packages closed and invoiced: only when all of"
        " the order is invoiced the answer is 409",
        "put before staff with its deadline; answered with an empty body; packing stops",
        MARKETPLACE,
        ("cancel-asked",),
    ),
    ("handling", "cancelled"): Move(_BY_SELLER, _TOLD, MANAGERS, ("cancelled-by-seller",)),
    ("cancel-requested", "authorized"): Move(
        "a refusal leads back to handling instead", "none", NOBODY
    ),
    ("cancel-requested", "handling"): Move(
        "staff refuse the request, with a reason: the way for what is invoiced in part, and to"
        " reopen a package whose invoice has not arrived",
        "packing goes on; the invoice is the marketplace's answer",
        MANAGERS,
        ("cancel-refused",),
    ),
    ("cancel-requested", "invoiced"): Move(
        "a refusal leads back to handling first", "none", NOBODY
    ),
    ("cancel-requested", "cancelled"): Move(
        "staff grant the request; nothing may be invoiced",
        _TOLD,
        MANAGERS,
        ("cancel-accepted", "cancelled-by-seller"),
    ),
    ("invoiced", "handling"): Move(
        "a package is opened again, while its invoice surely has not arrived",
        "invoice and message are withdrawn; the units are back on the shelf, held",
        PACKERS,
        ("package-reopened", "reopened"),
    ),
    ("invoiced", "shipped"): Move(
        "the last package has its tracking",
        "tracking goes to the marketplace",
        PACKERS,
        ("tracking-entered", "shipped"),
    ),
    ("invoiced", "returned"): Move("a return before the hand-over", "none", NOBODY),
    ("shipped", "delivered"): Move(
        "the last package is delivered",
        "the delivery goes to the marketplace",
        PACKERS,
        ("package-delivered", "delivered"),
    ),
    ("shipped", "returned"): Move("a parcel that came back", "none", NOBODY),
    ("delivered", "returned"): Move("a return by the shopper", "none", NOBODY),
    ("returned", "cancelled"): Move(
        "staff cancel, once return invoices have given back all its value",
        "a cancellation goes to the marketplace",
        MANAGERS,
        ("cancelled-by-seller",),
    ),
}

_INTRODUCTION = """\
# The life of an order

Made by `make docs-states` from `orders/states.py`: don't edit it here.

Every move is one conditional UPDATE (`orders.moving.move`) under the order's row lock, with an
entry on the timeline in the same transaction. A move that is not drawn is refused. Asked twice, a
call that already had its effect answers as it did the first time. *Nobody yet*: the table allows
the move and nothing makes it.
"""


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    PAGE.write_text(page())
    print(f"{PAGE.relative_to(ROOT)} is up to date.")
    return 0


def page() -> str:
    """The page as it should be. Raises ValueError when words and moves don't match."""
    _require_words()
    with translation.override("en"):
        return "\n".join([_INTRODUCTION, *_diagram(), "", *_statuses(), "", *_moves(), ""])


def _require_words() -> None:
    drawn = {(source.value, target.value) for source, target in _pairs()}
    if drawn != set(MOVES):
        raise ValueError(f"Moves without words, or the reverse: {sorted(drawn ^ set(MOVES))}")
    unknown = {code for move in MOVES.values() for code in move.codes} - set(WORDS)
    if unknown:
        raise ValueError(f"The timeline has no words for {sorted(unknown)}")


def _pairs() -> Iterator[tuple[Status, Status]]:
    for source, targets in TRANSITIONS.items():
        for target in targets:
            yield source, target


def _diagram() -> Iterator[str]:
    yield "```mermaid"
    yield "stateDiagram-v2"
    for status in Status:
        yield f"    {_id(status)}: {status.label}"
    yield f"    [*] --> {_id(Status.RESERVED)}: placed"
    for source, target in _pairs():
        dashed = "" if MOVES[source.value, target.value].codes else ": (nobody yet)"
        yield f"    {_id(source)} --> {_id(target)}{dashed}"
    yield "```"


def _id(status: Status) -> str:
    return status.value.replace("-", "_")


def _statuses() -> Iterator[str]:
    yield "| status | shown as | work for the warehouse | may hold stock | over |"
    yield "|---|---|---|---|---|"
    for status in Status:
        marks = ("yes" if status in group else "" for group in (OPEN, HOLDING, CLOSED))
        yield f"| `{status.value}` | {status.label} | {' | '.join(marks)} |"


def _moves() -> Iterator[str]:
    yield "| from | to | trigger | effect | who may | on the timeline |"
    yield "|---|---|---|---|---|---|"
    yield (
        "| | `reserved` | `POST …/orders` | stock is held, capacity booked, the answer stored "
        f"for retries | {MARKETPLACE} | `placed`, `held` |"
    )
    for source, target in _pairs():
        move = MOVES[source.value, target.value]
        codes = ", ".join(f"`{code}`" for code in move.codes)
        yield (
            f"| `{source.value}` | `{target.value}` | {move.trigger} | {move.effect} "
            f"| {move.who} | {codes} |"
        )


if __name__ == "__main__":
    sys.exit(main())
