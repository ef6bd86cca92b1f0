"""A reconciliation against the marketplace stand-in, over HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from jobs.models import Job
from jobs.running import run_due
from orders.models import Order
from reporting.models import ReconciledRow
from tests.builders import Line, a_seller, an_order
from tests.sandbox.conftest import start

ITEM = {"id": "1001", "quantity": 2, "price": 1700, "freight": 490}


def _ours(order_id: str, *, freight: int) -> None:
    now = timezone.now()
    order = an_order(
        Line(quantity=2, freight=freight), now=now, placed_at=now, marketplace_order_id=order_id
    )
    Order.objects.filter(pk=order.pk).update(items_cents=3_400, freight_cents=freight)


@pytest.mark.django_db
def test_agrees_with_the_stand_in_about_orders_that_are_the_same(tmp_path: Path, manager: Client):
    market = start(tmp_path, seller_id="acme")
    try:
        account = a_seller(marketplace_url=market.url, app_key="key", app_token="token")
        same, other, lost = (market.adopt(ITEM, handling=True) for _one in range(3))
        _ours(same, freight=490)
        _ours(other, freight=480)
        _ours("nobody-01", freight=490)
        today = timezone.localdate(timezone.now(), account.zone)
        form = {"account": account.pk, "since": today, "until": today}
        assert manager.post("/admin/reconciliations/", form).status_code == 302
        run_due(clock=timezone.now, seconds=60)
    finally:
        market.stop()
    assert (Job.objects.get().status, Job.objects.get().problems) == ("done", [])
    found = ReconciledRow.objects.order_by("pk")
    assert [(row.marketplace_order_id, row.kind, row.field, row.cents) for row in found] == [
        (same, "matched", "", 0),
        (other, "differs", "freight", 10),
        ("nobody-01", "missing-there", "", -3_890),
        (lost, "missing-here", "", 3_890),
    ]
