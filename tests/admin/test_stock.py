"""Stock moves by counts and corrections, with the ledger; nobody types over a number."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from sellers.models import Hold, StockLevel, StockMovement
from tests.builders import Line, a_sku, an_order
from tests.orders.conftest import fill


@pytest.fixture
def level(db: None) -> StockLevel:
    return a_sku("1001", on_hand=10).levels.get()


def _do(client: Client, action: str, level: StockLevel, **values: object) -> int:
    url = reverse(f"admin:sellers_stocklevel_{action}", args=[level.pk])
    form = {"_form_submitted": "on", "key": "once", **values}
    return client.post(url, form).status_code


def test_a_count_sets_what_lies_there(level, manager: Client):
    _do(manager, "count", level, counted=7)
    level.refresh_from_db()
    movement = StockMovement.objects.get(kind="count")
    assert (level.on_hand, movement.on_hand_change) == (7, -3)
    assert str(movement.actor) == "manager"


def test_a_count_below_what_is_promised_is_refused_in_words(level, manager: Client):
    an_order()
    StockLevel.objects.update(held=1)
    _do(manager, "count", level, counted=0)
    level.refresh_from_db()
    assert level.on_hand == 10
    page = reverse("admin:sellers_stocklevel_change", args=[level.pk])
    assert "promised to orders" in manager.get(page).content.decode()


def test_a_correction_needs_a_reason_and_keeps_it(level, manager: Client):
    _do(manager, "correct", level, change=-2, reason="")
    assert not StockMovement.objects.filter(kind="correction").exists()
    _do(manager, "correct", level, change=-2, reason="broken in the rack")
    level.refresh_from_db()
    assert level.on_hand == 8
    assert StockMovement.objects.get(kind="correction").note == "broken in the rack"


def test_a_form_sent_twice_counts_once(level, manager: Client):
    for _time in range(2):
        _do(manager, "correct", level, change=5, reason="found")
    level.refresh_from_db()
    assert level.on_hand == 15


def test_the_warehouse_may_look_and_not_correct(level, warehouse: Client):
    assert _do(warehouse, "correct", level, change=5, reason="found") == 403
    level.refresh_from_db()
    assert level.on_hand == 10


def test_the_ledger_has_no_way_to_change_it(level, manager: Client, administrator: Client):
    _do(manager, "count", level, counted=7)
    movement = StockMovement.objects.get()
    for client in (manager, administrator):
        for name in ("change", "delete"):
            url = reverse(f"admin:sellers_stockmovement_{name}", args=[movement.pk])
            assert client.post(url, {"note": "x", "post": "yes"}).status_code == 403
        assert client.get(reverse("admin:sellers_stockmovement_add")).status_code == 403
    assert StockMovement.objects.get().note == ""


def test_the_ledger_is_found_by_sku_order_and_level(level, manager: Client):
    order = an_order()
    _do(manager, "count", level, counted=7)
    url = reverse("admin:sellers_stockmovement_changelist")
    found = {
        query: len(manager.get(f"{url}?{query}").context["cl"].result_list)
        for query in ("q=10", f"q={order.seller_order_id}", "q=none", f"level={level.pk}")
    }
    assert found == {
        "q=10": 2,
        f"q={order.seller_order_id}": 1,
        "q=none": 0,
        f"level={level.pk}": 2,
    }
    assert len(manager.get(f"{url}?kind__exact=count").context["cl"].result_list) == 1


def test_a_correction_of_nothing_is_refused_in_the_dialog(level, manager: Client):
    before = list(StockMovement.objects.values())
    url = reverse("admin:sellers_stocklevel_correct", args=[level.pk])
    form = {"_form_submitted": "on", "key": "once", "change": 0, "reason": "a try"}
    answer = manager.post(url, form)
    assert "add or to take away: not 0" in answer.content.decode()
    assert "HX-Redirect" not in answer
    assert list(StockMovement.objects.values()) == before


# Every number leads to what it is made of


def sums(client: Client, url: str) -> list[tuple[str, str]]:
    """Each sum of rows beside the shelf's own number."""
    page = client.get(url).content.decode()
    numbers = re.findall(r"<dd>\s*(\d+)\s*</dd>", page)
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def test_the_ledger_and_the_holds_of_a_shelf_add_up_to_its_numbers(
    level: StockLevel, manager: Client
) -> None:
    StockLevel.objects.update(on_hand=0)
    fill("1001", 10, safety=1)
    an_order(Line("1001", 3))
    an_order(Line("1001", 2))
    _do(manager, "count", level, counted=9)
    _do(manager, "correct", level, change=2, reason="found", key="other")
    page = manager.get(reverse("admin:sellers_stocklevel_change", args=[level.pk]))
    links = re.findall(
        r'<dd><a class="text-link" href="([^"]+)">(\d+)</a></dd>', page.content.decode()
    )
    assert [number for _link, number in links] == ["11", "5"]
    ledger, holds = (unescape(link) for link, _number in links)
    assert sums(manager, ledger) == [("11", "11"), ("5", "5")]
    assert sums(manager, holds) == [("5", "5")]
    assert "= available</dt><dd>5</dd>" in page.content.decode()


def test_a_hold_that_ran_out_is_given_back_in_the_sum(level: StockLevel, manager: Client) -> None:
    order = an_order(Line("1001", 4))
    past = timezone.now() - timedelta(minutes=1)
    Hold.objects.filter(seller_order_id=order.seller_order_id).update(expires_at=past)
    page = manager.get(reverse("admin:sellers_stocklevel_change", args=[level.pk]))
    text = page.content.decode()
    assert "held, but expired</dt><dd>4</dd>" in text
    assert "= available</dt><dd>10</dd>" in text


def test_a_ledger_that_does_not_add_up_says_so(level: StockLevel, manager: Client) -> None:
    url = f"{reverse('admin:sellers_stockmovement_changelist')}?level={level.pk}"
    assert "the shelf says something else" in manager.get(url).content.decode()


def test_the_warehouse_sees_numbers_that_lead_nowhere(level: StockLevel, warehouse: Client) -> None:
    page = warehouse.get(reverse("admin:sellers_stocklevel_change", args=[level.pk]))
    text = page.content.decode()
    assert "<dd>10</dd>" in text and "stockmovement" not in text
    assert "Count this shelf by scanning" in text
    assert (
        "stockmovement"
        not in warehouse.get(reverse("admin:sellers_stocklevel_changelist")).content.decode()
    )


@pytest.mark.parametrize("level_id", ["x", "", "9" * 30, "0"])
def test_a_shelf_nobody_knows_shows_the_list_alone(manager: Client, level_id: str) -> None:
    url = reverse("admin:sellers_stockmovement_changelist")
    assert manager.get(url, {"level": level_id}).status_code in (200, 302)
