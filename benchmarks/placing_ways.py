"""Ways to place an order for the same few SKUs; each writes the same rows and commits.

Run in a process of its own: clients queue up for threads, each with a connection.
"""

from __future__ import annotations

import itertools
import json
import os
import queue
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from typing import Any, NamedTuple

import orjson

Place = Callable[[int], int]

WARM_UP = 40


@dataclass(frozen=True)
class Load:
    """What one process does: `clients` in a queue for `at_once` connections, placing orders of so
    many `lines`, one unit each, of the SKUs `refs`."""

    way: str
    refs: tuple[str, ...]
    lines: int
    first_number: int
    clients: int
    at_once: int
    seconds: float


@dataclass
class Tally:
    """Seconds per placement, from wanting it and from having a connection; extra tries."""

    waited: list[float] = field(default_factory=list)
    worked: list[float] = field(default_factory=list)
    retries: int = 0
    cpu_seconds: float = 0.0


def run(load: Load, gate: Barrier, tallies: Queue[Tally]) -> None:
    """Warm up, wait for all the others at the gate, then place orders for `seconds`."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django

    django.setup()
    place = _WAYS[load.way](load)
    tally, numbers = Tally(), itertools.count(load.first_number)
    ready = threading.Barrier(load.at_once + 1)
    # Clients in the order they came; one that was served wants the next order at once.
    wanting: queue.SimpleQueue[float] = queue.SimpleQueue()

    def serve() -> None:
        """One connection of the pool."""
        for _order in range(WARM_UP):
            place(next(numbers))
        ready.wait()
        ready.wait()
        ends_at = time.perf_counter() + load.seconds
        while (began := time.perf_counter()) < ends_at:
            wanted = wanting.get()
            retries = place(next(numbers))
            ended = time.perf_counter()
            wanting.put(ended)
            tally.waited.append(ended - wanted)
            tally.worked.append(ended - began)
            tally.retries += retries

    threads = [threading.Thread(target=serve) for _connection in range(load.at_once)]
    for thread in threads:
        thread.start()
    ready.wait()
    gate.wait()
    before = time.process_time()
    for _client in range(load.clients):
        wanting.put(time.perf_counter())
    ready.wait()
    for thread in threads:
        thread.join()
    tally.cpu_seconds = time.process_time() - before
    tallies.put(tally)


class Chosen(NamedTuple):
    """Which SKUs order `number` is for: some of the few, in an order of their own."""

    refs: Sequence[str]
    lines: int

    def of(self, number: int) -> list[str]:
        chance = random.Random(number)  # noqa: S311 (nothing secret)
        return chance.sample(self.refs, self.lines)


# --- ours -----------------------------------------------------------------------------------------


def _use_case(load: Load) -> Place:
    """`place_orders`, without HTTP and parsing."""
    from orders import shapes
    from orders.placements import Placement, placement_of
    from orders.placing import place_orders
    from proofs import shop
    from sellers.models import SellerAccount

    account = SellerAccount.objects.get(endpoint_key=shop.ENDPOINT_KEY)
    chosen = Chosen(load.refs, load.lines)

    def parsed(number: int) -> Placement:
        (document,) = json.loads(shop.placement(number, dict.fromkeys(chosen.of(number), 1)))
        valid = shapes.PLACED_ORDER.read(document)
        return placement_of(valid, document=document, sales_channel="", operation_id="")

    examples = [parsed(number) for number in range(50)]

    def place(number: int) -> int:
        example = examples[number % len(examples)]
        placement = replace(example, marketplace_order_id=f"15{number:011d}-01")
        place_orders(account=account, placements=[placement], now=datetime.now(UTC))
        return 0

    return place


# --- by hand --------------------------------------------------------------------------------------

_PERSONAL = """
INSERT INTO orders_personaldata (order_id, document, answer, receiver) VALUES (%s, %s, %s, '')
"""
_TIMELINE = """
INSERT INTO orders_timelineentry (order_id, at, kind, code, from_status, to_status, facts)
VALUES (%(order)s, now(), 'inbound', 'placed', '', '', '{}'),
       (%(order)s, now(), 'stock', 'held', '', '', %(facts)s)
"""
_READ = """
SELECT id, sku_id, on_hand - safety - held, held FROM sellers_stocklevel
 WHERE sku_id = ANY(%s) AND warehouse_id = ANY(%s) ORDER BY id
"""
_LOCK = f"{_READ} FOR NO KEY UPDATE"
_TAKE = "UPDATE sellers_stocklevel SET held = held + 1 WHERE id = ANY(%s)"
_TAKE_UNCHANGED = """
UPDATE sellers_stocklevel level SET held = level.held + 1
  FROM unnest(%s::bigint[], %s::int[]) AS seen (id, held)
 WHERE level.id = seen.id AND level.held = seen.held
"""
_HOLDS = """
INSERT INTO sellers_hold
       (level_id, seller_order_id, line_index, quantity, state, expires_at, created_at)
SELECT id, %s, place - 1, 1, 'held', %s, now()
  FROM unnest(%s::bigint[]) WITH ORDINALITY AS taken (id, place)
"""
_LEDGER = """
INSERT INTO sellers_stockmovement
       (level_id, kind, on_hand_change, held_change, cause, seller_order_id, note, at)
SELECT id, 'hold', 0, 1, %s::text || '/' || place - 1 || '/placed', %s, '', now()
  FROM unnest(%s::bigint[]) WITH ORDINALITY AS taken (id, place)
