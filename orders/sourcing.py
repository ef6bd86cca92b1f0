"""Where an order's units come from: the quote's own function, asked under lock."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sellers import stock
from sellers.errors import Conflict, DomainError, Unavailable
from sellers.models import SellerAccount, StockLevel
from simulation import core
from simulation.tariffs import tariff_of
from simulation.types import Line, Policy, Take, Tariff

Shelves = Mapping[int, Mapping[int, int]]

PATIENCE_SECONDS = 10.0


class Wanted(NamedTuple):
    """A line of an order, by row ids."""

    line: int
    sku_id: int
    ref: str
    quantity: int
    policy_ref: str
    #: Of its order in the call it was placed with.
    order_path: str = ""

    @property
    def path(self) -> str:
        return f"{self.order_path}items[{self.line}]"


class Short(NamedTuple):
    wanted: Wanted
    available: int


@dataclass(frozen=True, slots=True)
class Sourced:
    takes: tuple[Take, ...]
    short: tuple[Short, ...]
    #: What is free once the takes are gone.
    left: Shelves

    @property
    def wants(self) -> list[stock.Want]:
        return [stock.Want(*take) for take in self.takes]


def tariff_for(account: SellerAccount, *, now: datetime) -> Tariff:
    """The account's tariff. An order waits longer for one that is being compiled than a quote
    would: to refuse it is to lose the sale. Raises Unavailable."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return tariff_of(account_id=account.pk, revision=account.tariff_revision, now=now)
        except Unavailable:
            if time.monotonic() > ends:
                raise


def policies_of(tariff: Tariff, lines: Iterable[Wanted]) -> dict[str, Policy]:
    """The chosen policies, by ref. Raises DomainError naming a line whose policy is not ours."""
    known = {policy.ref: policy for policy in tariff.policies}
    for line in lines:
        if line.policy_ref not in known:
            raise DomainError(
                "unknown-sla",
                f"{line.path}: there is no delivery option “{line.policy_ref}”.",
            )
    return {ref: known[ref] for ref in {line.policy_ref for line in lines}}


def free_on(levels: Iterable[StockLevel]) -> dict[int, dict[int, int]]:
    """Units that may still be promised on locked, tidied levels."""
    shelves: dict[int, dict[int, int]] = {}
    for level in levels:
        free = level.on_hand - level.safety - level.held
        shelves.setdefault(level.sku_id, {})[level.warehouse_id] = max(0, free)
    return shelves


def source(lines: Sequence[Wanted], *, policies: Mapping[str, Policy], shelves: Shelves) -> Sourced:
    """Decide for all lines of an order, those of one policy together.

    The policy with the fewest warehouses goes first, as it has the least choice.
    """
    takes: list[Take] = []
    short: list[Short] = []
    by_choice = sorted(policies.values(), key=lambda policy: (len(policy.warehouses), policy.ref))
    for policy in by_choice:
        group = {line.line: line for line in lines if line.policy_ref == policy.ref}
        asked = [Line(line.line, line.sku_id, line.quantity) for line in group.values()]
        found = core.source(lines=asked, shelves=shelves, preference=policy.warehouses)
        shelves = core.without(shelves, found)
        takes += found.takes
        short += [
            Short(group[index], group[index].quantity - units)
            for index, units in found.short.items()
        ]
    by_line = sorted(short, key=lambda gap: gap.wanted.line)
    return Sourced(tuple(sorted(takes)), tuple(by_line), shelves)


def require_complete(sourced: Sourced) -> None:
    """Raises Conflict `not-available` naming each short line, what was asked and what there is."""
    if sourced.short:
        gaps = "; ".join(
            f"{gap.wanted.path}: {gap.wanted.quantity} of SKU {gap.wanted.ref} asked, "
            f"{gap.available} available"
            for gap in sourced.short
        )
        raise Conflict("not-available", f"Not enough stock: {gaps}.")


def told_takes(
    sourced: Sourced, *, tariff: Tariff, lines: Sequence[Wanted]
) -> list[dict[str, Any]]:
    """The takes for the timeline, in codes people know."""
    refs = {line.sku_id: line.ref for line in lines}
    return [
        {
            "line": take.line,
            "sku": refs[take.sku],
            "warehouse": tariff.depots[take.warehouse].code,
            "quantity": take.quantity,
        }
        for take in sourced.takes
    ]


def told_short(sourced: Sourced) -> list[dict[str, Any]]:
    return [
        {"sku": gap.wanted.ref, "asked": gap.wanted.quantity, "available": gap.available}
        for gap in sourced.short
    ]


def why(sourced: Sourced) -> str:
    """The rule that chose, as a stable code."""
    return "one-warehouse" if len({take.warehouse for take in sourced.takes}) == 1 else "fewest"
