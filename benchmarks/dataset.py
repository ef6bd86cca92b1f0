"""The data set: accounts of different size in one database, by set-based SQL, in minutes.

Every step commits together with a row that says so: an interrupted preparation goes on where it
stopped. Numbers are drawn by hashing, so every preparation makes the same data.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time

from django.core.management import call_command
from django.db import connection, transaction
from tqdm import tqdm

from benchmarks.bulk import Step, steps_of
from benchmarks.shape import FIRST_CODE, PICKUP_POINTS, POLICIES, key_of
from sellers.models import PickupPoint, PolicyWarehouse, SellerAccount, ShippingPolicy, Warehouse


def prepare(sizes: list[int], *, ranges: int, quiet: bool = False) -> None:
    """Have an account for each size, with its catalogue, stock and rates."""
    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS benchmark_progress (step text PRIMARY KEY)")
    steps = [step for size in sizes for step in steps_of(account_of(size), size, ranges=ranges)]
    done = _done()
    left = [step for step in steps if step.name not in done]
    for step in _shown(left, quiet=quiet):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(step.sql, step.params)
            cursor.execute("INSERT INTO benchmark_progress VALUES (%s)", [step.name])
    if left:
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
            cursor.execute("CHECKPOINT")
    connection.close()


def _done() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT step FROM benchmark_progress")
        return {step for (step,) in cursor.fetchall()}


def _shown(steps: list[Step], *, quiet: bool) -> Iterator[Step]:
    rows = sum(step.rows for step in steps)
    with tqdm(total=rows, unit=" rows", unit_scale=True, disable=quiet or not steps) as bar:
        for step in steps:
            bar.set_description(step.name)
            yield step
            bar.update(step.rows)


# --- what there is little of goes through the models, the rest through bulk.py --------------------


@transaction.atomic
def account_of(size: int) -> SellerAccount:
    """The account for catalogues of this size, with its warehouses and policies; made once."""
    known = SellerAccount.objects.filter(endpoint_key=key_of(size)).first()
    if known is not None:
        return known
    account = SellerAccount.objects.create(
        slug=f"benchmark-{size}",
        name=f"Benchmark, {size:,} SKUs",
        seller_id=f"bench{size}",
        marketplace_account="benchmark",
        marketplace_url="http://127.0.0.1:9",
        endpoint_key=key_of(size),
    )
    warehouses = [_warehouse(account, *facts) for facts in (("SP", 14, 0), ("PE", 11, 1))]
    for number in range(1, POLICIES + 1):
        _serve(_policy(account, number), warehouses)
    for number in range(1, PICKUP_POINTS + 1):
        _serve(_pickup_policy(account, number), warehouses)
    return account


def _warehouse(account: SellerAccount, state: str, cutoff: int, days: int) -> Warehouse:
    return Warehouse.objects.create(
        account=account,
        code=state,
        name=state,
        state=state,
        cutoff=time(cutoff),
        handling_days=days,
        priority=days,
    )


def _policy(account: SellerAccount, number: int) -> ShippingPolicy:
    """Two of ten have a daily capacity, far from used up: it must be looked at all the same."""
    return ShippingPolicy.objects.create(
        account=account,
        ref=f"carrier-{number:02d}",
        name=f"Carrier {number}",
        daily_capacity=1_000_000 if number <= 2 else None,
    )


def _pickup_policy(account: SellerAccount, number: int) -> ShippingPolicy:
    point = PickupPoint.objects.create(
        account=account,
        ref=f"counter-{number:03d}",
        friendly_name=f"Counter {number}",
        additional_info="Monday to Friday, 9 to 18",
        postal_code=f"{FIRST_CODE + number:08d}",
        city="São Paulo",
        state="SP",
        country="BRA",
        street="Rua do Comércio",
        number=str(number),
        neighborhood="Centro",
        longitude=-46.0 - number / 1_000,
        latitude=-23.0 - number / 1_000,
    )
    return ShippingPolicy.objects.create(
        account=account,
        ref=f"pickup-{number:03d}",
        name=f"Pickup {number}",
        channel=ShippingPolicy.Channel.PICKUP,
        pickup_point=point,
    )


def _serve(policy: ShippingPolicy, warehouses: list[Warehouse]) -> None:
    PolicyWarehouse.objects.bulk_create(
        PolicyWarehouse(policy=policy, warehouse=warehouse, position=position)
        for position, warehouse in enumerate(warehouses)
    )
