"""The order mapping report: one row per order, ours and the marketplace's side of it."""

from __future__ import annotations

from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from orders import status_names
from orders.states import COLOURS, Status
from reporting import figures, mapping_filters
from reporting.declarations import Column, Kind, Report, Row, Sort, register
from reporting.figures import CAUSES, SELF_EXPLAINED


def _order_link(row: Row) -> str:
    return reverse("admin:orders_order_change", args=[row["key"]])


def _ledger_link(row: Row) -> str:
    return reverse("admin:cent_ledger", args=[row["key"]])


def counted(rows: int) -> str:
    """So many orders, in words."""
    shown = number_format(rows, force_grouping=True)
    return ngettext("%(rows)s order", "%(rows)s orders", rows) % {"rows": shown}


_IDS = (
    Column(
        key="marketplace_order_id",
        title=_("Marketplace order id"),
        sql="o.marketplace_order_id",
        link=_order_link,
    ),
    Column(key="seller_order_id", title=_("Our order id"), sql="o.seller_order_id"),
    Column(key="order_group", title=_("Order group"), sql="o.marketplace_order_group"),
    Column(key="account", title=_("Account"), sql="a.name"),
    Column(key="marketplace", title=_("Marketplace"), sql="a.marketplace_account"),
    Column(
        key="sellers",
        title=_("Seller id"),
        sql="COALESCE(lines.sellers, a.seller_id)",
        needs=("lines",),
        meaning=_("As placed with the lines; the account's own when they name none."),
    ),
)
_STATES = (
    Column(
        key="status",
        title=_("Status"),
        sql="o.status",
        kind=Kind.CHOICE,
        words={str(status): status.label for status in Status},
        colours={str(status): colour for status, colour in COLOURS.items()},
    ),
    Column(
        key="marketplace_status",
        title=_("Status at the marketplace"),
        sql="o.marketplace_status",
        kind=Kind.CHOICE,
        words=status_names.NAMES,
        meaning=_("The last one the marketplace told or was asked for."),
    ),
)
_MOMENTS = tuple(
    Column(key=key, title=title, sql=f"o.{key}", kind=Kind.MOMENT)
    for key, title in (
        ("placed_at", _("Placed")),
        ("authorized_at", _("Authorised")),
        ("due_at", _("Hand over by")),
        ("handling_at", _("Handling began")),
        ("invoiced_at", _("Invoiced on")),
        ("shipped_at", _("Handed over")),
        ("delivered_at", _("Delivered")),
        ("cancelled_at", _("Cancelled")),
    )
)
_MONEY = (
    Column(
        key="units",
        title=_("Units"),
        sql="COALESCE(lines.units, 0)",
        kind=Kind.COUNT,
        needs=("lines",),
        meaning=_("Of all lines, as the order stands after changes."),
    ),
    Column(key="goods", title=_("Goods"), sql="o.items_cents", kind=Kind.CENTS, summed=True),
    Column(
        key="discounts",
        title=_("Discounts"),
        sql="o.discounts_cents",
        kind=Kind.CENTS,
        summed=True,
        meaning=_("What price tags and changes take off; a positive amount."),
    ),
    Column(
        key="services", title=_("Services"), sql="o.services_cents", kind=Kind.CENTS, summed=True
    ),
    Column(key="freight", title=_("Freight"), sql="o.freight_cents", kind=Kind.CENTS, summed=True),
    Column(
        key="total",
        title=_("Total"),
        sql=figures.ROWS,
        kind=Kind.CENTS,
        summed=True,
        meaning=_("Goods − discounts + services + freight."),
    ),
    Column(
        key="pays",
        title=_("Marketplace pays"),
        sql="o.payment_value_cents",
        kind=Kind.CENTS,
        summed=True,
        meaning=_("VTEX's marketplacePaymentValue, with the changes that were carried out."),
    ),
    Column(
        key="commission",
        title=_("Commission"),
        sql="lines.commission",
        kind=Kind.CENTS,
        needs=("lines",),
        summed=True,
        meaning=_(
            "Of the goods less discounts, by each line's percentage, rounded to the cent a line; "
            "empty when the marketplace named none."
        ),
    ),
    Column(
        key="freight_commission",
        title=_("Freight commission"),
        sql="lines.freight_commission",
        kind=Kind.CENTS,
        needs=("lines",),
        summed=True,
        meaning=_("The same of each line's freight."),
    ),
)
_PAPERS = (
    Column(
        key="ticked",
        title=_("Invoices"),
        sql="COALESCE(invoices.ticked, '')",
        needs=("invoices",),
        meaning=_("One tick: the marketplace has it. Two: it is to be seen in the order there."),
        in_files=False,
    ),
    Column(
        key="invoice_numbers",
        title=_("Invoice numbers"),
        sql="COALESCE(invoices.numbers, '')",
        needs=("invoices",),
    ),
    Column(
        key="invoice_values",
        title=_("Invoice values"),
        sql="COALESCE(invoices.amounts, '')",
        kind=Kind.AMOUNTS,
        needs=("invoices",),
    ),
    Column(
        key="invoice_keys",
        title=_("Access keys"),
        sql="COALESCE(invoices.keys, '')",
        needs=("invoices",),
    ),
    Column(
        key="invoice_receipts",
        title=_("Receipts"),
        sql="COALESCE(invoices.receipts, '')",
        needs=("invoices",),
        meaning=_("What the marketplace answered to each invoice."),
    ),
    Column(
        key="invoices_received",
        title=_("Invoices received"),
        sql="COALESCE(invoices.received, 0)",
        kind=Kind.COUNT,
        needs=("invoices",),
        meaning=_("First tick: the marketplace accepted it."),
    ),
    Column(
        key="invoices_seen",
        title=_("Invoices seen"),
        sql="COALESCE(invoices.seen, 0)",
        kind=Kind.COUNT,
        needs=("invoices",),
        meaning=_("Second tick: it was read in the marketplace's own order."),
    ),
    Column(
        key="invoiced",
        title=_("Invoiced"),
        sql=figures.INVOICED,
        kind=Kind.CENTS,
        needs=("invoices",),
        summed=True,
        meaning=_("Sum of the sale's invoices. Voided ones never were."),
    ),
    Column(
        key="returned",
        title=_("Returned"),
        sql=figures.RETURNED,
        kind=Kind.CENTS,
        needs=("invoices",),
        summed=True,
        meaning=_("Sum of the return invoices."),
    ),
    Column(
        key="return_numbers",
        title=_("Return invoices"),
        sql="COALESCE(invoices.return_numbers, '')",
        needs=("invoices",),
    ),
)
_DIFFERENCE = (
    Column(
        key="difference",
        title=_("Difference"),
        sql=figures.DIFFERENCE,
        kind=Kind.CENTS,
        link=_ledger_link,
        needs=("invoices",),
        summed=True,
        meaning=_(
            "What the marketplace pays − invoiced + returned. It pays nothing for an order that "
            "is not paid, expired or cancelled."
        ),
    ),
    Column(
        key="cause",
        title=_("Cause"),
        sql=figures.SHOWN_CAUSE,
        kind=Kind.CHOICE,
        needs=("invoices", "kept"),
        words=CAUSES,
        colours={cause: "info" if cause in SELF_EXPLAINED else "danger" for cause in CAUSES},
        meaning=_("The first cause of the list below that holds."),
    ),
    Column(
        key="unexplained",
        title=_("To mend"),
        sql="COALESCE(kept.cents, 0)",
        kind=Kind.CENTS,
        needs=("kept",),
        summed=True,
        meaning=_(
            "The part of it that neither open packages nor returns explain; when the rows do not "
            "add up, what the marketplace pays less its own rows."
        ),
    ),
)
_DELIVERY = (
    Column(
        key="slas",
        title=_("SLA"),
        sql="COALESCE(lines.slas, '')",
        needs=("lines",),
        meaning=_("The delivery options of the lines, by their ids."),
    ),
    Column(
        key="warehouses",
        title=_("Warehouses"),
        sql="COALESCE(warehouses.names, '')",
        needs=("warehouses",),
        meaning=_("Where the units are held or were taken from."),
    ),
    Column(
        key="packages",
        title=_("Packages"),
        sql="COALESCE(packages.packages, 0)",
        kind=Kind.COUNT,
        needs=("packages",),
    ),
    Column(
        key="carriers",
        title=_("Carriers"),
        sql="COALESCE(packages.carriers, '')",
        needs=("packages",),
    ),
    Column(
        key="tracking",
        title=_("Tracking"),
        sql="COALESCE(packages.tracking, '')",
        needs=("packages",),
    ),
    Column(key="state", title=_("State"), sql="o.ship_state"),
    Column(key="cancel_reason", title=_("Cancellation reason"), sql="o.cancel_reason"),
    Column(key="currency_code", title=_("Currency"), sql="a.currency", on_screen=False),
    Column(
        key="time_zone",
        title=_("Time zone"),
        sql="a.timezone",
        on_screen=False,
        meaning=_("All times of the row are on its clocks."),
    ),
)

