"""Packages leave with a carrier: scanned, closed, told the marketplace once there is a number."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from invoicing import packing, tracking
from invoicing.models import Carrier, Manifest, ManifestEntry, Package, Print
from jobs.running import run_due
from orders.models import Order
from orders.states import Status
from sellers.errors import Conflict
from sellers.models import OutboxMessage, User
from tests.builders import Line, an_order, staff
from tests.invoicing.paper import pages
from tests.jobs.conftest import Clock

pytestmark = pytest.mark.django_db
NUMBER, OTHER_NUMBER = "AA123456785BR", "AA000000014BR"


@pytest.fixture(autouse=True)
def _media(tmp_path, settings):
    settings.MEDIA_ROOT = str(tmp_path)


@pytest.fixture
def packer(client: Client) -> Client:
    client.force_login(staff("ana"))
    return client


@pytest.fixture
def correios(packer: Client) -> Manifest:
    """The postal service's open manifest."""
    return a_manifest(packer, "Correios")


def a_manifest(packer: Client, name: str, **facts) -> Manifest:
    carrier = Carrier.objects.get_or_create(name=name, defaults=facts)[0]
    packer.post(reverse("admin:manifest_desk"), {"carrier": carrier.pk})
    return Manifest.objects.get(carrier=carrier, status="open")


def packed(boxes: int = 1, *, units: int = 0) -> Order:
    now = timezone.now()
    order = an_order(Line(quantity=units or boxes), now=now)
    for _box in range(boxes):
        package = packing.open_package(order=order, now=now, actor=None)
        packing.put(package=package, line=order.lines.get(), quantity=1, now=now, actor=None)
        packing.close(package=package, now=now, actor=None)
    order.refresh_from_db()
    return order


def code(order: Order, number: int = 1) -> str:
    return f"{order.seller_order_id}-{number}"


def act(packer: Client, manifest: Manifest, action: str, **fields) -> dict[str, Any]:
    address = reverse("admin:manifest_gesture", args=[manifest.pk])
    sent = {"action": action, "gesture": uuid4().hex} | fields
    response = packer.post(address, sent, headers={"X-Requested-With": "fetch"})
    assert response.status_code == 200
    answer: dict[str, Any] = response.json()
    return answer


def scan(packer: Client, manifest: Manifest, text: str, **fields) -> dict[str, Any]:
    return act(packer, manifest, "scan", code=text, **fields)


def close(packer: Client, manifest: Manifest) -> dict[str, Any]:
    answer = act(packer, manifest, "close")
    run_due(clock=Clock(timezone.now()), seconds=60)
    return answer


def told() -> list[tuple[str, str]]:
    """Orders and numbers of the tracking messages that are owed."""
    return [
        (message.subject, message.body.partition('"trackingNumber":"')[2].partition('"')[0])
        for message in OutboxMessage.objects.filter(kind="tracking").order_by("id")
    ]


# --- scanning


def test_a_carrier_has_one_open_manifest(packer: Client, correios: Manifest):
    assert a_manifest(packer, "Correios") == correios
    assert a_manifest(packer, "Rápido Aurora") != correios


def test_a_package_is_put_on_board_by_its_label(packer: Client, correios: Manifest):
    order = packed(2)
    answer = scan(packer, correios, code(order, 2))
    assert (answer["tone"], answer["text"]) == ("right", f"1 on board: {code(order, 2)}")
    assert ManifestEntry.objects.get().package.number == 2


@pytest.mark.parametrize("by", ["order", "invoice"])
def test_or_by_any_other_id_that_means_one_package(packer: Client, correios: Manifest, by: str):
    order = packed(1)
    text = order.marketplace_order_id if by == "order" else order.invoices.get().number
    assert scan(packer, correios, text)["tone"] == "right"


def test_an_order_of_several_packages_is_scanned_label_by_label(packer: Client, correios: Manifest):
    order = packed(2)
    answer = scan(packer, correios, order.marketplace_order_id)
    assert answer["refused"] and "scan the label of each" in answer["text"]
    scan(packer, correios, code(order, 1))
    assert scan(packer, correios, order.marketplace_order_id)["tone"] == "right"
    assert ManifestEntry.objects.count() == 2


def test_the_same_gesture_sent_twice_counts_once(packer: Client, correios: Manifest):
    order = packed(1)
    first = scan(packer, correios, code(order), gesture="a" * 32)
    again = scan(packer, correios, code(order), gesture="a" * 32)
    assert (first["tone"], again["tone"]) == ("right", "right")
    assert ManifestEntry.objects.count() == 1


def _twice(packer: Client, manifest: Manifest, order: Order) -> str:
    scan(packer, manifest, code(order))
    return code(order)


