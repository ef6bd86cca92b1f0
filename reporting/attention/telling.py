"""A matter in words: which thing it is about, what exactly is wrong, and where its step leads.

The things of one page are read by kind, in a fixed number of queries.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from django.db.models import Model
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import time_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from invoicing.models import Invoice, Package, Return, ShortPick
from orders import short_reasons
from orders.models import Order, OrderChange, OrderEvent, TimelineEntry
from orders.sentences import detail_of
from orders.status_names import told
from reporting.attention.cause import Thing
from reporting.attention.causes import CAUSES
from reporting.attention.rows import Row
from reporting.radar import today
from sellers.models import OutboxMessage, SellerAccount, StockAudit, Warehouse
from sellers.money import Cents, format_cents


class Told(NamedTuple):
    """`subject` is what staff call it, `page` where it is to be read whole."""

    subject: str
    page: str
    step_at: str
    detail: str = ""


#: What each kind of thing is read with.
_READ: dict[Thing, tuple[type[Model], tuple[str, ...]]] = {
    Thing.MESSAGE: (OutboxMessage, ()),
    Thing.ORDER: (Order, ("account",)),
    Thing.PROBLEM: (TimelineEntry, ("order__account",)),
    Thing.CHANGE: (OrderChange, ("order",)),
    Thing.EVENT: (OrderEvent, ("account",)),
    Thing.AUDIT: (StockAudit, ("account",)),
    Thing.ACCOUNT: (SellerAccount, ()),
    Thing.ARRIVAL: (Return, ("order",)),
    Thing.WAREHOUSE: (Warehouse, ()),
    Thing.PACKAGE: (Package, ("order",)),
    Thing.SHORT: (ShortPick, ("order", "line", "warehouse")),
}


def told_of(rows: Iterable[Row], *, shows_money: bool) -> dict[str, Told]:
    """Every row's words by its key; a thing that is gone meanwhile has none."""
    rows = list(rows)
    things = _things(rows)
    sold = _invoiced(row.about for row in rows if row.cause == "value-gap") if shows_money else {}
    found: dict[str, Told] = {}
    for row in rows:
        thing = things.get((CAUSES[row.cause].thing, row.about))
        if thing is not None:
            tell = _TELL[CAUSES[row.cause].thing]
            found[row.key] = tell(row, thing, _Facts(shows_money, sold))
    return found


class _Facts(NamedTuple):
    shows_money: bool
    sold: Mapping[int, int]


def _things(rows: Iterable[Row]) -> dict[tuple[Thing, int], Any]:
    wanted: dict[Thing, set[int]] = defaultdict(set)
    for row in rows:
        wanted[CAUSES[row.cause].thing].add(row.about)
    found: dict[tuple[Thing, int], Any] = {}
    for thing, ids in wanted.items():
        model, related = _READ[thing]
        read = model._default_manager.select_related(*related).in_bulk(ids)
        found |= {(thing, pk): one for pk, one in read.items()}
    return found


def _invoiced(orders: Iterable[int]) -> dict[int, int]:
    wanted = list(orders)
    if not wanted:
        return {}
    sums: dict[int, int] = defaultdict(int)
    live = Invoice.objects.filter(order__in=wanted, kind=Invoice.Kind.OUTPUT, voided_at=None)
    for order, cents in live.values_list("order", "value_cents"):
        sums[order] += cents
    return sums


# --- one kind after the other ---------------------------------------------------------------------


def _order_page(pk: int) -> str:
    return reverse("admin:orders_order_change", args=[pk])


def _account_page(pk: int) -> str:
    return reverse("admin:sellers_selleraccount_change", args=[pk])


def _message(row: Row, message: OutboxMessage, facts: _Facts) -> Told:
    own = reverse("admin:sellers_outboxmessage_change", args=[message.pk])
    page = _order_page(row.order_id) if row.order_id else own
    step = _account_page(message.account_id) if row.cause == "key-refused" else own
    detail = " · ".join(filter(None, (message.get_kind_display(), message.last_error)))
    return Told(message.subject, page, step, detail)


def _order(row: Row, order: Order, facts: _Facts) -> Told:
    page = _order_page(order.pk)
    at_the_table = row.cause in _AT_THE_TABLE
    step = reverse("admin:packing_order", args=[order.seller_order_id]) if at_the_table else page
    say = _DETAILS.get(row.cause)
    return Told(order.marketplace_order_id, page, step, say(order, facts) if say else "")


_AT_THE_TABLE = frozenset({"late", "no-due-time", "not-handed-over"})


def _stands(order: Order, facts: _Facts) -> str:
    where = {"ours": order.get_status_display(), "theirs": told(order.marketplace_status)}
    return _("here: %(ours)s · at the marketplace: %(theirs)s") % where