MAPPING = register(
    Report(
        slug="mapping",
        title=_("Order mapping"),
        meaning=_("Every order with its ids, times and money on our side and the marketplace's."),
        permissions=("reporting.see_reports", "orders.view_money"),
        table="orders_order o",
        key="o.id",
        joins="JOIN sellers_selleraccount a ON a.id = o.account_id",
        parts=(
            figures.LINES,
            figures.INVOICES,
            figures.PACKAGES,
            figures.WAREHOUSES,
            figures.KEPT,
        ),
        zone="a.timezone",
        currency="a.currency",
        columns=(*_IDS, *_STATES, *_MOMENTS, *_MONEY, *_PAPERS, *_DIFFERENCE, *_DELIVERY),
        filters=mapping_filters.FILTERS,
        sorts=(
            *(
                Sort(one.sort, one.label, one.sql, "timestamptz", may_lack=one.may_lack)
                for one in mapping_filters.MOMENTS.values()
            ),
            Sort("pays", _("Marketplace pays"), "o.payment_value_cents", "bigint", may_lack=False),
        ),
        brief=(
            ("marketplace_order_id", "seller_order_id", "order_group"),
            ("status", "marketplace_status", "account"),
            ("placed_at", "shipped_at"),
            ("pays",),
            ("invoiced", "returned"),
            ("difference", "cause"),
            ("ticked",),
            ("tracking", "carriers"),
        ),
        counted=counted,
    )
)
