"""`python -m proofs.stock`: more orders than units, all at once; exactly the units are promised.

Starts throwaway servers and the portal with several web workers, places seeded orders of one unit
each over real HTTP, and looks at the answers and at the books. With `--control` the portal's guard
is removed, in this proof alone, and the same setup must see it oversell.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from proofs import portal, shop
from proofs.clients import Answer, send_all

SKU = "PROOF-1"


@dataclass(frozen=True)
class Books:
    """What the database holds once the crowd is gone."""

    available: int
    ledger_left: int
    orders: int
    held: int
    findings: tuple[str, ...]
    deadlocks: int


def main() -> int:
    options = _options()
    print(
        f"Seed {options.seed}: {options.placements} placements at {options.units} units over "
        f"{len(shop.WAREHOUSES)} warehouses, {options.clients} clients, "
        f"{options.workers} web workers{', guard removed' if options.control else ''}"
    )
    with portal.throwaway_servers(database=options.database):
        answers, books = _run(options)
    _show(answers, books)
    if options.control:
        return _conclude_control(options, books)
    return _conclude(_faults(options, answers, books))


def _run(options: argparse.Namespace) -> tuple[list[Answer], Books]:
    chance = random.Random(options.seed)
    shop.open_shop(stock={SKU: _spread(options.units, chance)}, now=datetime.now(UTC))
    if options.control:
        _drop_constraint()
    bodies = [shop.placement(number, {SKU: 1}) for number in range(options.placements)]
    chance.shuffle(bodies)
    module = "proofs.unguarded" if options.control else "config.wsgi"
    with portal.serving(
        port=options.port, workers=options.workers, application=f"{module}:application"
    ):
        answers = send_all(
            port=options.port, path=shop.PLACE_PATH, bodies=bodies, clients=options.clients
        )
    return answers, _read_books()


def _spread(units: int, chance: random.Random) -> tuple[int, int, int]:
    """The units over three shelves, none of them empty."""
    first, second = sorted(chance.sample(range(1, units), 2))
    return first, second - first, units - second


def _drop_constraint() -> None:
    """The last line of defence would refuse to oversell; the control is to show what it stops."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE sellers_stocklevel DROP CONSTRAINT never_hold_more_than_on_hand"
        )


def _read_books() -> Books:
    from django.db import connection
    from django.db.models import Sum

    from orders.auditing import findings
    from orders.models import Order
    from sellers.models import Hold, StockLevel, StockMovement

    levels = StockLevel.objects.aggregate(on_hand=Sum("on_hand"), held=Sum("held"))
    ledger = StockMovement.objects.aggregate(on_hand=Sum("on_hand_change"), held=Sum("held_change"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        ((deadlocks,),) = cursor.fetchall()
    return Books(
        available=levels["on_hand"] - levels["held"],
        ledger_left=ledger["on_hand"] - ledger["held"],
        orders=Order.objects.count(),
        held=Hold.objects.filter(state=Hold.State.HELD).aggregate(n=Sum("quantity"))["n"] or 0,
        findings=tuple(map(str, findings(now=datetime.now(UTC)))),
        deadlocks=deadlocks,
    )


# --- judging --------------------------------------------------------------------------------------


def _faults(options: argparse.Namespace, answers: Sequence[Answer], books: Books) -> list[str]:
    """Every promise that was not kept, in words."""
    kinds = _kinds(answers)
    accepted = [answer for answer in answers if answer.status == 200]
    refused = kinds["409 not-available"]
    reservations = {json.loads(answer.body)[0]["orderId"] for answer in accepted}
    promises = {
        f"{len(accepted)} accepted, not {options.units}": len(accepted) == options.units,
        "two orders share a reservation": len(reservations) == len(accepted),
        f"{len(answers) - len(accepted) - refused} answers are neither an order nor the refusal":
            refused == options.placements - options.units,
        f"{books.orders} orders and {books.held} held units for {len(accepted)} accepted":
            books.orders == books.held == len(accepted),
        f"{books.available} units are left on the shelves": books.available == 0,
        f"{books.ledger_left} units are left by the ledger": books.ledger_left == 0,
        f"the stock audit found: {'; '.join(books.findings)}": not books.findings,
    }  # fmt: skip
    return [fault for fault, kept in promises.items() if not kept]


def _kinds(answers: Sequence[Answer]) -> Counter[str]:
    return Counter(f"{answer.status} {_code(answer)}".strip() for answer in answers)


def _code(answer: Answer) -> str:
    """The code of a refusal in VTEX's shape; the beginning of anything else that is no order."""
    if answer.status == 200:
        return ""
    try:
        return str(json.loads(answer.body)["error"]["code"])
    except (ValueError, KeyError, TypeError):
        return answer.body[:120].decode(errors="replace")


def _show(answers: Sequence[Answer], books: Books) -> None:
    for kind, count in sorted(_kinds(answers).items()):
        print(f"  {count:5} × {kind}")
    print(
        f"  {books.orders} orders, {books.held} units held, {books.available} available, "
        f"{books.ledger_left} left by the ledger, deadlocks in PostgreSQL: {books.deadlocks}"
    )
    slowest = max(answer.seconds for answer in answers)
    print(f"  slowest answer {slowest * 1000:.0f} ms")


def _conclude(faults: Sequence[str]) -> int:
    for fault in faults:
        print(f"  broken: {fault}")
    print("FAILED" if faults else "PROVED: every unit was promised once, none was promised twice.")
    return 1 if faults else 0


def _conclude_control(options: argparse.Namespace, books: Books) -> int:
    oversold = books.held - options.units
    if oversold > 0:
        print(
            f"CONTROL HOLDS: without its guard the portal oversold {oversold} units, and it shows."
        )
        return 0
    print("CONTROL FAILED: nothing was oversold without the guard, so the proof proves nothing.")
    return 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m proofs.stock", description=__doc__)
    parser.add_argument("--control", action="store_true", help="remove the guard, see it oversell")
    parser.add_argument("--placements", type=int, default=500)
    parser.add_argument("--units", type=int, default=100)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--port", type=int, default=None)
    parser.add_argument("--database", help="URL of an empty one, instead of servers of our own")
    options = parser.parse_args()
    options.seed = random.SystemRandom().randrange(10**6) if options.seed is None else options.seed
    options.port = options.port or portal.free_port()
    return options


if __name__ == "__main__":
    sys.exit(main())
