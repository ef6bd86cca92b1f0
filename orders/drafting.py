"""A placement checked against what we sell: everything that can be refused without a lock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from orders import comparing, sourcing
from orders.placements import PlacedLine, Placement
from sellers import prepared
from sellers.errors import Conflict, DomainError
from sellers.models import SellerAccount
from sellers.money import Cents
from simulation.types import Policy, Tariff

_SQL = """
SELECT sku.id, sku.ref, sku.name, sku.is_active, sku.weight_g,
       coalesce(channel.price_cents, sku.price_cents)
  FROM sellers_sku sku
  LEFT JOIN sellers_saleschannelprice channel
         ON channel.sku_id = sku.id AND channel.sales_channel = %(channel)s
 WHERE sku.account_id = %(account)s AND sku.ref = ANY(%(refs)s)
"""


class Sold(NamedTuple):
    """A SKU of ours as a sales channel has it."""

    id: int
    ref: str
    name: str
    is_active: bool
    weight_g: int
    price_cents: Cents | None


@dataclass(frozen=True, slots=True)
class Draft:
    """A new order, checked but not yet taken. `problems`: what staff should look at, by code."""

    placement: Placement
    skus: Mapping[str, Sold]
    wanted: Sequence[sourcing.Wanted]
    policies: Mapping[str, Policy]
    problems: Mapping[str, Sequence[comparing.Difference]]

    @property
    def lines(self) -> Sequence[PlacedLine]:
        return self.placement.lines


def skus_of(account: SellerAccount, placements: Iterable[Placement]) -> dict[str, Sold]:
    """What a call's placements name, by ref; what we don't have is not among it."""
    placements = list(placements)
    values = {
        "account": account.pk,
        "channel": placements[0].sales_channel or "1",
        "refs": list({line.ref for placement in placements for line in placement.lines}),
    }
    found = map(Sold._make, prepared.execute(_SQL, values))
    return {sku.ref: sku for sku in found}


def draft_of(
    account: SellerAccount, placement: Placement, skus: Mapping[str, Sold], tariff: Tariff
) -> Draft:
    """Raises DomainError for an unknown SKU or delivery option, Conflict for an inactive SKU and,
    by the account's rule, for prices that differ."""
    for line in placement.lines:
        _require_sold(line, skus.get(line.ref), path=f"{placement.path}items[{line.index}]")
    wanted = [
        sourcing.Wanted(
            line.index,
            skus[line.ref].id,
            line.ref,
            line.quantity,
            line.policy_ref,
            placement.path,
        )
        for line in placement.lines
    ]
    policies = sourcing.policies_of(tariff, wanted)
    different = comparing.differences(placement, account=account, skus=skus, policies=policies)
    if different and account.price_rule == SellerAccount.PriceRule.REFUSE:
        said = comparing.sentence(different, path=placement.path)
        raise Conflict("price-differs", f"Prices differ: {said}.")
    problems = {
        "price-differs": different if account.price_rule == SellerAccount.PriceRule.FLAG else [],
        "total-differs": comparing.total_difference(placement),
    }
    found = {code: rows for code, rows in problems.items() if rows}
    return Draft(placement, skus, wanted, policies, found)


def _require_sold(line: PlacedLine, sku: Sold | None, *, path: str) -> None:
    if sku is None:
        raise DomainError("unknown-sku", f"{path}: there is no SKU {line.ref}.")
    if not sku.is_active:
        raise Conflict("inactive-sku", f"{path}: SKU {line.ref} is not sold now.")