"""


class _Facts:
    """What an order of the portal's looks like in its tables: the rows to write, but for ids."""

    def __init__(self, load: Load) -> None:
        from orders.models import Order, OrderLine
        from sellers.models import Sku, Warehouse

        order = Order.objects.order_by("pk").first()
        line = order.lines.first() if order else None
        if order is None or line is None:
            raise LookupError("There must be one order to copy the facts of.")
        self.order = _row(order)
        self.insert_order = _inserting(Order, list(self.order)) + " RETURNING id"
        self.line = _row(line) | {"order_id": None}
        self.insert_lines = _inserting_json(OrderLine, list(self.line))
        self.document: dict[str, Any] = order.personal.document or {}
        self.skus = dict(Sku.objects.filter(ref__in=load.refs).values_list("ref", "pk"))
        self.warehouses = list(Warehouse.objects.values_list("pk", flat=True))


def _row(instance: Any) -> dict[str, Any]:
    fields = instance._meta.concrete_fields
    return {
        field.column: getattr(instance, field.attname) for field in fields if field.name != "id"
    }


def _inserting(model: Any, columns: Sequence[str]) -> str:
    names = ", ".join(f'"{name}"' for name in columns)
    values = ", ".join(f"%({name})s" for name in columns)
    return f"INSERT INTO {model._meta.db_table} ({names}) VALUES ({values})"  # noqa: S608 (the model's own names)


def _inserting_json(model: Any, columns: Sequence[str]) -> str:
    table, names = model._meta.db_table, ", ".join(f'"{name}"' for name in columns)
    return (
        f"INSERT INTO {table} ({names}) SELECT {names}"  # noqa: S608 (the model's own names)
        f" FROM json_populate_recordset(NULL::{table}, %s)"
    )


class _ByHand:
    """A placement in plain SQL, without HTTP, parsing and checks but for the stock; the order's
    values come from here, as they must in any program. Subclasses say how shelves are taken."""

    def __init__(self, load: Load) -> None:
        self.facts = _Facts(load)
        self.chosen = Chosen(load.refs, load.lines)
        self.local = threading.local()

    def __call__(self, number: int) -> int:
        for tries in itertools.count():
            if self._try(number):
                return tries
        raise AssertionError("count() does not end")

    def _try(self, number: int) -> bool:
        from psycopg import errors

        connection = self._connection()
        try:
            with connection.transaction():
                if not self._write(connection.cursor(), number):
                    raise _LostRaceError
        except (_LostRaceError, errors.DeadlockDetected):
            return False
        return True

    def _connection(self) -> Any:
        import psycopg

        if not hasattr(self.local, "connection"):
            self.local.connection = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
        return self.local.connection

    def _write(self, cursor: Any, number: int) -> bool:
        """What can be written before the shelves are taken is, so that they are held briefly."""
        facts, ours, theirs = self.facts, f"R-{number:012d}", f"15{number:011d}-01"
        now, refs = datetime.now(UTC), self.chosen.of(number)
        skus = [facts.skus[ref] for ref in refs]
        ids = {"seller_order_id": ours, "marketplace_order_id": theirs, "placed_at": now}
        cursor.execute(facts.insert_order, facts.order | ids)
        (order_id,) = cursor.fetchone()
        document = json.dumps(facts.document | {"marketplaceOrderId": theirs})
        cursor.execute(_PERSONAL, [order_id, document, document])
        cursor.execute(facts.insert_lines, [self._lines(order_id, refs, skus)])
        levels = self.take(cursor, skus)
        if not levels:
            return False
        cursor.execute(_HOLDS, [ours, now + timedelta(days=1), levels])
        cursor.execute(_LEDGER, [ours, ours, levels])
        cursor.execute(_TIMELINE, {"order": order_id, "facts": json.dumps({"takes": levels})})
        return True

    def _lines(self, order_id: int, refs: Sequence[str], skus: Sequence[int]) -> str:
        lines = [
            self.facts.line | {"order_id": order_id, "index": index, "sku_id": sku, "ref": ref}
            for index, (ref, sku) in enumerate(zip(refs, skus, strict=True))
        ]
        return orjson.dumps(lines, default=str).decode()

    def take(self, cursor: Any, skus: Sequence[int]) -> list[int]:
        """The shelves one unit was taken from each; nothing when somebody else was faster."""
        raise TypeError("One of the ways below.")


class _LostRaceError(Exception):
    """What was read has changed."""


class _Floor(_ByHand):
    """Rows locked in id order, then one UPDATE."""

    def take(self, cursor: Any, skus: Sequence[int]) -> list[int]:
        cursor.execute(_LOCK, [list(skus), self.facts.warehouses])
        levels = [level for level, _held in _first_free(cursor.fetchall())]
        cursor.execute(_TAKE, [levels])
        return levels


class _Optimistic(_ByHand):
    """Nothing locked; the UPDATE takes only rows that are as they were read, else all over."""

    def take(self, cursor: Any, skus: Sequence[int]) -> list[int]:
        cursor.execute(_READ, [list(skus), self.facts.warehouses])
        chosen = _first_free(cursor.fetchall())
        levels = [level for level, _held in chosen]
        cursor.execute(_TAKE_UNCHANGED, [levels, [held for _level, held in chosen]])
        return levels if cursor.rowcount == len(levels) else []


def _first_free(rows: list[tuple[int, int, int, int]]) -> list[tuple[int, int]]:
    """(level, held) of the first shelf with a unit, for each SKU."""
    first: dict[int, tuple[int, int]] = {}
    for level, sku, free, held in rows:
        if free > 0:
            first.setdefault(sku, (level, held))
    return sorted(first.values())


_WAYS: dict[str, Callable[[Load], Place]] = {
    "use-case": _use_case,
    "floor": _Floor,
    "optimistic": _Optimistic,
}
