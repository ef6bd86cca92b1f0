"""The list of orders, the search box, the page of one order."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from invoicing import returning
from invoicing.models import Invoice, Package
from invoicing.returning import Arrived
from orders.flagging import raise_to_staff
from orders.models import Order, OrderEvent
from orders.states import Status
from sellers.models import OutboxMessage, ShippingPolicy, StaffDecision, User
from tests.builders import a_seller, an_order
from tests.reporting.books import packed

LIST = "/admin/orders/order/"


def _shown(client: Client, query: str = "") -> list[Order]:
    return list(client.get(f"{LIST}{query}").context["cl"].result_list)


@pytest.mark.parametrize(
    "given",
    [
        lambda order: order.seller_order_id,
        lambda order: order.seller_order_id.lower()[:6],
        lambda order: order.marketplace_order_id[:-3],
        lambda order: "GROUP-7",
        lambda order: "NF-77",
        lambda order: "BR123",
        lambda order: "1001",
        lambda order: "7891000100103",
    ],
    ids=["ours", "ours, small", "marketplace", "group", "invoice", "tracking", "sku", "ean"],
)
def test_finds_an_order_by_any_id(given, scene: Order, manager: Client):
    Order.objects.filter(pk=scene.pk).update(marketplace_order_group="GROUP-77")
    Package.objects.update(tracking_number="BR123456")
    an_order(account=a_seller("rival"))
    scene.refresh_from_db()
    assert scene in _shown(manager, f"?q={given(scene)}")
    assert _shown(manager, "?q=ZZZ-nothing") == []


def test_begins_with_open_work_soonest_due_first(manager: Client):
    now = timezone.now()
    later = an_order(due_at=now + timedelta(hours=9))
    sooner = an_order(due_at=now - timedelta(hours=1), status=Status.HANDLING)
    closed = an_order(status=Status.CANCELLED)
    assert _shown(manager) == [sooner, later]
    assert _shown(manager, "?work=closed") == [closed]
    assert _shown(manager, "?work=all") == [closed, sooner, later]
    assert _shown(manager, "?due=late") == [sooner]


def test_due_today_is_the_day_of_the_account(manager: Client):
    here = a_seller(timezone="America/Sao_Paulo")
    midnight = timezone.localtime(timezone.now(), here.zone).replace(hour=0, minute=0, second=0)
    last = an_order(due_at=midnight + timedelta(hours=23, minutes=59))
    an_order(due_at=midnight + timedelta(hours=24, minutes=1))
    assert _shown(manager, "?due=today") == [last]


def test_shows_orders_of_one_account_only_when_asked(manager: Client):
    ours, theirs = an_order(), an_order(account=a_seller("rival"))
    assert _shown(manager, f"?account={theirs.account_id}") == [theirs]
    assert ours not in _shown(manager, f"?account={theirs.account_id}")


def test_ignores_a_filter_nobody_offers(manager: Client):
    order = an_order()
    assert _shown(manager, "?work=rubbish&account=x&due=never") == [order]


def test_money_strip_adds_up_in_cents(scene: Order, manager: Client):
    Invoice.objects.update(voided_at=None)
    page = manager.get(reverse("admin:orders_order_change", args=[scene.pk]))
    strip = {fact.label: fact.value for fact in page.context["page"].money}
    # 2 × 12345 + 6789 = 31479; one package invoiced at 12345.
    assert strip["Order total"] == "R$ 314,79"
    assert strip["Invoiced"] == "R$ 123,45"
    assert strip["Remaining"] == "R$ 191,34"


def test_a_voided_invoice_is_not_counted(scene: Order, manager: Client):
    Invoice.objects.update(voided_at=timezone.now())
    page = manager.get(reverse("admin:orders_order_change", args=[scene.pk]))
    strip = {fact.label: fact.value for fact in page.context["page"].money}
    assert strip["Remaining"] == strip["Order total"]
    assert vars(_shown(manager, "?work=all")[0])["invoice_count"] == 0


def test_tells_the_fate_of_each_invoice_and_where_stock_is_held(scene: Order, manager: Client):
    page = manager.get(reverse("admin:orders_order_change", args=[scene.pk])).context["page"]
    (parcel,) = page.parcels
    (paper,) = parcel.invoices
    assert (paper.number, paper.fate) == ("NF-77", "✕ refused by the marketplace")
    assert page.lines[0].holds == ["held: 2 in SP, the order is paid"]
    assert (page.lines[0].packed, page.lines[0].quantity) == (1, 2)


def test_a_warehouse_sees_the_order_without_people_money_and_story(scene: Order, warehouse: Client):
    page = warehouse.get(reverse("admin:orders_order_change", args=[scene.pk])).context["page"]
    assert (page.money, page.shopper, page.story) == ([], [], [])
    assert page.lines[0].total == "" and page.parcels[0].invoices[0].value == ""
    assert page.packing_link == reverse("admin:packing_order", args=[scene.seller_order_id])


def test_erased_personal_data_leaves_a_page_that_says_so(scene: Order, manager: Client):
    scene.personal.delete()
    text = manager.get(reverse("admin:orders_order_change", args=[scene.pk])).content.decode()
    assert "No personal data is kept" in text


@pytest.mark.parametrize("document", [None, [], "text", {"clientProfileData": 3}])
def test_an_odd_document_does_not_break_the_page(document, scene: Order, manager: Client):
    scene.personal.document = document
    scene.personal.save()
    page = reverse("admin:orders_order_change", args=[scene.pk])
    assert manager.get(page).status_code == 200


def test_walks_to_the_neighbouring_orders(manager: Client):
    first, second, third = an_order(), an_order(), an_order()
    page = manager.get(reverse("admin:orders_order_change", args=[second.pk])).context["page"]
    assert page.previous_link == reverse("admin:orders_order_change", args=[third.pk])
    assert page.next_link == reverse("admin:orders_order_change", args=[first.pk])


def test_the_list_of_what_needs_a_look_says_why(scene: Order, manager: Client):
    raise_to_staff(scene, code="replaced", now=timezone.now())
    text = manager.get(f"{LIST}?work=look").content.decode()
    assert "Another order took its place at the marketplace" in text
    assert "took its place" not in manager.get(f"{LIST}?work=all").content.decode()


@pytest.mark.parametrize("status", [Status.RESERVED, Status.CANCELLED, Status.CANCEL_REQUESTED])
def test_packing_is_no_first_choice_when_there_is_nothing_to_pack(status, manager: Client):
    order = an_order(status=status)
    page = manager.get(reverse("admin:orders_order_change", args=[order.pk]))
    assert not page.context["page"].is_to_pack
    assert "portal-second" in page.content.decode()


def test_a_cancellation_that_waits_is_answered_on_the_page_itself(manager: Client):
    order = an_order(status=Status.CANCEL_REQUESTED)
    page = manager.get(reverse("admin:orders_order_change", args=[order.pk]))
    titles = [str(action["title"]) for action in page.context["decisions"]]
    assert titles == ["Accept the cancellation", "Refuse the cancellation"]
    assert not {"Accept the cancellation"} & {
        str(action["title"]) for action in page.context["actions_detail"]
    }


def test_tells_the_marketplaces_status_in_words_beside_its_code(scene: Order, manager: Client):
    Order.objects.update(marketplace_status="ready-for-handling")
    page = manager.get(reverse("admin:orders_order_change", args=[scene.pk])).content.decode()
    assert "may be handled (ready-for-handling)" in page
    Order.objects.update(marketplace_status="never-heard-of")
    page = manager.get(reverse("admin:orders_order_change", args=[scene.pk])).content.decode()
    assert "never-heard-of" in page


def test_tells_the_delivery_option_by_its_name(manager: Client):
    account = a_seller()
    ShippingPolicy.objects.create(account=account, ref="eco", name="Economy, by road")
    order = an_order(account=account)
    order.lines.update(policy_ref="eco")
    page = manager.get(reverse("admin:orders_order_change", args=[order.pk])).context["page"]
    assert [f.value for f in page.delivery if f.label == "Shipping policy"] == ["Economy, by road"]


def _story(client: Client, order: Order) -> dict[str, tuple[str, str]]:
    """Title -> detail and actor, of everything that happened."""
    page = client.get(reverse("admin:orders_order_change", args=[order.pk])).context["page"]
    return {event.title: (event.detail, event.actor) for _when, event in page.story}


def test_its_page_tells_calls_in_and_out_and_what_staff_decided(scene: Order, manager: Client):
    event = OrderEvent.objects.get()
    OrderEvent.objects.filter(pk=event.pk).update(order=scene, outcome=OrderEvent.Outcome.NOTED)
    boss = User.objects.create_user("boss", first_name="Bia", last_name="Boss", is_staff=True)
    StaffDecision.objects.create(
        message=OutboxMessage.objects.get(),
        verdict=StaffDecision.Verdict.RESEND,
        reason="they were down",
        actor=boss,
        at=timezone.now(),
    )
    story = _story(manager, scene)
    notice = "Notice from the marketplace: may be handled (ready-for-handling)"
    assert story[notice] == ("hook · noted on the order", "")
    assert story["Message to the marketplace, invoice: send again"] == (
        "they were down",
        "Bia Boss",
    )
    assert "Placed by the marketplace" in story


def test_its_page_tells_what_came_back(manager: Client):
    order = an_order()
    packed(order, {0: 1})
    arrived = Arrived(line=order.lines.get(), quantity=1, scrap_reason="smashed")
    mona = User.objects.create_user("mona", is_staff=True)
    returning.receive(order=order, arrived=[arrived], key="k", now=timezone.now(), actor=mona)
    page = manager.get(reverse("admin:orders_order_change", args=[order.pk])).context["page"]
    (told,) = page.returns
    assert (told.title, told.state) == ("Return 1", "waits for its return invoice")
    assert told.contents == ["1 × Item 1001, as new: scrapped, smashed"]
    assert told.taken_in.endswith("· mona")


def test_its_page_leads_on_only_where_a_reader_may_go(
    scene: Order, manager: Client, warehouse: Client
):
    address = reverse("admin:orders_order_change", args=[scene.pk])
    theirs, ours = (client.get(address).context["page"] for client in (manager, warehouse))
    assert theirs.ledger_link == reverse("admin:cent_ledger", args=[scene.pk])
    assert theirs.stock_link.endswith(f"?q={scene.seller_order_id}")
    assert manager.get(theirs.stock_link).status_code == 200
    assert (ours.ledger_link, ours.stock_link) == (None, None)


def test_a_discount_that_a_change_gave_is_no_gap_on_its_page(manager: Client):
    order = an_order()
    Order.objects.filter(pk=order.pk).update(discounts_cents=200, payment_value_cents=1500)
    page = manager.get(reverse("admin:orders_order_change", args=[order.pk])).context["page"]
    assert page.remarks == []
    Order.objects.filter(pk=order.pk).update(payment_value_cents=1499)
    page = manager.get(reverse("admin:orders_order_change", args=[order.pk])).context["page"]
    assert page.remarks == [
        "The rows do not add up: the marketplace pays R$ 0,01 less than they are worth."
    ]
