"""A reconciliation from the asking to the rows: read, compared, gone on with, and mended."""

from __future__ import annotations

import csv
import json
import re
import time
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import responses
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from jobs.models import Job
from jobs.running import run_due
from orders.models import Order
from orders.states import Status
from reporting.models import ReconciledRow, Reconciliation
from reporting.reconciling import running
from sellers.models import SellerAccount
from tests.builders import HOST, Line, a_seller, an_order
from tests.orders.events import order_url
from tests.reporting.stuck import a_message
from tests.sellers.conftest import oms as oms  # the fixture

LIST = re.compile(rf"{re.escape(HOST)}/api/oms/pvt/orders\?.*")
PAGE = "/admin/reconciliations/"


@pytest.fixture(autouse=True)
def _nobody_really_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)


def _order(**facts: Any) -> Order:
    now = timezone.now()
    order = an_order(Line(freight=490), now=now, placed_at=now, **facts)
    Order.objects.filter(pk=order.pk).update(items_cents=1_700, freight_cents=490)
    order.refresh_from_db()
    return order


def _document(order: Order, **facts: Any) -> dict[str, Any]:
    return {
        "orderId": order.marketplace_order_id,
        "status": "ready-for-handling",
        "value": order.payment_value_cents,
        "totals": [{"id": "Items", "value": 1_700}, {"id": "Shipping", "value": 490}],
        "items": [{"sellerSku": "1001", "quantity": 1}],
        "sellers": [{"id": "acme"}],
        "clientProfileData": {"firstName": "Filomena", "document": "52998224725"},
    } | facts


def _there(oms: responses.RequestsMock, order: Order, **facts: Any) -> None:
    oms.get(order_url(order.marketplace_order_id), json=_document(order, **facts))


def _listed(oms: responses.RequestsMock, *order_ids: str) -> None:
    oms.get(LIST, json={"list": [{"orderId": order_id} for order_id in order_ids]})


def _asked(oms: responses.RequestsMock, name: str) -> list[str]:
    """A parameter of every call for the list."""
    queries = [parse_qs(urlsplit(str(call.request.url)).query) for call in oms.calls]
    return [query[name][0] for query in queries if "f_creationDate" in query]


def _reconcile(client: Client, account: SellerAccount | None = None, **days: str) -> Job:
    """Asked for on the screen, done by a worker."""
    today = timezone.localdate(timezone.now(), a_seller().zone).isoformat()
    form = {"account": (account or a_seller()).pk, "since": today, "until": today} | days
    answer = client.post(PAGE, form)
    assert answer.status_code == 302, answer.context["form"].errors
    run_due(clock=timezone.now, seconds=60)
    return Job.objects.latest("pk")


def _rows() -> list[tuple[str, str, str, int]]:
    rows = ReconciledRow.objects.order_by("pk")
    return [(row.kind, row.field, row.bucket, row.cents) for row in rows]


def test_lays_every_order_beside_the_marketplaces_document(
    oms: responses.RequestsMock, manager: Client
):
    same, other, gone = _order(), _order(), _order()
    _there(oms, same)
    _there(
        oms,
        other,
        value=2_200,
        totals=[{"id": "Items", "value": 1_700}, {"id": "Shipping", "value": 500}],
    )
    oms.get(order_url(gone.marketplace_order_id), status=404)
    _listed(oms, same.marketplace_order_id, other.marketplace_order_id)
    job = _reconcile(manager)
    assert (job.status, job.done_units) == ("done", 3)
    assert _rows() == [
        ("matched", "", "", 0),
        ("differs", "freight", "freight", 10),
        ("missing-there", "", "", -2_190),
    ]
    assert Reconciliation.objects.get().finished_at


@pytest.mark.parametrize("status", [Status.EXPIRED, Status.CANCELLED])
def test_nobody_misses_an_order_that_ended_here_and_never_was_there(
    status: Status, oms: responses.RequestsMock, manager: Client
):
    order = _order(status=status)
    oms.get(order_url(order.marketplace_order_id), status=404)
    _listed(oms)
    _reconcile(manager)
    assert _rows() == [("matched", "", "", 0)]


def test_finds_the_orders_that_never_came_here(oms: responses.RequestsMock, manager: Client):
    order = _order()
    _there(oms, order)
    documents: dict[str, dict[str, Any]] = {
        "lost-01": {},
        "ended-01": {"status": "canceled"},
        "rivals-01": {"sellers": [{"id": "rival"}]},
    }
    for order_id, facts in documents.items():
        oms.get(order_url(order_id), json=_document(order, **facts))
    oms.get(order_url("ghost-01"), status=404)
    _listed(oms, order.marketplace_order_id, "lost-01", "ended-01", "rivals-01", "ghost-01")
    _reconcile(manager)
    assert _rows() == [("matched", "", "", 0), ("missing-here", "", "", 2_190)]
    assert ReconciledRow.objects.latest("pk").marketplace_order_id == "lost-01"


