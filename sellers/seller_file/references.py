"""What only the whole file, and what is stored already, can tell: ids, references, overlaps."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import itemgetter
from typing import Any

from django.utils.translation import gettext as _

from sellers.models import PickupPoint, SellerAccount, Sku, Warehouse
from sellers.pickup_ids import mixed_up
from sellers.rates import Cell, overlaps
from sellers.seller_file.problems import Problems, nearest, shown
from sellers.seller_file.reading import Row
from sellers.seller_file.schema import ACCOUNT_NEEDS

LOOKUP_BATCH = 10_000


def check(document: Row, account: SellerAccount | None, problems: Problems) -> None:
    """Note every broken reference; `account` is the stored one, None when the file brings it."""
    _check_account(document["account"], account, problems)
    _check_ids(document, problems)
    warehouses = _warehouses(document, account)
    _check_stock(document, account, warehouses, problems)
    points = _pickup_points(document, account)
    _check_points(document, points, problems)
    for index, policy in enumerate(document["shipping_policies"] or []):
        _check_policy(policy, f"shipping_policies[{index}]", warehouses, points, problems)


def _check_account(row: Row, account: SellerAccount | None, problems: Problems) -> None:
    if account is None:
        for key in ACCOUNT_NEEDS:
            if row[key] is None:
                problems.add(f"account.{key}", _("is missing: the account is new"))
    others = SellerAccount.objects.exclude(slug=row["slug"])
    if row["endpoint_key"] and others.filter(endpoint_key=row["endpoint_key"]).exists():
        problems.add("account.endpoint_key", _("is used by another account"))
    market = row["marketplace_account"] or (account and account.marketplace_account)
    seller_id = row["seller_id"] or (account and account.seller_id)
    taken = others.filter(marketplace_account=market, seller_id=seller_id).first()
    if taken:
        problems.add(
            "account.seller_id",
            _("is already connected to %(market)s by the account “%(slug)s”")
            % {"market": market, "slug": taken.slug},
        )


def _check_ids(document: Row, problems: Problems) -> None:
    for name, key, column in (
        ("warehouses", "code", "code"),
        ("pickup_points", "id", "ref"),
        ("skus", "id", "ref"),
        ("shipping_policies", "id", "ref"),
    ):
        _check_unique(document[name] or [], name, key, itemgetter(column), problems)
    for index, sku in enumerate(document["skus"] or []):
        path = f"skus[{index}]"
        for column, key in (
            ("sales_channel_prices", "sales_channel"),
            ("offerings", "id"),
            ("case_barcodes", "barcode"),
        ):
            if sku[column]:
                _check_unique(sku[column], f"{path}.{column}", key, itemgetter(key), problems)


def _check_unique(
    rows: Iterable[Any],
    path: str,
    key: str,
    ident: Callable[[Any], Any],
    problems: Problems,
) -> None:
    seen: dict[Any, int] = {}
    for index, row in enumerate(rows):
        first = seen.setdefault(ident(row), index)
        if first != index:
            problems.add(
                f"{path}[{index}].{key}" if key else f"{path}[{index}]",
                _("repeats %(path)s[%(first)d]") % {"path": path, "first": first},
            )


def _warehouses(document: Row, account: SellerAccount | None) -> set[str]:
    """A present list is the whole truth: a warehouse it leaves out is about to be retired."""
    if document["warehouses"] is not None:
        return {row["code"] for row in document["warehouses"]}
    stored = Warehouse.objects.filter(account=account, is_active=True)
    return set(stored.values_list("code", flat=True)) if account else set()


def _pickup_points(document: Row, account: SellerAccount | None) -> set[str]:
    stored = PickupPoint.objects.filter(account=account).values_list("ref", flat=True)
    named = {row["ref"] for row in document["pickup_points"] or []}
    return named | (set(stored) if account else set())


def _check_points(document: Row, points: set[str], problems: Problems) -> None:
    index_of = {row["ref"]: at for at, row in enumerate(document["pickup_points"] or [])}
    for shorter, longer in mixed_up(points):
        ref, other = (longer, shorter) if longer in index_of else (shorter, longer)
        if ref in index_of:
            problems.add(
                f"pickup_points[{index_of[ref]}].id",
                _("is mixed up with %(other)s by VTEX: no id may begin with another one")
                % {"other": shown(other)},
            )


def _check_stock(
    document: Row, account: SellerAccount | None, warehouses: set[str], problems: Problems
) -> None:
    rows = document["stock"] or []
    skus = {row["ref"] for row in document["skus"] or []}
    skus |= _stored_skus({row["sku"] for row in rows} - skus, account)
    for index, row in enumerate(rows):
        path = f"stock[{index}]"
        if row["sku"] not in skus:
            problems.add(f"{path}.sku", unknown(_("no such SKU"), row["sku"], skus))
        if row["warehouse"] not in warehouses:
            problems.add(
                f"{path}.warehouse", unknown(_("no such warehouse"), row["warehouse"], warehouses)
            )
    _check_unique(rows, "stock", "", itemgetter("sku", "warehouse"), problems)


def _stored_skus(refs: set[str], account: SellerAccount | None) -> set[str]:
    if not account:
        return set()
    wanted, found = list(refs), set()
    for start in range(0, len(wanted), LOOKUP_BATCH):
        batch = Sku.objects.filter(account=account, ref__in=wanted[start : start + LOOKUP_BATCH])
        found |= set(batch.values_list("ref", flat=True))
    return found


def unknown(message: str, ref: str, known: set[str]) -> str:
    """The message, the value and the nearest known one; in a huge catalogue nobody is near."""
    hint = nearest(ref, known) if len(known) <= LOOKUP_BATCH else ""
    return f"{message}: {shown(ref)}." + hint if hint else f"{message}: {shown(ref)}"


def _check_policy(
    policy: Row, path: str, warehouses: set[str], points: set[str], problems: Problems
) -> None:
    served = policy["warehouses"] or []
    for index, code in enumerate(served):
        if code not in warehouses:
            problems.add(
                f"{path}.warehouses[{index}]",
                unknown(_("no such warehouse"), code, warehouses),
            )
    point = policy["pickup_point"]
    if point is not None and point not in points:
        problems.add(f"{path}.pickup_point", unknown(_("no such pickup point"), point, points))
    _check_unique(served, f"{path}.warehouses", "", str, problems)
    _check_unique(
        policy["windows"] or [],
        f"{path}.delivery_windows",
        "",
        itemgetter("starts_at", "ends_at"),
        problems,
    )
    _check_rates(policy["rates"] or [], f"{path}.rates", problems)


def _check_rates(rows: list[Row], path: str, problems: Problems) -> None:
    cells = [
        Cell(row["country"], row["postal_from"], row["postal_to"], row["max_weight_g"])
        for row in rows
    ]
    for overlap in overlaps(cells):
        problems.add(
            f"{path}[{overlap.second}]",
            _("overlaps %(path)s[%(first)d] (%(cell)s)")
            % {"path": path, "first": overlap.first, "cell": cells[overlap.first]},
        )
