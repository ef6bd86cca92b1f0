"""What the stock audit found, put right shelf by shelf; `sellers.repairing` says what is right."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from orders.auditing import Finding, findings
from orders.models import Order
from orders.retrying import retried
from orders.states import HOLDING
from sellers import repairing
from sellers.auditing import UNTIDY_AFTER
from sellers.errors import DomainError
from sellers.models import Hold, User
from sellers.repairing import Trust


class Repaired(NamedTuple):
    """A shelf that was repaired, or the `refusal` that says what a person has to do."""

    found: Sequence[Finding]
    refusal: str = ""


class Repair(NamedTuple):
    """How to repair: which number on hand is believed, why, since when, by whom."""

    reason: str
    now: datetime
    trust: Trust = Trust.LEDGER
    actor: User | None = None


def repair_all(*, how: Repair, account_id: int | None = None) -> Iterator[Repaired]:
    """Audit, and repair each shelf in a transaction of its own. Yields what came of each."""
    by_shelf: dict[int, list[Finding]] = defaultdict(list)
    for finding in findings(now=how.now, account_id=account_id):
        by_shelf[finding.level_id].append(finding)
    for level_id in sorted(by_shelf):
        yield Repaired(by_shelf[level_id], _repair(level_id, how))


def _repair(level_id: int, how: Repair) -> str:
    try:
        retried(lambda: _repair_shelf(level_id, how))
    except DomainError as refusal:
        return refusal.message
    return ""


@transaction.atomic
def _repair_shelf(level_id: int, how: Repair) -> None:
    live = Hold.objects.filter(level_id=level_id, state=Hold.State.HELD)
    strays = _without_a_living_order(live.values_list("pk", "seller_order_id"))
    untidy = live.filter(expires_at__lt=how.now - UNTIDY_AFTER).values_list("pk", flat=True)
    repairing.repair(
        level_id=level_id,
        stray_hold_ids={*strays, *untidy},
        trust=how.trust,
        reason=how.reason,
        cause=f"audit/{how.now.isoformat()}",
        now=how.now,
        actor=how.actor,
    )


def _without_a_living_order(live: Iterable[tuple[int, str]]) -> set[int]:
    """Holds whose order holds nothing any more, or is not there.

    Orders that look closed are locked before the shelf is, in id order, and looked at again (race:
    a late payment or a reopened package brings one back).
    """
    holds = dict(live)
    orders = Order.objects.filter(seller_order_id__in=holds.values())
    list(orders.exclude(status__in=HOLDING).select_for_update().order_by("pk"))
    living = set(orders.filter(status__in=HOLDING).values_list("seller_order_id", flat=True))
    return {pk for pk, seller_order_id in holds.items() if seller_order_id not in living}
