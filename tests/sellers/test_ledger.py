"""The stock ledger is written once. Whoever tries to rewrite it is refused, by whichever door."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from sellers import stock
from sellers.models import StockMovement
from tests.builders import NOW, a_seller, a_sku, a_warehouse, staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def movement() -> StockMovement:
    with transaction.atomic():
        stock.correct(
            sku_id=a_sku(on_hand=0).pk,
            warehouse_id=a_warehouse(account=a_seller()).pk,
            on_hand_change=5,
            reason="found behind the shelf",
            cause="correction/1",
            now=NOW,
            actor=None,
        )
    return StockMovement.objects.get()


def _sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _save(movement: StockMovement) -> None:
    movement.on_hand_change = 6
    movement.save()


@pytest.mark.parametrize(
    "attack",
    [
        _save,
        lambda movement: movement.delete(),
        lambda _movement: StockMovement.objects.update(note="nothing happened"),
        lambda _movement: StockMovement.objects.all().delete(),
        lambda _movement: _sql("UPDATE sellers_stockmovement SET on_hand_change = 0"),
        lambda _movement: _sql("DELETE FROM sellers_stockmovement"),
        lambda _movement: _sql(
            "INSERT INTO sellers_stockmovement SELECT * FROM sellers_stockmovement "
            "ON CONFLICT (id) DO UPDATE SET note = 'other'"
        ),
    ],
    ids=["save", "delete", "update-all", "delete-all", "sql-update", "sql-delete", "sql-upsert"],
)
def test_refuses_to_be_changed(
    movement: StockMovement, attack: Callable[[StockMovement], object]
) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        attack(StockMovement.objects.get())

    after = StockMovement.objects.get()
    assert (after.on_hand_change, after.note) == (5, "found behind the shelf")


def test_offers_administrators_no_way_to_change_it(movement: StockMovement, client: Client) -> None:
    client.force_login(staff("root", role="Administrator", is_superuser=True))
    page = f"/admin/sellers/stockmovement/{movement.pk}"

    answers = [
        client.post(f"{page}/change/", {"note": "other"}),
        client.post(f"{page}/delete/", {"post": "yes"}),
        client.post("/admin/sellers/stockmovement/add/", {"kind": "count"}),
    ]

    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert client.get(f"{page}/change/").status_code == 200
    assert StockMovement.objects.get().note == "found behind the shelf"


def test_takes_the_same_cause_for_the_same_shelf_once(movement: StockMovement) -> None:
    again = StockMovement(
        level=movement.level, kind=movement.kind, cause=movement.cause, on_hand_change=5, at=NOW
    )
    with pytest.raises(DatabaseError, match="one_movement_per_cause"), transaction.atomic():
        again.save()

    assert StockMovement.objects.count() == 1
