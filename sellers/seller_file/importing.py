"""Loads or updates a whole seller from one document: everything or nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from django.db import connection, transaction

from sellers import tariffs
from sellers.models import SellerAccount, User
from sellers.seller_file import references
from sellers.seller_file.catalogue import merge_catalogue
from sellers.seller_file.connecting import connect
from sellers.seller_file.merging import Counts
from sellers.seller_file.problems import Problems
from sellers.seller_file.progress import Progress, quietly
from sellers.seller_file.reading import Row
from sellers.seller_file.schema import read_document
from sellers.seller_file.shipping import merge_pickup_points, merge_policies, merge_warehouses
from sellers.seller_file.stocktaking import take_stock

#: What quotes are compiled from; catalogue and stock are read live.
TARIFF_KINDS = frozenset(
    {
        "account",
        "warehouses",
        "pickup_points",
        "shipping_policies",
        "policy_warehouses",
        "rates",
        "delivery_windows",
    }
)


@dataclass
class Summary:
    """What an import did (with `dry_run`: would have done), by kind."""

    account: SellerAccount
    dry_run: bool = False
    counts: dict[str, Counts] = field(default_factory=dict)

    @property
    def changed(self) -> int:
        return sum(counts.changed for counts in self.counts.values())


def import_seller(
    document: Any,
    *,
    now: datetime,
    actor: User | None = None,
    dry_run: bool = False,
    progress: Progress = quietly,
) -> Summary:
    """Make the stored seller what `document` (parsed JSON) says.

    What is right already is not touched: neither rows, nor tariff revision, nor ledger.
    Raises SellerFileError with up to twenty faults; nothing is changed then.
    """
    problems = Problems()
    rows = read_document(document, problems)
    problems.settle()
    with transaction.atomic():
        summary = _load(rows, problems, progress)
        if rows["stock"] is not None:
            # Last: from here on, placing an order of these SKUs waits until we are done.
            summary.counts["stock"] = take_stock(
                rows["stock"],
                account=summary.account,
                cause=_cause(document, now),
                now=now,
                actor=actor,
                problems=problems,
                progress=progress,
            )
        summary.dry_run = dry_run
        if dry_run:
            transaction.set_rollback(True)
    return summary


def _load(rows: Row, problems: Problems, progress: Progress) -> Summary:
    _take_turns(rows["account"]["slug"])
    stored = SellerAccount.objects.filter(slug=rows["account"]["slug"]).first()
    references.check(rows, stored, problems)
    problems.settle()
    account, counts = connect(rows["account"], stored)
    summary = Summary(account, counts={"account": counts})
    summary.counts |= dict(_merge_lists(rows, account, progress))
    if any(summary.counts[kind].changed for kind in TARIFF_KINDS & summary.counts.keys()):
        tariffs.bump(account.pk)
    return summary


def _take_turns(slug: str) -> None:
    """Imports of one seller queue up, of a new one too, which has no row to lock yet.

    Race: two imports both find a SKU missing, and both insert it.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"seller-file/{slug}"]
        )


def _merge_lists(
    rows: Row, account: SellerAccount, progress: Progress
) -> Iterator[tuple[str, Counts]]:
    """In the order in which they refer to each other; an absent list is left alone."""
    if rows["warehouses"] is not None:
        yield "warehouses", merge_warehouses(rows["warehouses"], account)
    if rows["pickup_points"] is not None:
        yield "pickup_points", merge_pickup_points(rows["pickup_points"], account)
    if rows["skus"] is not None:
        yield from merge_catalogue(rows["skus"], account, progress)
    if rows["shipping_policies"] is not None:
        yield from merge_policies(rows["shipping_policies"], account, progress)


def _cause(document: Any, now: datetime) -> str:
    """Which file, and when: a file may be loaded again after stock has moved on."""
    content = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
    return f"import:{hashlib.sha256(content).hexdigest()[:12]}:{now:%Y%m%dT%H%M%S.%fZ}"
