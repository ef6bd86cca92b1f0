"""A shopper's data can be found, shown to them and erased; the order's own story stays."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from celery import current_app
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils import timezone

from orders.erasing import erase_personal_data
from orders.models import Order, OrderEvent, PersonalData
from orders.states import CLOSED, Status
from sellers.errors import Conflict
from tests.builders import NOW, a_placement, a_seller, an_order, staff

pytestmark = pytest.mark.django_db

EMAIL = "7c12b-ana@ct.vtex.com.br"
CPF = "529.982.247-25"
SECRETS = (EMAIL, CPF, "Filomena", "Avenida Paulista", "01310-100", "4111", "11 98765-4321")


def bought(status: Status = Status.DELIVERED, **facts: Any) -> Order:
    """An order full of a shopper's data, wherever such data may come to lie."""
    when = facts.pop("when", NOW)
    order = an_order(
        status=status,
        ship_postal_code="01310-100",
        cancel_reason=f"write to {EMAIL}",
        placed_at=when,
        **facts,
    )
    profile = {"email": EMAIL, "firstName": "Filomena", "document": CPF, "phone": "11 98765-4321"}
    document = a_placement(order_id=order.marketplace_order_id, clientProfileData=profile)
    PersonalData.objects.filter(order=order).update(
        document=document,
        answer=json.dumps([document]),
        payment={"cards": [{"holder": "Filomena", "last": "4111"}]},
        cancellation={"reason": f"Filomena, {CPF}"},
        receiver="Filomena Quintanilha",
    )
    order.timeline.create(
        at=NOW, kind="status", code="cancel-asked", facts={"reason": f"call {CPF}", "state": "x"}
    )
    OrderEvent.objects.create(
        account=order.account,
        marketplace_order_id=order.marketplace_order_id,
        state="invoiced",
        document={"OrderId": order.marketplace_order_id, "State": "invoiced", "who": EMAIL},
        received_at=NOW,
    )
    return order


def kept(order: Order) -> str:
    """Every value the database holds about an order, as text."""
    order = Order.objects.get(pk=order.pk)
    events = OrderEvent.objects.filter(marketplace_order_id=order.marketplace_order_id)
    rows = [
        *Order.objects.filter(pk=order.pk).values(),
        *PersonalData.objects.filter(order=order).values(),
        *order.timeline.values(),
        *events.values(),
    ]
    return json.dumps(rows, default=str, ensure_ascii=False)


def run(command: str, *arguments: str) -> str:
    out = StringIO()
    call_command(command, *arguments, stdout=out)
    return out.getvalue()


def erase(*arguments: str) -> str:
    return run("erase_personal_data", *arguments)


def test_erases_everything_about_the_shopper_and_keeps_the_order() -> None:
    order = bought()
    assert all(secret in kept(order) for secret in SECRETS)
    ana = staff("ana", role="Administrator")

    assert erase_personal_data(order=order, now=NOW, actor=ana)

    assert [secret for secret in SECRETS if secret in kept(order)] == []
    after = Order.objects.get(pk=order.pk)
    assert (after.status, after.ship_city, after.payment_value_cents) == (
        Status.DELIVERED,
        "São Paulo",
        order.payment_value_cents,
    )
    assert after.lines.count() == 1
    note = after.timeline.get(code="personal-data-erased")
    assert (note.actor, note.facts) == (ana, {})
    assert after.personal.erased_at == NOW
    assert after.timeline.get(code="cancel-asked").facts["state"] == "x"
    assert OrderEvent.objects.get().document["State"] == "invoiced"


def test_erases_once() -> None:
    order = bought()
    erase_personal_data(order=order, now=NOW, actor=None)

    assert not erase_personal_data(order=order, now=NOW + timedelta(days=1), actor=None)

    assert order.timeline.filter(code="personal-data-erased").count() == 1
    assert PersonalData.objects.get(order=order).erased_at == NOW


@pytest.mark.parametrize(
    "status", [status for status in Status if status not in (*CLOSED, Status.EXPIRED)]
)
def test_refuses_while_a_parcel_needs_the_address(status: Status) -> None:
    order = bought(status)
    before = kept(order)

    with pytest.raises(Conflict, match="its parcel needs an address"):
        erase_personal_data(order=order, now=NOW, actor=None)

    assert kept(order) == before