def _status(order: Order, facts: _Facts) -> str:
    return str(order.get_status_display())


def _gap(order: Order, facts: _Facts) -> str:
    if not facts.shows_money:
        return ""
    sold, currency = facts.sold.get(order.pk, 0), order.account.currency
    amounts = {
        "pays": order.payment_value_cents,
        "sold": sold,
        "gap": order.payment_value_cents - sold,
    }
    sums = {name: _unbroken(cents, currency) for name, cents in amounts.items()}
    return _("pays %(pays)s · invoiced %(sold)s · missing %(gap)s") % sums


def _unbroken(cents: Cents, currency: str) -> str:
    """An amount that is not torn apart at the end of a line."""
    return format_cents(cents, currency).replace(" ", "\u00a0")


def _reason(order: Order, facts: _Facts) -> str:
    return order.cancel_reason


_DETAILS: dict[str, Callable[[Order, _Facts], str]] = {
    "late": _status,
    "no-due-time": _status,
    "cancel-asked": _reason,
    "value-gap": _gap,
    "status-differs": _stands,
    "invoiced-there": _stands,
    "alive-there": _stands,
    "never-authorised": _stands,
    "hold-expired": _stands,
}


def _problem(row: Row, entry: TimelineEntry, facts: _Facts) -> Told:
    order = entry.order
    page = _order_page(order.pk)
    detail = detail_of(entry.facts, currency=order.account.currency, shows_money=facts.shows_money)
    return Told(order.marketplace_order_id, page, page, detail)


def _change(row: Row, change: OrderChange, facts: _Facts) -> Told:
    page = _order_page(change.order_id)
    return Told(change.order.marketplace_order_id, page, page, change.reason)


def _event(row: Row, event: OrderEvent, facts: _Facts) -> Told:
    page = reverse("admin:orders_orderevent_change", args=[event.pk])
    step = _account_page(event.account_id) if row.cause == "feed-dead" else page
    subject = event.marketplace_order_id or event.account.name
    detail = " · ".join(filter(None, (told(event.state), event.get_outcome_display())))
    return Told(subject, page, step, detail)


def _audit(row: Row, audit: StockAudit, facts: _Facts) -> Told:
    page = reverse("admin:sellers_stockaudit_change", args=[audit.pk])
    words = ngettext("%(total)d difference", "%(total)d differences", audit.total)
    return Told(audit.account.name, page, page, words % {"total": audit.total})


def _account(row: Row, account: SellerAccount, facts: _Facts) -> Told:
    page = _account_page(account.pk)
    return Told(account.name, page, page)


def _arrival(row: Row, taken_in: Return, facts: _Facts) -> Told:
    order = taken_in.order
    desk = reverse("admin:return_order", args=[order.seller_order_id])
    return Told(
        order.marketplace_order_id,
        _order_page(order.pk),
        desk,
        _("return %(number)d") % {"number": taken_in.number},
    )


def _warehouse(row: Row, warehouse: Warehouse, facts: _Facts) -> Told:
    page = f"{reverse('admin:radar')}#warehouse-{warehouse.pk}"
    known = {each.warehouse_id: each for each in today.lately(now=timezone.now())}
    misses = known[warehouse.pk].misses if warehouse.pk in known else ()
    words = ngettext(
        "%(count)d order, due %(due)s", "%(count)d orders, the first due %(due)s", len(misses)
    )
    due = time_format(misses[0].due.time()) if misses else ""
    return Told(warehouse.name, page, page, words % {"count": len(misses), "due": due})


def _package(row: Row, package: Package, facts: _Facts) -> Told:
    order = package.order
    table = reverse("admin:packing_order", args=[order.seller_order_id])
    which = _("package %s") % package.number
    detail = " · ".join(filter(None, (which, package.courier)))
    return Told(order.marketplace_order_id, _order_page(order.pk), table, detail)


def _short(row: Row, short: ShortPick, facts: _Facts) -> Told:
    missing = f"{short.quantity} × {short.line.name}"
    why = short_reasons.told(short.reason, short.words)
    detail = " · ".join((missing, short.warehouse.name, why))
    decision = reverse("admin:invoicing_shortpick_change", args=[short.pk])
    return Told(short.order.marketplace_order_id, _order_page(short.order_id), decision, detail)


_TELL: dict[Thing, Callable[[Row, Any, _Facts], Told]] = {
    Thing.MESSAGE: _message,
    Thing.ORDER: _order,
    Thing.PROBLEM: _problem,
    Thing.CHANGE: _change,
    Thing.EVENT: _event,
    Thing.AUDIT: _audit,
    Thing.ACCOUNT: _account,
    Thing.ARRIVAL: _arrival,
    Thing.WAREHOUSE: _warehouse,
    Thing.PACKAGE: _package,
    Thing.SHORT: _short,
}