def test_asks_for_the_list_of_whole_days_of_the_account(
    oms: responses.RequestsMock, manager: Client
):
    _listed(oms)
    _reconcile(manager, since="2026-03-01", until="2026-03-02")
    assert _asked(oms, "f_creationDate") == [
        "creationDate:[2026-03-01T03:00:00.000Z TO 2026-03-02T02:59:59.999Z]",
        "creationDate:[2026-03-02T03:00:00.000Z TO 2026-03-03T02:59:59.999Z]",
    ]


def test_turns_the_pages_of_the_list(oms: responses.RequestsMock, manager: Client, monkeypatch):
    monkeypatch.setattr(running, "_PAGE_SIZE", 2)
    orders = [_order() for _one in range(3)]
    for order in orders:
        _there(oms, order)
    ids = [order.marketplace_order_id for order in orders]
    oms.get(LIST, json={"list": [{"orderId": order_id} for order_id in ids[:2]]})
    oms.get(LIST, json={"list": [{"orderId": order_id} for order_id in ids[2:]]})
    _reconcile(manager)
    assert _asked(oms, "page") == ["1", "2"]


def test_a_key_that_may_not_list_orders_still_compares_ours(
    oms: responses.RequestsMock, manager: Client
):
    order = _order()
    _there(oms, order)
    oms.get(LIST, status=403)
    job = _reconcile(manager)
    assert job.status == "done" and "does not list its orders" in job.problems[0]
    assert _rows() == [("matched", "", "", 0)]


def test_a_key_that_may_not_read_orders_fails_in_words(
    oms: responses.RequestsMock, manager: Client
):
    order = _order()
    oms.get(order_url(order.marketplace_order_id), status=403)
    job = _reconcile(manager)
    assert job.status == "failed" and "does not let us read orders" in job.error
    assert _rows() == []


def test_a_silent_marketplace_ends_the_work_after_some_patience(
    oms: responses.RequestsMock, manager: Client, monkeypatch
):
    monkeypatch.setattr(running, "_TRIES", 2)
    for order in [_order() for _one in range(7)]:
        oms.get(order_url(order.marketplace_order_id), status=503)
    job = _reconcile(manager)
    assert job.status == "failed" and "does not answer" in job.error


def test_an_order_that_is_refused_alone_is_left_out(oms: responses.RequestsMock, manager: Client):
    broken, same = _order(), _order()
    oms.get(order_url(broken.marketplace_order_id), status=400)
    _there(oms, same)
    _listed(oms)
    _reconcile(manager)
    assert [row[0] for row in _rows()] == ["unread", "matched"]


