"""Ways to place an order for the same few SKUs; each writes the same rows and commits.

Run in a process of its own: clients queue up for threads, each with a connection. Orders
are of one unit of each SKU, so every order wants every shelf.
"""

from __future__ import annotations

import itertools
import json
import os
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

Place = Callable[[int], int]


@dataclass(frozen=True)
class Load:
    """What one process does: `clients` in a queue for `at_once` connections."""

    way: str
    refs: tuple[str, ...]
    first_number: int
    clients: int
    at_once: int
    starts_at: float
    seconds: float


@dataclass
class Tally:
    """Seconds per placement, from wanting it and from having a connection; extra tries."""

    waited: list[float] = field(default_factory=list)
    worked: list[float] = field(default_factory=list)
    retries: int = 0
    cpu_seconds: float = 0.0


def run(load: Load) -> Tally:
    """Place orders from `starts_at` (wall clock) on; only what was wanted after it is counted."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django

    django.setup()
    place = _WAYS[load.way](load.refs)
    tally, numbers = Tally(), itertools.count(load.first_number)
    # Clients in the order they came; one that was served wants the next order at once.
    wanting: queue.SimpleQueue[float] = queue.SimpleQueue()
    for _client in range(load.clients):
        wanting.put(time.time())
    threads = [
        threading.Thread(target=_serve, args=(load, place, wanting, numbers, tally))
        for _connection in range(load.at_once)
    ]
    for thread in threads:
        thread.start()
    time.sleep(max(0.0, load.starts_at - time.time()))
    before = time.process_time()
    for thread in threads:
        thread.join()
    tally.cpu_seconds = time.process_time() - before
    return tally


def _serve(
    load: Load,
    place: Place,
    wanting: queue.SimpleQueue[float],
    numbers: itertools.count[int],
    tally: Tally,
) -> None:
    """One connection of the pool."""
    ends_at = load.starts_at + load.seconds
    while (began := time.time()) < ends_at:
        wanted = wanting.get()
        retries = place(next(numbers))
        ended = time.time()
        wanting.put(ended)
        if load.starts_at <= ended < ends_at:
            tally.waited.append(ended - wanted)
            tally.worked.append(ended - began)
            tally.retries += retries


# --- ours -----------------------------------------------------------------------------------------


def _use_case(refs: tuple[str, ...]) -> Place:
    """`place_orders`, without HTTP and parsing."""
    from orders import serializers
    from orders.placements import placement_of
    from orders.placing import place_orders
    from proofs import shop
    from sellers.models import SellerAccount

    account = SellerAccount.objects.get(endpoint_key=shop.ENDPOINT_KEY)
    (document,) = json.loads(shop.placement(0, dict.fromkeys(refs, 1)))
    valid = serializers.PLACED_ORDER.run_validation(document)
    example = placement_of(valid, document=document, sales_channel="", operation_id="")

    def place(number: int) -> int:
        placement = replace(example, marketplace_order_id=f"15{number:011d}-01")
        place_orders(account=account, placements=[placement], now=datetime.now(UTC))
        return 0

    return place


# --- by hand --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Sql:
    """Statements that write what the portal writes; the order's own facts are copied."""

    order: str
    lines: str
    template: int
    document: str
    skus: list[int]
    warehouses: list[int]


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


def _statements(refs: tuple[str, ...]) -> _Sql:
    from orders.models import Order, OrderLine
    from sellers.models import Sku, Warehouse

    example = Order.objects.order_by("pk").first()
    if example is None:
        raise LookupError("There must be one order to copy the facts of.")
    return _Sql(
        order=_copied(Order, {"seller_order_id": "%s", "marketplace_order_id": "%s"})
        + " WHERE id = %s RETURNING id",
        lines=_copied(OrderLine, {"order_id": "%s"}) + " WHERE order_id = %s",
        template=example.pk,
        document=json.dumps(example.personal.document),
        skus=list(Sku.objects.filter(ref__in=refs).values_list("pk", flat=True)),
        warehouses=list(Warehouse.objects.values_list("pk", flat=True)),
    )


def _copied(model: Any, new: dict[str, str]) -> str:
    columns = [field.column for field in model._meta.concrete_fields if field.column != "id"]
    values = [new.get(column, column) for column in columns]
    # A new value stands first among the columns, so that its place in the parameters is known.
    pairs = sorted(zip(columns, values, strict=True), key=lambda pair: pair[0] not in new)
    pairs = [(name, new[name]) for name in new] + [pair for pair in pairs if pair[0] not in new]
    names, taken = zip(*pairs, strict=True)
    return f"INSERT INTO {model._meta.db_table} ({', '.join(names)}) SELECT {', '.join(taken)} FROM {model._meta.db_table}"  # noqa: S608 E501 (names are the model's)


class _ByHand:
    """A placement in plain SQL; subclasses say how the shelves are taken."""

    def __init__(self, refs: tuple[str, ...]) -> None:
        self.sql = _statements(refs)
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
        sql, ours = self.sql, f"R-{number:012d}"
        theirs = f"15{number:011d}-01"
        cursor.execute(sql.order, [ours, theirs, sql.template])
        (order_id,) = cursor.fetchone()
        cursor.execute(_PERSONAL, [order_id, sql.document, sql.document])
        cursor.execute(sql.lines, [order_id, sql.template])
        levels = self.take(cursor)
        if not levels:
            return False
        cursor.execute(_HOLDS, [ours, datetime.now(UTC) + timedelta(days=1), levels])
        cursor.execute(_LEDGER, [ours, ours, levels])
        cursor.execute(_TIMELINE, {"order": order_id, "facts": json.dumps({"takes": levels})})
        return True

    def take(self, cursor: Any) -> list[int]:
        """The shelves one unit was taken from each; nothing when somebody else was faster."""
        raise TypeError("One of the ways below.")


class _LostRaceError(Exception):
    """What was read has changed."""


class _Floor(_ByHand):
    """Rows locked in id order, then one UPDATE."""

    def take(self, cursor: Any) -> list[int]:
        cursor.execute(_LOCK, [self.sql.skus, self.sql.warehouses])
        levels = [level for level, _held in _chosen(cursor.fetchall())]
        cursor.execute(_TAKE, [levels])
        return levels


class _Optimistic(_ByHand):
    """Nothing locked; the UPDATE takes only rows that are as they were read, else all over."""

    def take(self, cursor: Any) -> list[int]:
        cursor.execute(_READ, [self.sql.skus, self.sql.warehouses])
        chosen = _chosen(cursor.fetchall())
        levels = [level for level, _held in chosen]
        cursor.execute(_TAKE_UNCHANGED, [levels, [held for _level, held in chosen]])
        return levels if cursor.rowcount == len(levels) else []


def _chosen(rows: list[tuple[int, int, int, int]]) -> list[tuple[int, int]]:
    """(level, held) of the first shelf with a unit, for each SKU."""
    first: dict[int, tuple[int, int]] = {}
    for level, sku, free, held in rows:
        if free > 0:
            first.setdefault(sku, (level, held))
    return sorted(first.values())


_WAYS: dict[str, Callable[[tuple[str, ...]], Place]] = {
    "use-case": _use_case,
    "floor": _Floor,
    "optimistic": _Optimistic,
}
