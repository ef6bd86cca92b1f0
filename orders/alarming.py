"""The stock audit's alarm: raised where staff see it, lowered by itself once all is well."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from orders.auditing import Finding, findings
from sellers.models import StockAudit

logger = logging.getLogger(__name__)
_MOST_SHOWN = 100


@dataclass
class _Alarm:
    total: int = 0
    told: list[str] = field(default_factory=list)


def audit_stock(*, now: datetime) -> int:
    """Audit every account; one open alarm for each that differs. Returns the differences.

    Seen again, an alarm is brought up to date; an account without differences has it resolved.
    """
    alarms = _by_account(findings(now=now))
    with transaction.atomic():
        resolved = StockAudit.objects.filter(resolved_at__isnull=True).exclude(
            account_id__in=alarms
        )
        resolved.update(resolved_at=now)
        for account_id, alarm in alarms.items():
            _raise(account_id, alarm, now=now)
    return sum(alarm.total for alarm in alarms.values())


def _by_account(found: Iterable[Finding]) -> dict[int, _Alarm]:
    alarms: dict[int, _Alarm] = defaultdict(_Alarm)
    for finding in found:
        alarm = alarms[finding.account_id]
        alarm.total += 1
        if alarm.total <= _MOST_SHOWN:
            alarm.told.append(str(finding))
    return alarms


def _raise(account_id: int, alarm: _Alarm, *, now: datetime) -> None:
    facts = {"last_seen_at": now, "total": alarm.total, "differences": alarm.told}
    StockAudit.objects.update_or_create(
        account_id=account_id,
        resolved_at=None,
        defaults=facts,
        create_defaults=facts | {"found_at": now},
    )
    logger.error("Stock audit: %d differences, the first: %s", alarm.total, alarm.told[0])
