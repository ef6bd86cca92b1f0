"""The stock part of a seller file: what lies in the warehouses, told to the stock ledger."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from django.db.models import Q, Sum
from django.utils.translation import gettext as _

from sellers.errors import DomainError
from sellers.models import Hold, SellerAccount, StockLevel, StockMovement, User, Warehouse
from sellers.seller_file.catalogue import sku_ids
from sellers.seller_file.merging import Counts
from sellers.seller_file.problems import Problem, Problems, SellerFileError
from sellers.seller_file.reading import Row
from sellers.stock import LevelEntry, set_levels


class Level(NamedTuple):
    on_hand: int
    safety: int
    held: int


@dataclass
class Sorted:
    """The file's rows, by what is to be done about them."""

    opening: list[LevelEntry] = field(default_factory=list)
    differing: list[LevelEntry] = field(default_factory=list)
    same: int = 0


def take_stock(
    rows: Iterable[Row],
    *,
    account: SellerAccount,
    cause: str,
    now: datetime,
    actor: User | None,
    problems: Problems,
) -> Counts:
    """Set the levels that differ; levels the file leaves out stay.

    Raises SellerFileError when units that the file no longer has are held for orders.
    """
    found = _sort(rows, account, now, problems)
    problems.settle()
    for kind, entries in (
        (StockMovement.Kind.OPENING, found.opening),
        (StockMovement.Kind.IMPORT, found.differing),
    ):
        try:
            set_levels(entries=entries, kind=kind, cause=cause, now=now, actor=actor)
        except DomainError as error:  # an order was quicker than our check
            raise SellerFileError([Problem("stock", error.message)]) from error
    return Counts(len(found.opening), len(found.differing), found.same)


def _sort(rows: Iterable[Row], account: SellerAccount, now: datetime, problems: Problems) -> Sorted:
    skus = sku_ids(account)
    codes = Warehouse.objects.filter(account=account).values_list("code", "pk")
    warehouses, stored, found = dict(codes), _stored(account), Sorted()
    for index, row in enumerate(rows):
        entry = LevelEntry(
            sku_id=skus[row["sku"]],
            warehouse_id=warehouses[row["warehouse"]],
            on_hand=row["on_hand"],
            safety=row["safety"],
        )
        level = stored.get((entry.sku_id, entry.warehouse_id))
        if level is None:
            found.opening.append(entry)
        elif (level.on_hand, level.safety) == (entry.on_hand, entry.safety):
            found.same += 1
        else:
            if entry.on_hand < level.held:
                _check_held(index, entry, now, problems)
            found.differing.append(entry)
    return found


def _check_held(index: int, entry: LevelEntry, now: datetime, problems: Problems) -> None:
    """`StockLevel.held` still counts holds that have expired; those stand in nobody's way."""
    holds = Hold.objects.filter(
        Q(expires_at__isnull=True) | Q(expires_at__gt=now),
        state=Hold.State.HELD,
        level__sku=entry.sku_id,
        level__warehouse=entry.warehouse_id,
    )
    held = holds.aggregate(units=Sum("quantity", default=0))["units"]
    if entry.on_hand < held:
        problems.add(
            f"stock[{index}].on_hand",
            _("must not be below the %(held)d units held for orders, got %(on_hand)d")
            % {"held": held, "on_hand": entry.on_hand},
        )


def _stored(account: SellerAccount) -> dict[tuple[int, int], Level]:
    columns = ("sku_id", "warehouse_id", "on_hand", "safety", "held")
    levels = StockLevel.objects.filter(sku__account=account).values_list(*columns)
    return {
        (sku_id, warehouse_id): Level(*level) for sku_id, warehouse_id, *level in levels.iterator()
    }
