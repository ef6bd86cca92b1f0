"""Whatever somebody has in hand leads to its work: an order by any id of it, an item, a tote."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from invoicing.models import Invoice, Package, PickList
from invoicing.picking import codes, lists
from invoicing.printing.codes import read_package_code
from orders.admin.searching import matching
from orders.models import Order, OrderLine
from orders.states import OPEN
from sellers.models import SellerAccount, Sku
from sellers.row_ids import is_row_id

MOST = 20


@dataclass(frozen=True)
class Found:
    """`orders` that the text names, or that wait for the `sku` it names; or a pick list."""

    orders: list[Order] = field(default_factory=list)
    sku: Sku | None = None
    pick_list: PickList | None = None


def find(text: str) -> Found:
    """By what is exact first: an order's ids, a paper's, a tote, an item; then by a beginning.

    Each is asked for by an index of its own.
    """
    for way in (_by_order, _by_paper, _by_tote):
        orders = list(way(text)[:MOST])
        if orders:
            return Found(orders)
    pick_list = _pick_list(text)
    if pick_list is not None:
        return Found(pick_list=pick_list)
    sku = _sku(text)
    if sku is not None:
        return Found(_waiting_for(sku), sku=sku)
    return Found(_by_beginning(text))


def find_orders(text: str) -> list[Order]:
    """Orders alone: by an id or a paper of theirs, else by how one begins."""
    for way in (_by_order, _by_paper):
        orders = list(way(text)[:MOST])
        if orders:
            return orders
    return _by_beginning(text)


def _by_beginning(text: str) -> list[Order]:
    return list(_shown(matching(Order.objects.all(), text)).order_by("-pk")[:MOST])


def _shown(orders: QuerySet[Order]) -> QuerySet[Order]:
    return orders.select_related("account")


def _by_order(text: str) -> QuerySet[Order]:
    label = read_package_code(text)
    ours = label[0] if label else text.upper()
    exact = Q(marketplace_order_id=text) | Q(seller_order_id=ours)
    exact |= Q(marketplace_order_group=text)
    return _shown(Order.objects.filter(exact)).order_by("-pk")


def _by_paper(text: str) -> QuerySet[Order]:
    """Invoice number, access key (typed with spaces or not) or tracking number."""
    key = text.replace(" ", "")
    papers = Invoice.objects.filter(Q(number=text) | Q(key=key)).order_by()
    boxes = Package.objects.filter(tracking_number__in={text, text.upper()}).order_by()
    known = {pk for rows in (papers, boxes) for pk in rows.values_list("order", flat=True)[:MOST]}
    return _shown(Order.objects.filter(pk__in=known)).order_by("-pk")


def _by_tote(text: str) -> QuerySet[Order]:
    known = {slot.order_id for slot in lists.in_use(text)[:MOST]}
    return _shown(Order.objects.filter(pk__in=known)).order_by("-pk")


def _pick_list(text: str) -> PickList | None:
    """By the barcode of its paper, such as L-12."""
    letter, _dash, number = text.upper().partition("-")
    if letter != "L" or not is_row_id(number):
        return None
    return PickList.objects.filter(pk=int(number)).first()


def _sku(text: str) -> Sku | None:
    accounts = list(SellerAccount.objects.values_list("pk", flat=True))
    known = codes.with_code(text, account_ids=accounts)
    return known[0] if known else None


def _waiting_for(sku: Sku) -> list[Order]:
    """Open orders of that item, the most urgent first."""
    lines = OrderLine.objects.filter(order=OuterRef("pk"), sku=sku, quantity__gt=0)
    waiting = _shown(Order.objects.filter(Exists(lines), status__in=OPEN))
    return list(waiting.order_by(F("due_at").asc(nulls_last=True), "pk")[:MOST])