def test_waits_for_a_late_payment_before_erasing_an_expired_reservation() -> None:
    order = bought(Status.EXPIRED, hold_expires_at=NOW)

    with pytest.raises(Conflict):
        erase_personal_data(order=order, now=NOW + timedelta(days=29), actor=None)

    assert erase_personal_data(order=order, now=NOW + timedelta(days=30), actor=None)


@pytest.mark.parametrize("given", [EMAIL, EMAIL.upper(), f" {EMAIL} "])
def test_finds_a_shopper_by_address_in_every_account(given: str) -> None:
    ours, theirs = bought(), bought(account=a_seller("rival"))
    other = an_order(status=Status.DELIVERED)

    said = erase("--email", given)

    assert said == "".join(
        f"{order.seller_order_id} {order.marketplace_order_id}: erased\n"
        for order in (ours, theirs)
    )
    assert PersonalData.objects.get(order=other).erased_at is None


@pytest.mark.parametrize("given", [CPF, "52998224725", " 529 982 247 25"])
def test_finds_a_shopper_by_document_however_it_is_written(given: str) -> None:
    order = bought()

    assert order.seller_order_id in erase("--document", given)


def test_does_not_take_a_part_of_an_address_for_the_address() -> None:
    order = bought()

    for near in ("ana@ct.vtex.com.br", EMAIL + ".br", "%", '"'):
        with pytest.raises(CommandError) as refusal:
            erase("--email", near)
        assert refusal.value.returncode == 2
        assert near not in str(refusal.value)

    assert PersonalData.objects.get(order=order).erased_at is None


@pytest.mark.parametrize("name", ["seller_order_id", "marketplace_order_id"])
def test_finds_an_order_by_either_id(name: str) -> None:
    order = bought()

    assert erase("--order", getattr(order, name)).endswith(": erased\n")


def test_erases_what_it_may_and_names_what_is_left() -> None:
    bought()
    waiting = bought(Status.AUTHORIZED)
    out = StringIO()

    with pytest.raises(CommandError) as refusal:
        call_command("erase_personal_data", "--email", EMAIL, stdout=out)

    assert refusal.value.returncode == 1
    assert f"{waiting.seller_order_id} {waiting.marketplace_order_id}: left, still open" in (
        out.getvalue()
    )
    assert ": erased" in out.getvalue()
    assert EMAIL not in out.getvalue()


def test_exports_what_is_held_about_a_shopper() -> None:
    order = bought()
    an_order(status=Status.DELIVERED)

    (row,) = json.loads(run("export_personal_data", "--email", EMAIL))

    assert row["orderId"] == order.seller_order_id
    assert row["placed"]["clientProfileData"]["document"] == CPF
    assert row["payment"]["cards"][0]["last"] == "4111"
    assert row["shippedTo"]["city"] == "São Paulo"
    assert row["erasedAt"] is None


def test_exports_that_an_order_was_erased() -> None:
    order = bought()
    erase("--order", order.seller_order_id)

    (row,) = json.loads(run("export_personal_data", "--order", order.seller_order_id))

    assert row["placed"] is None and row["receiver"] == ""
    assert row["erasedAt"]


def test_erases_what_was_kept_too_long_and_nothing_else() -> None:
    now = timezone.now()
    old = bought(when=now - timedelta(days=100), delivered_at=now - timedelta(days=91))
    fresh = bought(when=now - timedelta(days=100), delivered_at=now - timedelta(days=89))
    under_way = bought(Status.SHIPPED, when=now - timedelta(days=100))

    said = erase("--older-than", "90")

    assert said == f"{old.seller_order_id} {old.marketplace_order_id}: erased\n"
    for order in (fresh, under_way):
        assert EMAIL in kept(order)


def test_keeps_everything_unless_a_number_of_days_is_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order = bought(when=timezone.now() - timedelta(days=4000))
    current_app.loader.import_default_modules()
    task = current_app.tasks[settings.CELERY_BEAT_SCHEDULE["erase-old-personal-data"]["task"]]

    task.apply()
    assert EMAIL in kept(order)

    monkeypatch.setattr(settings, "PERSONAL_DATA_DAYS", 365)
    task.apply()
    assert EMAIL not in kept(order)