def test_goes_on_where_it_was_stopped(oms: responses.RequestsMock, manager: Client, monkeypatch):
    """A worker that dies after the first order: the next reads that one again, and none twice."""
    monkeypatch.setattr(running, "_AT_ONCE", 1)
    orders = [_order() for _one in range(3)]
    for order in orders:
        _there(oms, order)
    _listed(oms)
    written, write = [], running.Reconciler._write

    def dies_at_the_second(self, order_id, rows):
        write(self, order_id, rows)
        written.append(order_id)
        if len(written) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(running.Reconciler, "_write", dies_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        _reconcile(manager)
    later = timezone.now() + timedelta(minutes=5)
    run_due(clock=lambda: later, seconds=60)
    ids = [order.marketplace_order_id for order in orders]
    assert written == [ids[0], ids[1], ids[1], ids[2]]
    assert _rows() == [("matched", "", "", 0)] * 3
    assert Job.objects.get().status == "done"


def test_nothing_of_a_person_is_kept(oms: responses.RequestsMock, manager: Client):
    order = _order()
    _there(oms, order, status="canceled", value=1)
    _listed(oms)
    _reconcile(manager)
    kept = json.dumps(list(ReconciledRow.objects.values()), default=str)
    assert "Filomena" not in kept and "52998224725" not in kept


def test_only_the_period_and_the_account_are_compared(oms: responses.RequestsMock, manager: Client):
    order = _order()
    _order(account=a_seller("rival"))
    an_order(placed_at=timezone.now() - timedelta(days=3))
    _there(oms, order)
    _listed(oms)
    _reconcile(manager)
    assert ReconciledRow.objects.get().order == order


# --- screens --------------------------------------------------------------------------------------


@pytest.fixture
def compared(oms: responses.RequestsMock, manager: Client) -> Reconciliation:
    """One order that agrees, one with too little freight and its invoice missing, one gone."""
    same, other, gone = _order(), _order(status=Status.INVOICED), _order()
    message = a_message(other, now=timezone.now(), status="delivered")
    other.invoices.create(
        account=other.account,
        number="NF9",
        value_cents=2_190,
        issued_at=timezone.now(),
        message=message,
    )
    _there(oms, same)
    _there(
        oms,
        other,
        status="handling",
        value=2_000,
        totals=[{"id": "Items", "value": 1_700}, {"id": "Shipping", "value": 300}],
    )
    oms.get(order_url(gone.marketplace_order_id), status=404)
    _listed(oms)
    _reconcile(manager)
    return Reconciliation.objects.get()


def test_the_summary_counts_orders_and_adds_cents(compared: Reconciliation, manager: Client):
    context = manager.get(f"{PAGE}{compared.pk}/").context
    assert [(part.title, part.count, part.cents) for part in context["outcomes"]] == [
        ("all agrees", 1, ""),
        ("differs", 1, "-R$ 23,80"),
        ("missing at the marketplace", 1, "-R$ 21,90"),
    ]
    assert [(part.title, part.count, part.cents) for part in context["differences"]] == [
        ("invoice missing there", 1, "-R$ 21,90"),
        ("freight", 1, "-R$ 1,90"),
        ("status", 1, ""),
    ]
    for part in (*context["outcomes"], *context["differences"]):
        rows = manager.get(part.link).context["rows"]
        orders = {row[0][0].text for row in rows}
        assert len(orders) == part.count, part


def test_what_is_filtered_is_saved_cell_by_cell(
    compared: Reconciliation, manager: Client, settings: Any, tmp_path: Path
):
    settings.MEDIA_ROOT = str(tmp_path)
    form = {"format": "csv", "run": compared.pk, "bucket": "freight"}
    assert manager.post(reverse("admin:report_file", args=["reconciliation"]), form)
    run_due(clock=timezone.now, seconds=60)
    job = Job.objects.latest("pk")
    assert job.status == "done", job.error
    answer = manager.get(reverse("admin:jobs_job_result", args=[job.pk]))
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    head, row, *rest = csv.reader(text.splitlines())
    order = ReconciledRow.objects.get(bucket="freight").order
    assert order
    assert dict(zip(head, row, strict=True)) == {
        "Marketplace order id": order.marketplace_order_id,
        "Our order id": order.seller_order_id,
        "Outcome": "differs",
        "Outcome, code": "differs",
        "What": "freight",
        "What, code": "freight",
        "Kind of difference": "freight",
        "Kind of difference, code": "freight",
        "Ours": "R$ 4,90",
        "Theirs": "R$ 3,00",
        "Difference": "-1.90",
        "What to do": "See where its cents arise; a change of the order must come as a change.",
        "What to do, code": "freight",
    }
    assert rest[0] == [] and ["Rows", "1"] in rest


def test_every_row_leads_to_where_it_is_mended(compared: Reconciliation, manager: Client):
    places = {}
    for row in ReconciledRow.objects.all():
        answer = manager.get(f"{PAGE}row/{row.pk}/")
        places[row.field or row.kind] = re.sub(r"\d+", "N", answer["Location"])
        assert manager.get(answer["Location"]).status_code == 200
        assert manager.get(f"{PAGE}row/{row.pk}/?to=order")["Location"].endswith("/change/")
    assert places == {
        "matched": "/admin/orders/order/N/change/",
        "freight": "/admin/reports/ledger/N/",
        "invoice-missing": "/admin/sellers/outboxmessage/N/change/",
        "status": "/admin/radar/?q=N-N",
        "missing-there": "/admin/orders/order/N/change/",
    }


def test_an_order_missing_here_leads_to_its_events(db: None, manager: Client):
    run = Reconciliation.objects.create(
        account=a_seller(), since="2026-03-01", until="2026-03-01", asked_at=timezone.now()
    )
    row = run.rows.create(marketplace_order_id="lost-01", kind="missing-here")
    there = manager.get(f"{PAGE}row/{row.pk}/")["Location"]
    assert there == "/admin/orders/orderevent/?q=lost-01"


@pytest.mark.parametrize(
    ("days", "problem"),
    [
        ({"since": "2026-03-02", "until": "2026-03-01"}, "ends before it begins"),
        ({"since": "2026-01-01", "until": "2026-12-01"}, "three months at most"),
        ({"since": "", "until": "2026-12-01"}, "required"),
        ({"since": "9999-12-31", "until": "9999-12-31"}, "between 2000 and 2100"),
    ],
)
def test_a_period_that_can_not_be_meant_is_told(days, problem, manager: Client):
    page = manager.post(PAGE, {"account": a_seller().pk} | days)
    assert page.status_code == 200 and problem in page.content.decode()
    assert not Reconciliation.objects.exists()


def test_lists_what_was_compared_and_by_whom(compared: Reconciliation, manager: Client):
    [run] = manager.get(PAGE).context["runs"]
    assert run.asked_by == "mia" and run.state.startswith("finished")
    assert "Acme" in run.title


def test_the_warehouse_reconciles_nothing(compared: Reconciliation, packer: Client):
    row = ReconciledRow.objects.earliest("pk")
    for url in (PAGE, f"{PAGE}{compared.pk}/", f"{PAGE}row/{row.pk}/"):
        assert packer.get(url).status_code == 403
    assert packer.post(PAGE, {"account": compared.account_id}).status_code == 403
