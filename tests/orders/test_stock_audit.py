"""The stock audit, against shelves broken behind the portal's back."""

from __future__ import annotations

import logging
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from celery import current_app
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from orders import alarming
from orders.models import Order
from orders.states import Status
from sellers import stock
from sellers.models import Hold, StockAudit, StockLevel, StockMovement
from tests.builders import Line, a_seller, a_sku, a_warehouse, an_order, staff

pytestmark = pytest.mark.django_db


def shelf(ref: str = "1001", *, on_hand: int = 10, slug: str = "acme") -> StockLevel:
    """A shelf whose units came in through the ledger."""
    account = a_seller(slug)
    sku, warehouse = a_sku(ref, on_hand=0, account=account), a_warehouse(account=account)
    entry = stock.LevelEntry(sku.pk, warehouse.pk, on_hand, 0)
    opening = StockMovement.Kind.OPENING
    with transaction.atomic():
        stock.set_levels(entries=[entry], kind=opening, cause="file", now=timezone.now())
    return StockLevel.objects.get(sku=sku)


def sold(quantity: int = 2, **facts: Any) -> Order:
    return an_order(Line("1001", quantity), now=timezone.now(), **facts)


def sql(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def audit(*arguments: str) -> str:
    """What the command prints when it ends well."""
    out = StringIO()
    call_command("audit_stock", *arguments, stdout=out)
    return out.getvalue()


def refused_audit(*arguments: str) -> tuple[str, CommandError]:
    out = StringIO()
    with pytest.raises(CommandError) as refusal:
        call_command("audit_stock", *arguments, stdout=out)
    return out.getvalue(), refusal.value


def counters(level: StockLevel) -> tuple[int, int]:
    level.refresh_from_db()
    return level.on_hand, level.held


def test_finds_nothing_where_orders_came_and_went() -> None:
    shelf()
    order = sold()
    sold(quantity=3)
    with transaction.atomic():
        stock.release(seller_order_id=order.seller_order_id, now=timezone.now(), cause="cancelled")
    Order.objects.filter(pk=order.pk).update(status=Status.CANCELLED)

    assert audit() == "Levels, ledger and holds agree.\n"


def test_names_sku_warehouse_and_what_each_of_the_three_says() -> None:
    shelf()
    sold(quantity=2)
    sql("UPDATE sellers_stocklevel SET on_hand = 8, held = 5")

    found, refusal = refused_audit()

    assert found == (
        "acme: SKU 1001 at sp: on hand: level 8, ledger 10; held: level 5, ledger 2, live holds 2\n"
    )
    assert refusal.returncode == 1
    assert "1 difference" in str(refusal)


def test_finds_a_hold_that_vanished() -> None:
    shelf()
    sold(quantity=2)
    sql("DELETE FROM sellers_hold")

    found, _refusal = refused_audit()

    assert "held: level 2, ledger 2, live holds 0" in found


def test_looks_at_one_account_when_asked() -> None:
    shelf()
    shelf("2002", slug="rival")
    sql("UPDATE sellers_stocklevel SET on_hand = 1 WHERE id = %s", shelf_of("2002").pk)

    assert "agree" in audit("--account", "acme")
    assert "rival: SKU 2002" in refused_audit("--account", "rival")[0]


def shelf_of(ref: str) -> StockLevel:
    return StockLevel.objects.get(sku__ref=ref)


def test_refuses_an_account_it_does_not_know() -> None:
    assert refused_audit("--account", "nobody")[1].returncode == 2


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.EXPIRED, Status.DELIVERED])
def test_finds_stock_held_for_an_order_that_is_over(status: Status) -> None:
    shelf()
    order = sold()
    Order.objects.filter(pk=order.pk).update(status=status)

    found, _refusal = refused_audit()

    assert found == (
        f"acme: SKU 1001 at sp: 2 held for {order.seller_order_id}, which is {status.value}\n"
    )


def test_finds_stock_held_for_no_order() -> None:
    shelf()
    order = sold()
    sql("UPDATE sellers_hold SET seller_order_id = 'R-GONE'")

    found, _refusal = refused_audit()

    assert "2 held for R-GONE, which does not exist" in found
    assert order.seller_order_id not in found


def test_finds_a_hold_that_ran_out_long_ago_and_leaves_a_fresh_one_alone() -> None:
    shelf()
    old, fresh = (sold(status=Status.RESERVED) for _each in range(2))
    for order, hours in ((old, 2), (fresh, 0)):
        expired_at = timezone.now() - timedelta(hours=hours, minutes=1)
        Hold.objects.filter(seller_order_id=order.seller_order_id).update(expires_at=expired_at)

    found, _refusal = refused_audit()

    assert f"2 held for {old.seller_order_id}, expired" in found
    assert fresh.seller_order_id not in found


def test_repairs_nothing_unless_asked_and_told_why() -> None:
    level = shelf()
    sql("UPDATE sellers_stocklevel SET on_hand = 8")

    refused_audit()
    _out, refusal = refused_audit("--repair", "--reason", " ")

    assert refusal.returncode == 2
    assert counters(level) == (8, 0)
    assert StockMovement.objects.count() == 1


def test_believes_the_ledger_about_units_on_hand_and_says_what_it_changed() -> None:
    level = shelf()
    sold(quantity=2)
    sql("UPDATE sellers_stocklevel SET on_hand = 8, held = 5")

    assert "repaired" in audit("--repair", "--reason", "edited by hand")

    assert counters(level) == (10, 2)
    row = StockMovement.objects.get(kind="correction")
    assert (row.on_hand_change, row.held_change) == (0, 0)
    assert row.note == "on hand 8 → 10, held 5 → 2: edited by hand"
    assert "agree" in audit()


