"""The inbox of what is stuck: found, told, acted upon, put off; and kept from whom it is kept."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from orders import flagging
from orders.models import Order, OrderEvent, TimelineEntry
from orders.states import Status
from reporting.attention.cause import PACKS
from reporting.attention.causes import CAUSES
from reporting.attention.inbox import collect
from reporting.models import AttentionMark
from sellers.models import OutboxMessage, StaffDecision, User
from tests.admin.conftest import PERSONAL, PRICES
from tests.admin.conftest import scene as scene
from tests.builders import an_order
from tests.reporting.stuck import STUCK, a_message, note_there, stuck

INBOX = "/admin/attention/"


def _found(**kwargs) -> set[str]:
    return {row.cause for row in collect(CAUSES.keys(), now=timezone.now(), **kwargs)}


def _matters(client: Client, query: str = ""):
    return client.get(f"{INBOX}{query}").context["matters"]


def _do(client: Client, cause: str, about: int, **form: str):
    return client.post(f"{INBOX}{cause}/{about}/", form, follow=True)


def test_every_cause_is_made_by_some_test():
    assert STUCK.keys() == CAUSES.keys()


@pytest.mark.parametrize("cause", sorted(STUCK))
def test_finds_what_is_stuck_and_gives_it_one_cause(cause: str, db: None):
    order = stuck(cause, now=timezone.now())
    assert _found() == {cause}
    if order is not None:
        assert _found(only={"order": order.pk}) == {cause}
        assert _found(only={"order": order.pk + 1}) == set()


@pytest.mark.parametrize(
    ("source", "hours_ago", "silent"),
    [("hook", 0, False), ("feed", 3, False), ("hook", 6, True), ("sweep", 0, True)],
)
def test_an_account_that_hears_of_other_orders_is_not_silent(
    source: str, hours_ago: int, silent: bool, manager: Client
):
    """Three orders were paid five hours ago, and nothing was heard of these."""
    now = timezone.now()
    stuck("silent", now=now)
    OrderEvent.objects.create(
        account=Order.objects.latest("pk").account,
        marketplace_order_id="9-01",
        document={},
        source=source,
        received_at=now - timedelta(hours=hours_ago),
    )
    assert [matter.cause.code for matter in _matters(manager)] == ["silent"] * silent


def test_each_is_told_with_a_page_to_read_and_a_step_to_take(manager: Client):
    for cause in STUCK:
        stuck(cause, now=timezone.now())
    matters = _matters(manager)
    assert {matter.cause.code for matter in matters} == CAUSES.keys()
    for url in {at for matter in matters for at in (matter.told.page, matter.told.step_at)}:
        assert manager.get(url).status_code == 200, url


def test_a_shop_where_all_goes_well_has_nothing_in_it(manager: Client):
    now = timezone.now()
    an_order(due_at=now + timedelta(hours=1)), an_order(status=Status.DELIVERED)
    an_order(status=Status.RESERVED, authorized_at=None, due_at=None)
    note_there(an_order(status=Status.SHIPPED, invoiced_at=now), "invoice", at=now)
    note_there(an_order(status=Status.CANCELLED, cancelled_at=now), "handling", at=now)
    a_message(an_order(due_at=now + timedelta(hours=1)), now=now, status="delivered")
    assert _matters(manager) == []
    assert "Nothing needs attention here." in manager.get(INBOX).content.decode()


def test_worst_comes_first_and_then_what_is_stuck_longest(manager: Client):
    now = timezone.now()
    an_order(due_at=now - timedelta(hours=1))
    first = an_order(due_at=now - timedelta(days=3))
    stuck("placed-after-cancellation", now=now), stuck("price-differs", now=now)
    causes = [matter.cause.code for matter in _matters(manager)]
    assert causes == ["late", "late", "price-differs", "placed-after-cancellation"]
    assert _matters(manager)[0].told.subject == first.marketplace_order_id


def test_two_problems_of_one_order_are_two_matters_until_somebody_has_looked(manager: Client):
    now = timezone.now()
    order = an_order(due_at=now + timedelta(hours=1))
    flagging.raise_to_staff(order, code="price-differs", now=now)
    flagging.raise_to_staff(order, code="total-differs", now=now)
    assert _found() == {"price-differs", "total-differs"}
    flagging.settle(order, now=now, actor=User.objects.get())
    flagging.raise_to_staff(order, code="replaced", now=now)
    assert _found() == {"replaced"}


def test_a_message_names_its_order_and_the_value_at_risk(manager: Client):
    stuck("message-refused", now=timezone.now())
    [matter] = _matters(manager)
    assert matter.value == "R$ 17,00"
    assert "400: no" in matter.told.detail
    assert manager.get(INBOX).context["at_risk"] == ["R$ 17,00"]


def test_an_order_with_two_matters_is_at_risk_once(manager: Client):
    now = timezone.now()
    order = stuck("late", now=now)
    flagging.raise_to_staff(order, code="price-differs", now=now)
    assert manager.get(INBOX).context["at_risk"] == ["R$ 17,00"]


def test_a_gap_tells_the_three_amounts(manager: Client):
    stuck("value-gap", now=timezone.now())
    [matter] = _matters(manager)
    assert (
        matter.told.detail == "pays R$\u00a017,00 · invoiced R$\u00a016,00 · missing R$\u00a01,00"
    )


def test_filters_are_addresses_and_counts_stand_beside_them(manager: Client):
    now = timezone.now()
    for cause in ("late", "no-due-time", "message-refused", "price-differs"):
        stuck(cause, now=now)
    areas = {chip.title: chip for chip in manager.get(INBOX).context["areas"]}
    assert {title: chip.count for title, chip in areas.items()} == {
        "Everything": "4",
        "Line to the marketplace": "1",
        "Money": "1",
        "Packing and hand-over": "2",
    }
    packing = areas["Packing and hand-over"].query
    assert {m.cause.code for m in _matters(manager, packing)} == {"late", "no-due-time"}
    assert [m.cause.code for m in _matters(manager, "?cause=late")] == ["late"]


def test_a_flood_of_one_cause_is_counted_up_to_where_it_matters(manager: Client, monkeypatch):
    monkeypatch.setattr("reporting.attention.rows.MOST", 2)
    monkeypatch.setattr("reporting.attention.inbox.MOST", 2)
    for _one in range(5):
        stuck("late", now=timezone.now())
    assert len(_matters(manager)) == 3


def test_more_stuck_orders_take_no_more_queries(manager: Client):
    for cause in STUCK:
        stuck(cause, now=timezone.now())
    manager.get(INBOX)

    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            manager.get(INBOX)
        return len(queries)

    before = count()
    for cause in ("late", "price-differs", "message-refused", "value-gap", "return-to-invoice"):
        stuck(cause, now=timezone.now())
    assert count() == before


# --- what is done ---------------------------------------------------------------------------


def test_a_given_up_message_is_sent_again_from_the_inbox(manager: Client):
    stuck("message-gave-up", now=timezone.now())
    message = OutboxMessage.objects.get()
    said = _do(manager, "message-gave-up", message.pk, do="step")
    message.refresh_from_db()
    assert message.status == "pending"
    assert StaffDecision.objects.get().actor == User.objects.get(username="mia")
    assert "It will be sent again now." in said.content.decode()
    assert _matters(manager) == []


def test_what_is_settled_meanwhile_is_said_and_changes_nothing(manager: Client):
    stuck("message-gave-up", now=timezone.now())
    message = OutboxMessage.objects.get()
    OutboxMessage.objects.update(status="delivered")
    said = _do(manager, "message-gave-up", message.pk, do="step")
    assert "This is settled already." in said.content.decode()
    assert not StaffDecision.objects.exists()


def test_taking_shows_who_sees_to_it_and_gives_a_list_of_ones_own(manager: Client):
    stuck("late", now=timezone.now()), stuck("late", now=timezone.now())
    order = Order.objects.latest("pk")
    assert _matters(manager, "?show=mine") == []
    _do(manager, "late", order.pk, do="take")
    [mine] = _matters(manager, "?show=mine")
    assert (mine.row.about, mine.taken_by) == (order.pk, "mia")
    _do(manager, "late", order.pk, do="let-go")
    assert _matters(manager, "?show=mine") == []


def test_what_is_put_off_comes_back_by_itself(manager: Client):
    order = stuck("late", now=timezone.now())
    _do(manager, "late", order.pk, hours="4")
    assert _matters(manager) == []
    [waiting] = _matters(manager, "?show=put-off")
    assert waiting.put_off_until
    later = timezone.now() + timedelta(hours=4, minutes=1)
    assert [row.about for row in collect({"late"}, now=later)] == [order.pk]


def test_what_is_put_off_can_be_brought_back(manager: Client):
    order = stuck("late", now=timezone.now())
    _do(manager, "late", order.pk, hours="4")
    _do(manager, "late", order.pk, do="bring-back")
    assert len(_matters(manager)) == 1


def test_stuck_anew_is_not_hidden_by_the_mark_on_what_was(manager: Client):
    stuck("message-refused", now=timezone.now())
    message = OutboxMessage.objects.get()
    _do(manager, "message-refused", message.pk, hours="168")
    assert _matters(manager) == []
    OutboxMessage.objects.update(settled_at=timezone.now())
    [matter] = _matters(manager)
    assert not matter.taken_by
    _do(manager, "message-refused", message.pk, do="take")
    assert AttentionMark.objects.get().snoozed_until is None


@pytest.mark.parametrize("hours", ["0", "5000", "x", "-1", "9" * 5_000])
def test_nothing_is_put_off_for_an_invented_time(hours: str, manager: Client):
    order = stuck("late", now=timezone.now())
    _do(manager, "late", order.pk, hours=hours)
    assert not AttentionMark.objects.exists()


def test_goods_that_are_back_on_the_shelf_settle_the_matter(packer: Client):
    order = stuck("stopped-while-packing", now=timezone.now())
    entry = TimelineEntry.objects.get(code="stopped-while-packing")
    _do(packer, "stopped-while-packing", entry.pk, do="step")
    order.refresh_from_db()
    assert order.flagged_at is None
    assert _matters(packer) == []


def test_the_warehouse_does_not_settle_what_a_manager_must_see(packer: Client):
    order = stuck("stopped-while-packing", now=timezone.now())
    entry = TimelineEntry.objects.get(code="stopped-while-packing")
    flagging.raise_to_staff(order, code="paid-after-cancellation", now=timezone.now())
    said = _do(packer, "stopped-while-packing", entry.pk, do="step")
    assert "A manager has to look at this order too." in said.content.decode()
    order.refresh_from_db()
    assert order.flagged_at is not None


def test_leads_back_to_where_one_was_and_nowhere_else(manager: Client):
    order = stuck("late", now=timezone.now())
    url = f"{INBOX}late/{order.pk}/"
    there = manager.post(url, {"do": "take", "back": f"{INBOX}?area=packing"})
    assert there["Location"] == f"{INBOX}?area=packing"
    elsewhere = manager.post(url, {"do": "take", "back": "https://evil.example/admin/attention/"})
    assert elsewhere["Location"] == INBOX


# --- who sees what ---------------------------------------------------------------------------


def test_the_warehouse_sees_its_own_without_money_or_persons(scene: Order, packer: Client):
    for cause in STUCK:
        stuck(cause, now=timezone.now())
    seen = {matter.cause.code for matter in _matters(packer)}
    assert seen == {code for code, cause in CAUSES.items() if cause.sees == PACKS}
    text = packer.get(INBOX).content.decode()
    assert not [secret for secret in (*PERSONAL, *PRICES, "R$") if secret in text]


def test_the_warehouse_can_do_nothing_about_what_it_does_not_see(packer: Client):
    stuck("message-gave-up", now=timezone.now())
    message = OutboxMessage.objects.get()
    assert _do(packer, "message-gave-up", message.pk, do="step").status_code == 403
    assert _do(packer, "message-gave-up", message.pk, do="take").status_code == 403
    assert OutboxMessage.objects.get().status == "exhausted"


def test_says_who_acts_where_one_may_not(manager: Client, administrator: Client):
    stuck("key-refused", now=timezone.now())
    [matter] = _matters(manager)
    assert not matter.may_act and matter.who_acts == "for an administrator"
    assert _matters(administrator)[0].may_act


def test_somebody_without_a_role_is_turned_away(db: None):
    client = Client()
    client.force_login(User.objects.create_user("none", password="x", is_staff=True))
    assert client.get(INBOX).status_code == 403


def test_an_unknown_cause_is_not_found(manager: Client):
    assert _do(manager, "no-such-cause", 1, do="take").status_code == 404


# --- the menu --------------------------------------------------------------------------------


def _badge(client: Client) -> str:
    page = client.get(reverse("admin:orders_order_changelist"))
    items = [item for group in page.context["sidebar_navigation"] for item in group["items"]]
    [entry] = [item for item in items if item["link"] == INBOX]
    return str(entry.get("badge", ""))


def test_the_menu_counts_what_waits_for_this_person(manager: Client, packer: Client):
    assert _badge(manager) == ""
    stuck("late", now=timezone.now()), stuck("price-differs", now=timezone.now())
    assert _badge(packer) == "1"
    order = Order.objects.earliest("pk")
    _do(manager, "late", order.pk, hours="4")
    assert _badge(manager) == "1"


def test_the_count_is_not_asked_of_the_database_with_every_page(manager: Client):
    _badge(manager)
    with CaptureQueriesContext(connection) as queries:
        _badge(manager)
    assert not [query for query in queries if "UNION ALL" in query["sql"]]


def test_the_admin_opens_without_redis(manager: Client, monkeypatch):
    from django.core.cache import cache
    from redis.exceptions import ConnectionError

    def away(*args, **kwargs):
        raise ConnectionError("away")

    monkeypatch.setattr(cache, "get", away)
    assert _badge(manager) == ""
