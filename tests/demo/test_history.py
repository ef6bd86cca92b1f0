"""The invented past of the demonstration: complete, without a false alarm, and invented once."""

from __future__ import annotations

from pathlib import Path

from django.utils import timezone

from demo.history import remember
from demo.preparing import prepare
from demo.settling import write_settlement
from invoicing.models import Return
from orders.auditing import findings
from orders.models import Order
from orders.states import Status
from reporting.attention.causes import CAUSES
from reporting.attention.inbox import collect
from reporting.dashboard import counting, reading
from reporting.models import Difference
from reporting.payouts import files
from reporting.payouts.entering import orders_named
from sellers.models import SellerAccount


def _leaves_a_settlement_file(account: SellerAccount, target: Path) -> None:
    rows = write_settlement(account, target=target, now=timezone.now())
    with target.open("rb") as content:
        found = files.read(content, None)
    assert found.problems == []
    assert len(found.entries) == rows > 20
    known = orders_named(account, (entry.named for entry in found.entries))
    assert len(known) == rows - 2  # one of them twice, one nobody's


def test_the_past_is_told_without_a_false_alarm_and_once(db: None, tmp_path: Path):
    now = timezone.now()
    account = prepare(stand_in_url="http://127.0.0.1:1", now=now)
    assert remember(now=now) > 250
    assert remember(now=now) == 0
    found = set(Order.objects.values_list("status", flat=True))
    assert found == {Status.SHIPPED, Status.DELIVERED, Status.CANCELLED}
    assert list(findings(now=now)) == []
    assert not Difference.objects.exists()
    stuck = {row.cause for row in collect(CAUSES.keys(), now=now)}
    assert stuck <= {"return-to-invoice", "tracking-missing", "silent"}
    counting.count_recent(now=now)
    _leaves_a_settlement_file(account, tmp_path / "settlement.csv")
    today = now.astimezone(account.zone).date()
    sums = reading.sums_of([account.pk], today.replace(year=today.year - 1), today)[account.pk]
    late, back = reading.late(sums).percent, reading.came_back(sums).percent
    assert late and 3 < late < 25
    assert back and Return.objects.count() < 30
    assert sums.of("simulations", "") > 1000