def _elsewhere(packer: Client, manifest: Manifest, order: Order) -> str:
    scan(packer, a_manifest(packer, "Rápido Aurora"), code(order))
    return code(order)


def _cancelled(packer: Client, manifest: Manifest, order: Order) -> str:
    Order.objects.update(status=Status.CANCELLED)
    return code(order)


def _of_another_carrier(packer: Client, manifest: Manifest, order: Order) -> str:
    Package.objects.update(courier="Rápido Aurora")
    return code(order)


def _still_open(packer: Client, manifest: Manifest, order: Order) -> str:
    other = an_order(Line())
    packing.open_package(order=other, now=timezone.now(), actor=None)
    return code(other)


def _nothing(packer: Client, manifest: Manifest, order: Order) -> str:
    return "7891234567895"


@pytest.mark.parametrize(
    ("prepare", "tone", "said"),
    [
        (_twice, "many", "is on board already"),
        (_elsewhere, "wrong", "of Rápido Aurora"),
        (_cancelled, "wrong", "must not leave: cancelled"),
        (_of_another_carrier, "wrong", "goes with Rápido Aurora, not here"),
        (_still_open, "wrong", "is not closed"),
        (_nothing, "wrong", "is no package of ours"),
    ],
)
def test_refuses_what_must_not_leave_with_this_carrier(
    packer: Client, correios: Manifest, prepare, tone: str, said: str
):
    text = prepare(packer, correios, packed(1))
    before = list(ManifestEntry.objects.values_list("manifest", "package"))
    answer = scan(packer, correios, text)
    assert (answer["tone"], answer["refused"]) == (tone, True)
    assert said in answer["text"]
    assert list(ManifestEntry.objects.values_list("manifest", "package")) == before


def test_the_carriers_label_scanned_next_is_the_tracking_number(packer: Client, correios: Manifest):
    one, two = packed(1), packed(1)
    scan(packer, correios, code(one))
    assert scan(packer, correios, "aa 123 456 785 br")["tone"] == "right"
    scan(packer, correios, code(two))
    assert scan(packer, correios, "AA123456784BR")["refused"]  # its check digit is wrong
    numbers = ManifestEntry.objects.order_by("id").values_list("tracking_number", flat=True)
    assert list(numbers) == [NUMBER, ""]


def test_a_second_number_for_one_package_is_an_alarm(packer: Client, correios: Manifest):
    scan(packer, correios, code(packed(1)))
    scan(packer, correios, NUMBER)
    assert scan(packer, correios, NUMBER)["tone"] == "right"
    answer = scan(packer, correios, OTHER_NUMBER)
    assert answer["tone"] == "many"
    assert ManifestEntry.objects.get().tracking_number == NUMBER


def test_a_carrier_whose_numbers_look_like_anything_takes_none_by_scan(packer: Client):
    manifest = a_manifest(packer, "Rápido Aurora")
    scan(packer, manifest, code(packed(1)))
    assert scan(packer, manifest, "7891234567895")["refused"]


def test_takes_off_again_what_was_scanned_last_or_any_other(packer: Client, correios: Manifest):
    one, two = packed(1), packed(1)
    scan(packer, correios, code(one))
    scan(packer, correios, code(two))
    first = ManifestEntry.objects.earliest("id")
    assert act(packer, correios, "undo")["text"] == f"Taken off: {code(two)}"
    assert act(packer, correios, "off", entry=str(first.pk))["text"] == f"Taken off: {code(one)}"
    assert act(packer, correios, "off", entry=str(first.pk))["text"] == "It was taken off already."
    assert not ManifestEntry.objects.exists()


# --- closing


def test_closing_hands_everything_over_and_tells_what_has_a_number(
    packer: Client, correios: Manifest
):
    numbered, bare = packed(1), packed(1)
    scan(packer, correios, code(numbered))
    scan(packer, correios, NUMBER)
    scan(packer, correios, code(bare))
    assert close(packer, correios)["tone"] == "done"
    correios.refresh_from_db()
    for order in (numbered, bare):
        order.refresh_from_db()
        package = order.packages.get()
        assert (order.status, package.courier) == (Status.SHIPPED, "Correios")
        assert package.dispatched_at == correios.closed_at
    assert told() == [(numbered.marketplace_order_id, NUMBER)]
    assert numbered.packages.get().tracking_url.endswith(NUMBER)


def test_a_number_that_comes_later_is_told_then_and_the_moment_stays(
    packer: Client, correios: Manifest
):
    order = packed(1)
    scan(packer, correios, code(order))
    close(packer, correios)
    package = order.packages.get()
    assert told() == []
    now = timezone.now()
    tracking.enter_tracking(
        package=package,
        courier="Correios",
        number=NUMBER,
        url="",
        dispatched_on=timezone.localdate(package.dispatched_at, order.account.zone),
        now=now,
        actor=None,
    )
    assert told() == [(order.marketplace_order_id, NUMBER)]
    assert order.packages.get().dispatched_at == package.dispatched_at


