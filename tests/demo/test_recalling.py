"""The marketplace stand-in and the portal remember the same invented past."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from demo.history import remember
from demo.preparing import prepare
from demo.recalling import recall
from demo.stand_in import StandIn
from jobs.models import Job
from jobs.running import run_due
from orders.models import Order
from orders.states import Status
from reporting.models import ReconciledRow
from tests.builders import staff
from tests.sandbox.conftest import start


@pytest.mark.django_db
def test_a_newcomers_reconciliation_of_the_past_agrees(tmp_path: Path, client: Client) -> None:
    now = timezone.now()
    account = prepare(stand_in_url="http://127.0.0.1:1", now=now)
    remember(now=now)
    newest = Order.objects.filter(status=Status.DELIVERED).latest("placed_at")
    day = newest.placed_at.astimezone(account.zone).date()
    market = start(tmp_path, seller_id=account.seller_id)
    try:
        recall(account, StandIn(market.url))
        account.marketplace_url, account.app_key, account.app_token = market.url, "key", "token"
        account.save()
        client.force_login(staff("mia", role="Manager"))
        form = {"account": account.pk, "since": day - timedelta(days=1), "until": day}
        assert client.post("/admin/reconciliations/", form).status_code == 302
        run_due(clock=timezone.now, seconds=60)
        told = list(market.control.orders())
        unknown = market.control.anomalies()
    finally:
        market.stop()
    assert (Job.objects.get().status, Job.objects.get().problems) == ("done", [])
    assert set(ReconciledRow.objects.values_list("kind", "field")) == {("matched", "")}
    assert unknown == []
    assert {order["status"] for order in told} == {"invoiced", "canceled"}
