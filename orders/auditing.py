"""The stock audit: do level, ledger and holds agree, and is every unit held for a living order?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from orders.states import HOLDING
from sellers import auditing
from sellers.auditing import LevelDifference, UntidyHold


class StrayHold(NamedTuple):
    """Units held for an order that is over, or that there is not (`status` is empty then)."""

    account_id: int
    level_id: int
    account: str
    sku: str
    warehouse: str
    seller_order_id: str
    status: str
    quantity: int

    def __str__(self) -> str:
        state = f"which is {self.status}" if self.status else "which does not exist"
        return (
            f"{self.account}: SKU {self.sku} at {self.warehouse}: {self.quantity} held for "
            f"{self.seller_order_id}, {state}"
        )


Finding = LevelDifference | UntidyHold | StrayHold

_STRAYS = """
SELECT account.id, level.id, account.slug, sku.ref, warehouse.code,
       hold.seller_order_id, coalesce(orders_order.status, ''), hold.quantity
  FROM sellers_hold hold
  JOIN sellers_stocklevel level ON level.id = hold.level_id
  JOIN sellers_sku sku ON sku.id = level.sku_id
  JOIN sellers_selleraccount account ON account.id = sku.account_id
  JOIN sellers_warehouse warehouse ON warehouse.id = level.warehouse_id
  LEFT JOIN orders_order ON orders_order.seller_order_id = hold.seller_order_id
 WHERE hold.state = 'held'
   AND (orders_order.status IS NULL OR orders_order.status <> ALL(%(holding)s))
   AND (%(account)s::bigint IS NULL OR sku.account_id = %(account)s)
 ORDER BY account.slug, hold.id
"""


def findings(*, now: datetime, account_id: int | None = None) -> Iterator[Finding]:
    """Everything that is wrong with the stock of an account, or of all. Changes nothing."""
    yield from auditing.level_differences(account_id=account_id)
    yield from stray_holds(account_id=account_id)
    yield from auditing.untidy_holds(now=now, account_id=account_id)


def stray_holds(*, account_id: int | None = None) -> Iterator[StrayHold]:
    """Live holds of orders in a status that may hold nothing, or of no order at all."""
    values = {"account": account_id, "holding": [status.value for status in HOLDING]}
    return (StrayHold(*row) for row in auditing.streamed(_STRAYS, values))
