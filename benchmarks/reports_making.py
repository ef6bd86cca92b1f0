"""Filling the database of a big shop: what there is little of by models, the rest by SQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from django.core.management import call_command
from django.db import connection, transaction
from tqdm import tqdm

from benchmarks.bulk import Step, step
from benchmarks.reports_rows import CHUNK, CREDITS, DRAWING, SKUS, drawn, steps_of
from invoicing.models import Carrier, InvoiceSeries
from reporting import keeping
from sellers.models import (
    PolicyWarehouse,
    SellerAccount,
    ShippingPolicy,
    Sku,
    StockLevel,
    StockMovement,
    Warehouse,
)

#: Tables whose rows were given numbers, which their sequences do not know.
NUMBERED = (
    "sellers_sku",
    "sellers_warehouse",
    "orders_order",
    "orders_orderline",
    "sellers_hold",
    "sellers_outboxmessage",
    "invoicing_package",
    "invoicing_invoice",
    "invoicing_return",
)


def make(orders: int, *, quiet: bool) -> None:
    """Have the shop with so many orders. Each chunk commits with a row that says so."""
    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE IF NOT EXISTS big_data_progress (part text PRIMARY KEY, "
            "at timestamptz NOT NULL DEFAULT date_trunc('hour', now()))"
        )
        _quicken(cursor)
    _once("shop", _open_shop)
    account, until = SellerAccount.objects.get(), _begun()
    with tqdm(total=orders, unit=" orders", unit_scale=True, disable=quiet) as bar:
        for first in range(1, orders + 1, CHUNK):
            last = min(first + CHUNK - 1, orders)
            facts = {"first": first, "last": last, "all": orders, "until": until}
            _once(f"orders from {first}", partial(_write, account, facts))
            bar.update(last - first + 1)
    if _once("the rest", partial(_finish, account, until)):
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
            cursor.execute("CHECKPOINT")


def _quicken(cursor: Any) -> None:
    """Without foreign keys looked up row by row, where we may; what is written is consistent."""
    cursor.execute("SET synchronous_commit = off")
    cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    if cursor.fetchone()[0]:
        cursor.execute("SET session_replication_role = replica")


def _once(part: str, work: Callable[[], object]) -> bool:
    """Whether it was done now; all of it, or nothing."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT FROM big_data_progress WHERE part = %s", [part])
        if cursor.fetchone() is not None:
            return False
        work()
        cursor.execute("INSERT INTO big_data_progress (part) VALUES (%s)", [part])
    return True


def _begun() -> datetime:
    """The end of the year that is made: the hour in which making it began."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT at FROM big_data_progress WHERE part = 'shop'")
        begun: datetime = cursor.fetchone()[0]
    return begun


def _open_shop() -> None:
    """One account with its SKUs, two warehouses, three ways of delivery and their carriers."""
    account = SellerAccount.objects.create(
        slug="bigdata",
        name="Big data",
        seller_id="bigdata",
        marketplace_account="benchmark",
        marketplace_url="http://127.0.0.1:9",
    )
    warehouses = [
        Warehouse.objects.create(account=account, pk=pk, code=code, name=name, priority=pk)
        for pk, code, name in ((1, "SP", "São Paulo"), (2, "PE", "Recife"))
    ]
    for number, name in enumerate(("Correios", "Jadlog", "Loggi"), start=1):
        Carrier.objects.get_or_create(name=name)
        policy = ShippingPolicy.objects.create(
            account=account, ref=f"carrier-{number}", name=f"{name}, 3 days"
        )
        for position, warehouse in enumerate(warehouses):
            PolicyWarehouse.objects.create(policy=policy, warehouse=warehouse, position=position)
    _run(_skus(account))
    _run(_levels(account))


def _skus(account: SellerAccount) -> Step:
    columns = {
        "id": "n",
        "account_id": "%(account)s",
        "ref": "n::text",
        "name": "'Item ' || n",
        "ean": "(7890000000000 + n)::text",
        "weight_g": f"100 + {drawn(30, 3_000)}",
        "price_cents": f"990 + {drawn(31, 50_000)}",
    }
    return step("SKUs", SKUS, account, Sku, columns, f"FROM generate_series(1, {SKUS}) n")


def _levels(account: SellerAccount) -> Step:
    columns = {"sku_id": "s.id", "warehouse_id": "w.id", "on_hand": "1000"}
    source = "FROM sellers_sku s CROSS JOIN sellers_warehouse w"
    return step("stock", SKUS, account, StockLevel, columns, source)


def _write(account: SellerAccount, facts: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        for text in DRAWING:
            cursor.execute(text, facts)
    for each in steps_of(account, facts["first"], facts["last"]):
        _run(each)


def _finish(account: SellerAccount, until: datetime) -> None:
    """Stock as the holds have it, its ledger, the next numbers, and what is kept beside orders."""
    columns = {
        "level_id": "id",
        "kind": "'opening'",
        "on_hand_change": "on_hand",
        "held_change": "held",
        "cause": "'big-data/' || id",
        "at": "%(until)s",
    }
    with connection.cursor() as cursor:
        cursor.execute(_HELD)
        _run(step("ledger", 0, account, StockMovement, columns, _ALL_LEVELS, until=until))
        InvoiceSeries.objects.create(account=account, next_number=CREDITS)
        for table in NUMBERED:
            cursor.execute(_NEXT.format(table=table))
        cursor.execute(keeping.SETTLE_ALL)


_NEXT = (
    "SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT COALESCE(max(id), 1) "
    "FROM {table}))"
)
_ALL_LEVELS = "FROM sellers_stocklevel"
_HELD = """
UPDATE sellers_stocklevel v SET held = h.units, on_hand = on_hand + h.units
  FROM (SELECT level_id, sum(quantity) AS units FROM sellers_hold
         WHERE state = 'held' GROUP BY level_id) h
 WHERE h.level_id = v.id
"""


def _run(each: Step) -> None:
    with connection.cursor() as cursor:
        cursor.execute(each.sql, each.params)
