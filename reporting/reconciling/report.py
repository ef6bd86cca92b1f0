"""The rows of a reconciliation as a declared report: listed, filtered, saved as a file."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from reporting.declarations import Column, Condition, Kind, Report, Row, Text, register
from reporting.filtering import AnyId, OneOf
from reporting.models import ReconciledRow, Reconciliation

Outcome, Field, Bucket = ReconciledRow.Kind, ReconciledRow.Field, ReconciledRow.Bucket

_SEE_MONEY = _("See where its cents arise; a change of the order must come as a change.")
#: What to do about each thing that differs, and about orders that are on one side alone.
REMEDIES: dict[str, Text] = {
    Field.STATUS: _("See what is stuck with the order."),
    Field.ITEMS: _SEE_MONEY,
    Field.DISCOUNTS: _SEE_MONEY,
    Field.FREIGHT: _SEE_MONEY,
    Field.TOTAL: _SEE_MONEY,
    Field.QUANTITY: _SEE_MONEY,
    Field.INVOICE_MISSING: _("Send the invoice again; it is looked up first."),
    Field.INVOICE_VALUE: _("Read what was sent; a wrong invoice needs a return and a new one."),
    Field.INVOICE_FOREIGN: _("Find out who issued it; it is not ours."),
    Field.TRACKING: _("Enter the tracking again."),
    Outcome.MISSING_THERE: _("Ask the marketplace before anything is sent."),
    Outcome.MISSING_HERE: _("Have the marketplace place it again: no stock is held for it."),
    Outcome.UNREAD: _("Compare again later."),
    Outcome.MATCHED: "",
}
#: How many of the latest can be chosen.
_LATEST = 50


def _runs() -> Sequence[tuple[str, Text]]:
    found = Reconciliation.objects.select_related("account")[:_LATEST]
    return [(str(run.pk), told_run(run)) for run in found]


def told_run(run: Reconciliation) -> str:
    first, last = (date_format(day, "SHORT_DATE_FORMAT") for day in (run.since, run.until))
    days = first if run.since == run.until else f"{first} – {last}"
    return f"{run.account.name}, {days}"


def _of_run(pk: str) -> Condition:
    return Condition("r.reconciliation_id = %s", (int(pk),))


def _of_kind(code: str) -> Condition:
    return Condition("r.kind = %s", (code,))


def _of_bucket(code: str) -> Condition:
    return Condition("r.bucket = %s", (code,))


def _of_field(code: str) -> Condition:
    return Condition("r.field = %s", (code,))


def _with_id(text: str) -> Condition:
    return Condition("r.marketplace_order_id LIKE %s", (f"{_plain(text)}%",))


def _plain(text: str) -> str:
    for sign in ("\\", "%", "_"):
        text = text.replace(sign, f"\\{sign}")
    return text


def _named(choices: Sequence[tuple[str, Text]]) -> Sequence[tuple[str, Text]]:
    return [(code, words) for code, words in choices if code]


def _mend(row: Row) -> str:
    return reverse("admin:reconciled_row", args=[row["key"]])


def _counted(rows: int) -> str:
    shown = number_format(rows, force_grouping=True)
    return ngettext("%(rows)s row", "%(rows)s rows", rows) % {"rows": shown}


RECONCILED = register(
    Report(
        slug="reconciliation",
        title=_("Reconciled orders"),
        meaning=_("Our orders beside the marketplace's own documents, what differs row by row."),
        permissions=("reporting.see_reports", "orders.view_money"),
        table="reporting_reconciledrow r",
        key="r.id",
        joins="""
            JOIN reporting_reconciliation c ON c.id = r.reconciliation_id
            JOIN sellers_selleraccount a ON a.id = c.account_id
            LEFT JOIN orders_order o ON o.id = r.order_id
        """,
        zone="a.timezone",
        currency="a.currency",
        columns=(
            Column(
                key="marketplace_order_id",
                title=_("Marketplace order id"),
                sql="r.marketplace_order_id",
                link=lambda row: f"{_mend(row)}?to=order",
            ),
            Column(
                key="seller_order_id",
                title=_("Our order id"),
                sql="COALESCE(o.seller_order_id, '')",
            ),
            Column(
                key="kind",
                title=_("Outcome"),
                sql="r.kind",
                kind=Kind.CHOICE,
                words=dict(Outcome.choices),
                colours={
                    Outcome.MATCHED: "success",
                    Outcome.DIFFERS: "danger",
                    Outcome.MISSING_THERE: "danger",
                    Outcome.MISSING_HERE: "danger",
                    Outcome.UNREAD: "warning",
                },
            ),
            Column(
                key="field",
                title=_("What"),
                sql="r.field",
                kind=Kind.CHOICE,
                words=dict(Field.choices),
            ),
            Column(
                key="bucket",
                title=_("Kind of difference"),
                sql="r.bucket",
                kind=Kind.CHOICE,
                words=dict(Bucket.choices),
            ),
            Column(key="ours", title=_("Ours"), sql="r.ours"),
            Column(key="theirs", title=_("Theirs"), sql="r.theirs"),
            Column(
                key="cents",
                title=_("Difference"),
                sql="r.cents",
                kind=Kind.CENTS,
                summed=True,
                meaning=_("Theirs less ours."),
            ),
            Column(
                key="remedy",
                title=_("What to do"),
                sql="CASE r.field WHEN '' THEN r.kind ELSE r.field END",
                kind=Kind.CHOICE,
                words=REMEDIES,
                link=_mend,
            ),
        ),
        filters=(
            AnyId(
                name="q",
                label=_("Marketplace order id"),
                hint=_("or its beginning"),
                means=_with_id,
            ),
            OneOf(name="run", label=_("Reconciliation"), options=_runs, means=_of_run),
            OneOf(
                name="kind",
                label=_("Outcome"),
                options=lambda: list(Outcome.choices),
                means=_of_kind,
            ),
            OneOf(
                name="bucket",
                label=_("Kind of difference"),
                options=lambda: _named(Bucket.choices),
                means=_of_bucket,
            ),
            OneOf(
                name="field",
                label=_("What"),
                options=lambda: _named(Field.choices),
                means=_of_field,
            ),
        ),
        brief=(
            ("marketplace_order_id", "seller_order_id"),
            ("kind",),
            ("field", "bucket"),
            ("ours",),
            ("theirs",),
            ("cents",),
            ("remedy",),
        ),
        counted=_counted,
    )
)