def test_what_was_told_before_is_not_told_again(packer: Client, correios: Manifest):
    order, now = packed(1), timezone.now()
    tracking.enter_tracking(
        package=order.packages.get(),
        courier="Correios",
        number=NUMBER,
        url="",
        dispatched_on=timezone.localdate(now, order.account.zone),
        now=now,
        actor=None,
    )
    scan(packer, correios, code(order))
    close(packer, correios)
    assert told() == [(order.marketplace_order_id, NUMBER)]


def test_part_of_an_order_leaves_and_the_order_goes_on(packer: Client, correios: Manifest):
    order = packed(1, units=2)
    scan(packer, correios, code(order))
    close(packer, correios)
    order.refresh_from_db()
    assert order.status == Status.HANDLING
    assert order.packages.get().dispatched_at is not None


def test_an_empty_manifest_is_not_closed(packer: Client, correios: Manifest):
    assert act(packer, correios, "close")["refused"]
    correios.refresh_from_db()
    assert correios.status == "open"


def test_nothing_comes_on_board_or_off_once_the_van_has_left(packer: Client, correios: Manifest):
    scan(packer, correios, code(packed(1)))
    entry = ManifestEntry.objects.get()
    close(packer, correios)
    answer = scan(packer, correios, code(packed(1)))
    assert answer["refused"] and answer["closed"] and "has left" in answer["text"]
    assert act(packer, correios, "off", entry=str(entry.pk))["refused"]
    assert close(packer, correios)["tone"] == "done"  # twice is once
    assert ManifestEntry.objects.count() == 1
    assert a_manifest(packer, "Correios") != correios


def test_a_package_on_a_manifest_is_not_opened_again(packer: Client, correios: Manifest):
    order = packed(1)
    scan(packer, correios, code(order))
    with pytest.raises(Conflict) as refusal:
        packing.reopen(package=order.packages.get(), now=timezone.now(), actor=None)
    assert refusal.value.code == "on-manifest"


# --- the screen and its paper


def test_the_paper_has_every_package_and_nobodys_name(packer: Client, correios: Manifest):
    orders = [packed(1) for _n in range(3)]
    for order in orders:
        scan(packer, correios, code(order))
    close(packer, correios)
    response = packer.post(reverse("admin:manifest_print", args=[correios.pk]), {"form": "pdf"})
    text = "\n".join(pages(response.content))
    shown = packer.get(reverse("admin:manifest_paper", args=[correios.pk])).content.decode()
    for page in (text, shown):
        assert all(code(order) in page for order in orders)
        assert "3 packages of 3 orders" in page
    assert response["Content-Type"] == "application/pdf"


def test_its_prints_are_counted(packer: Client, correios: Manifest):
    for form in ("pdf", "html"):
        packer.post(reverse("admin:manifest_print", args=[correios.pk]), {"form": form})
    rows = Print.objects.order_by("id").values_list("kind", "form", "subject", "copy")
    subject = f"manifest/{correios.pk}"
    assert list(rows) == [("manifest", "pdf", subject, 1), ("manifest", "html", subject, 2)]


def test_works_without_a_script(packer: Client, correios: Manifest):
    order = packed(1)
    address = reverse("admin:manifest_gesture", args=[correios.pk])
    for action, more in (("scan", {"code": code(order)}), ("close", {})):
        fields = {"action": action, "gesture": uuid4().hex} | more
        page = packer.post(address, fields, follow=True)
        assert page.status_code == 200
    assert "is closed: print it" in page.content.decode()


def test_only_who_packs_hands_over(client: Client):
    client.force_login(User.objects.create_user("ben", is_staff=True))
    manifest = Manifest.objects.create(carrier=Carrier.objects.get(), opened_at=timezone.now())
    for name in ("page", "state", "paper"):
        assert client.get(reverse(f"admin:manifest_{name}", args=[manifest.pk])).status_code == 403
    for name in ("gesture", "print"):
        assert client.post(reverse(f"admin:manifest_{name}", args=[manifest.pk])).status_code == 403
    assert client.get(reverse("admin:manifest_desk")).status_code == 403


def test_more_packages_take_no_more_queries(
    packer: Client, correios: Manifest, django_assert_max_num_queries
):
    for _n in range(3):
        scan(packer, correios, code(packed(1)))
    with django_assert_max_num_queries(10):
        packer.get(reverse("admin:manifest_page", args=[correios.pk]))