def test_believes_the_level_about_units_on_hand_after_a_count() -> None:
    level = shelf()
    sql("UPDATE sellers_stocklevel SET on_hand = 8")

    audit("--repair", "--reason", "counted twice", "--trust", "level")

    assert counters(level) == (8, 0)
    row = StockMovement.objects.get(kind="correction")
    assert (row.on_hand_change, row.held_change, row.note) == (-2, 0, "counted twice")


def test_believes_the_level_when_the_ledger_never_saw_its_units_arrive() -> None:
    a_sku("1001", on_hand=100)
    sold(quantity=2)

    audit("--repair", "--reason", "taken over from the old system")

    assert counters(shelf_of("1001")) == (100, 2)
    assert StockMovement.objects.get(kind="correction").on_hand_change == 100


def test_believes_the_holds_about_held_units_and_mends_the_ledger() -> None:
    level = shelf()
    sold(quantity=2)
    sql("UPDATE sellers_hold SET quantity = 3")

    audit("--repair", "--reason", "holds are right")

    assert counters(level) == (10, 3)
    assert StockMovement.objects.get(kind="correction").held_change == 1
    assert "agree" in audit()


def test_lets_go_of_stray_and_untidy_holds_each_with_its_own_row() -> None:
    level = shelf()
    kept, cancelled, expired = (sold() for _each in range(3))
    Order.objects.filter(pk=cancelled.pk).update(status=Status.CANCELLED)
    long_ago = timezone.now() - timedelta(hours=2)
    Hold.objects.filter(seller_order_id=expired.seller_order_id).update(expires_at=long_ago)

    audit("--repair", "--reason", "left behind")

    assert counters(level) == (10, 2)
    rows = StockMovement.objects.filter(kind="correction").order_by("id")
    assert [(row.seller_order_id, row.held_change, row.note) for row in rows] == [
        (cancelled.seller_order_id, -2, "left behind"),
        (expired.seller_order_id, -2, "left behind"),
    ]
    live = Hold.objects.get(state=Hold.State.HELD)
    assert live.seller_order_id == kept.seller_order_id
    assert "agree" in audit()


def test_leaves_to_people_what_nothing_can_prove() -> None:
    level = shelf()
    sold(quantity=4)
    sql("UPDATE sellers_stocklevel SET on_hand = 5")
    sql("UPDATE sellers_hold SET quantity = 11")

    found, refusal = refused_audit("--repair", "--reason", "try")

    assert "11 units are promised to orders and 10 would be on hand" in found
    assert refusal.returncode == 1
    assert counters(level) == (5, 4)
    assert not StockMovement.objects.filter(kind="correction").exists()


def test_repairs_the_other_shelves_when_one_needs_a_person() -> None:
    shelf("1001")
    good = shelf("2002")
    sold(quantity=4)
    sql("UPDATE sellers_hold SET quantity = 11")
    sql("UPDATE sellers_stocklevel SET on_hand = 9 WHERE id = %s", good.pk)

    refused_audit("--repair", "--reason", "try")

    assert counters(good) == (10, 0)


def test_raises_one_alarm_keeps_it_current_and_lowers_it_by_itself(
    caplog: pytest.LogCaptureFixture,
) -> None:
    shelf()
    now = timezone.now()
    assert alarming.audit_stock(now=now) == 0
    sql("UPDATE sellers_stocklevel SET on_hand = 8")

    alarming.audit_stock(now=now + timedelta(hours=1))
    sql("UPDATE sellers_stocklevel SET on_hand = 7")
    alarming.audit_stock(now=now + timedelta(hours=2))

    alarm = StockAudit.objects.get()
    assert (alarm.found_at, alarm.last_seen_at) == (
        now + timedelta(hours=1),
        now + timedelta(hours=2),
    )
    assert alarm.differences == ["acme: SKU 1001 at sp: on hand: level 7, ledger 10"]
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 2

    sql("UPDATE sellers_stocklevel SET on_hand = 10")
    alarming.audit_stock(now=now + timedelta(hours=3))
    alarm.refresh_from_db()
    assert alarm.resolved_at == now + timedelta(hours=3)


def test_is_run_by_beat() -> None:
    shelf()
    sql("UPDATE sellers_stocklevel SET on_hand = 8")
    scheduled = settings.CELERY_BEAT_SCHEDULE["audit-stock"]["task"]

    current_app.loader.import_default_modules()
    current_app.tasks[scheduled].apply()

    assert StockAudit.objects.get().total == 1


def test_shows_the_alarm_to_managers_who_cannot_edit_it(client: Client) -> None:
    shelf()
    sql("UPDATE sellers_stocklevel SET on_hand = 8")
    alarming.audit_stock(now=timezone.now())
    alarm = StockAudit.objects.get()
    client.force_login(staff("mara", role="Manager"))

    page = client.get(f"/admin/sellers/stockaudit/{alarm.pk}/change/")

    assert "SKU 1001 at sp: on hand: level 8, ledger 10" in page.content.decode()
    assert client.post(f"/admin/sellers/stockaudit/{alarm.pk}/delete/").status_code == 403
    client.force_login(staff("wanda", role="Warehouse"))
    assert client.get("/admin/sellers/stockaudit/").status_code == 403
