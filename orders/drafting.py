"""A placement checked against what we sell: everything that can be refused without a lock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import OuterRef, Subquery

from orders import comparing, sourcing
from orders.placements import PlacedLine, Placement
from sellers.errors import Conflict, DomainError
from sellers.models import SalesChannelPrice, SellerAccount, Sku
from sellers.money import Cents
from simulation.types import Policy, Tariff


@dataclass(frozen=True, slots=True)
class Draft:
    """A new order, checked but not yet taken: its SKUs, our prices, its policies."""

    placement: Placement
    skus: Mapping[str, Sku]
    wanted: Sequence[sourcing.Wanted]
    policies: Mapping[str, Policy]
    differences: Sequence[comparing.Difference]


def draft_of(account: SellerAccount, placement: Placement, tariff: Tariff) -> Draft:
    """Raises DomainError for an unknown SKU or delivery option, Conflict for an inactive SKU and,
    by the account's rule, for prices that differ."""
    skus, prices = _skus_of(account, placement)
    wanted = [
        sourcing.Wanted(
            line.index,
            skus[line.ref].pk,
            line.ref,
            line.quantity,
            line.policy_ref,
            placement.path,
        )
        for line in placement.lines
    ]
    policies = sourcing.policies_of(tariff, wanted)
    different = comparing.differences(
        placement, account=account, skus=skus, prices=prices, tariff=tariff
    )
    if different and account.price_rule == SellerAccount.PriceRule.REFUSE:
        said = comparing.sentence(different, path=placement.path)
        raise Conflict("price-differs", f"Prices differ: {said}.")
    return Draft(placement, skus, wanted, policies, different)


def _skus_of(
    account: SellerAccount, placement: Placement
) -> tuple[dict[str, Sku], dict[int, Cents | None]]:
    """The order's SKUs by ref and our prices by id. Raises DomainError for one we don't sell."""
    of_channel = SalesChannelPrice.objects.filter(
        sku=OuterRef("pk"), sales_channel=placement.sales_channel or "1"
    )
    refs = {line.ref for line in placement.lines}
    found = Sku.objects.filter(account=account, ref__in=refs).annotate(
        channel_cents=Subquery(of_channel.values("price_cents")[:1])
    )
    skus: dict[str, Sku] = {}
    prices: dict[int, Cents | None] = {}
    for sku in found:
        skus[sku.ref] = sku
        prices[sku.pk] = sku.channel_cents or sku.price_cents
    for line in placement.lines:
        _require_sold(line, skus.get(line.ref), path=f"{placement.path}items[{line.index}]")
    return skus, prices


def _require_sold(line: PlacedLine, sku: Sku | None, *, path: str) -> None:
    if sku is None:
        raise DomainError("unknown-sku", f"{path}: there is no SKU {line.ref}.")
    if not sku.is_active:
        raise Conflict("inactive-sku", f"{path}: SKU {line.ref} is not sold now.")
