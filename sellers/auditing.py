"""What levels, ledger and live holds say of the same units, compared in the database.

One statement for each question, so that each sees one moment and never half of somebody's
transaction; rows are streamed, so size does not matter. Nothing is locked or changed here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection

#: The periodic task tidies every minute; an hour means that it does not run.
UNTIDY_AFTER = timedelta(hours=1)
_CHUNK = 2_000


class LevelDifference(NamedTuple):
    """One shelf of which not all say the same. `ledger_*` are the sums of its movements."""

    account_id: int
    level_id: int
    account: str
    sku: str
    warehouse: str
    on_hand: int
    held: int
    ledger_on_hand: int
    ledger_held: int
    live_holds: int

    def __str__(self) -> str:
        told = []
        if self.on_hand != self.ledger_on_hand:
            told.append(f"on hand: level {self.on_hand}, ledger {self.ledger_on_hand}")
        if not self.held == self.ledger_held == self.live_holds:
            told.append(
                f"held: level {self.held}, ledger {self.ledger_held}, live holds {self.live_holds}"
            )
        return f"{self.account}: SKU {self.sku} at {self.warehouse}: {'; '.join(told)}"


class UntidyHold(NamedTuple):
    """A hold that ran out long ago and is still counted."""

    account_id: int
    level_id: int
    account: str
    sku: str
    warehouse: str
    seller_order_id: str
    quantity: int
    expired_at: datetime

    def __str__(self) -> str:
        return (
            f"{self.account}: SKU {self.sku} at {self.warehouse}: {self.quantity} held for "
            f"{self.seller_order_id}, expired {self.expired_at:%Y-%m-%d %H:%M} UTC, never tidied"
        )


# The shelf first: an account's share of the ledger is found by its shelves.
_LEVELS = """
WITH shelf AS (
    SELECT level.id, level.on_hand, level.held, account.id AS account_id,
           account.slug, sku.ref, warehouse.code
      FROM sellers_stocklevel level
      JOIN sellers_sku sku ON sku.id = level.sku_id
      JOIN sellers_selleraccount account ON account.id = sku.account_id
      JOIN sellers_warehouse warehouse ON warehouse.id = level.warehouse_id
     WHERE %(account)s::bigint IS NULL OR sku.account_id = %(account)s
), ledger AS (
    SELECT level_id, sum(on_hand_change) AS on_hand, sum(held_change) AS held
      FROM sellers_stockmovement JOIN shelf ON shelf.id = level_id
     GROUP BY level_id
), live AS (
    SELECT level_id, sum(quantity) AS units
      FROM sellers_hold JOIN shelf ON shelf.id = level_id
     WHERE state = 'held'
     GROUP BY level_id
)
SELECT account_id, shelf.id, slug, ref, code, shelf.on_hand, shelf.held,
       coalesce(ledger.on_hand, 0), coalesce(ledger.held, 0), coalesce(live.units, 0)
  FROM shelf
  LEFT JOIN ledger ON ledger.level_id = shelf.id
  LEFT JOIN live ON live.level_id = shelf.id
 WHERE shelf.on_hand <> coalesce(ledger.on_hand, 0)
    OR shelf.held <> coalesce(ledger.held, 0)
    OR shelf.held <> coalesce(live.units, 0)
 ORDER BY slug, shelf.id
"""

_UNTIDY = """
SELECT account.id, level.id, account.slug, sku.ref, warehouse.code,
       hold.seller_order_id, hold.quantity, hold.expires_at
  FROM sellers_hold hold
  JOIN sellers_stocklevel level ON level.id = hold.level_id
  JOIN sellers_sku sku ON sku.id = level.sku_id
  JOIN sellers_selleraccount account ON account.id = sku.account_id
  JOIN sellers_warehouse warehouse ON warehouse.id = level.warehouse_id
 WHERE hold.state = 'held' AND hold.expires_at < %(before)s
   AND (%(account)s::bigint IS NULL OR sku.account_id = %(account)s)
 ORDER BY account.slug, hold.id
"""


def level_differences(*, account_id: int | None = None) -> Iterator[LevelDifference]:
    """Shelves whose level, ledger and live holds don't agree; of all accounts by default."""
    return (LevelDifference(*row) for row in streamed(_LEVELS, {"account": account_id}))


def untidy_holds(*, now: datetime, account_id: int | None = None) -> Iterator[UntidyHold]:
    """Holds that expired more than an hour before `now` and were never tidied away."""
    values = {"account": account_id, "before": now - UNTIDY_AFTER}
    return (UntidyHold(*row) for row in streamed(_UNTIDY, values))


def streamed(sql: str, values: dict[str, Any]) -> Iterator[Sequence[Any]]:
    """The rows of a query, by a cursor of the server's: memory does not grow with the result.

    Outside a transaction the cursor outlives what the reader commits between two rows.
    """
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, values)
        while rows := cursor.fetchmany(_CHUNK):
            yield from rows
