"""The rows of settlement files as a report: what was paid for which order, and whether it is so."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from reporting import figures
from reporting.declarations import Column, Condition, Kind, Report, Row, Text, register
from reporting.filtering import AnyId, OneOf
from reporting.mapping import MAPPING
from reporting.mapping_filters import MOST_OPTIONS
from reporting.models import SettlementFile
from reporting.payouts import settled
from reporting.payouts.figures import COMMISSIONS, EXPECTED
from reporting.payouts.settled import COLOURS, REMEDIES, RESULTS, Result


def _files() -> Sequence[tuple[str, Text]]:
    files = SettlementFile.objects.filter(taken_back_at=None).select_related("account")
    return [(str(file.pk), told_file(file)) for file in files[:MOST_OPTIONS]]


def told_file(file: SettlementFile) -> str:
    day = date_format(file.entered_at.astimezone(file.account.zone), "SHORT_DATE_FORMAT")
    return f"{file.account.name}, {day}: {file.name}"


def _of_file(pk: str) -> Condition:
    return Condition("r.file_id = %s", (int(pk),))


def _with_result(code: str) -> Condition:
    if code == Result.UNKNOWN:
        return Condition("r.order_id IS NULL")
    return Condition(
        f"EXISTS (SELECT FROM orders_order o WHERE o.id = r.order_id AND {settled.came_to(code)})"
    )


def _with_id(text: str) -> Condition:
    return Condition("starts_with(r.named, %s)", (text,))


def _mend(row: Row) -> str:
    return reverse("admin:settlement_row", args=[row["key"]])


def _counted(rows: int) -> str:
    shown = number_format(rows, force_grouping=True)
    return ngettext("%(rows)s row", "%(rows)s rows", rows) % {"rows": shown}


_NEEDS = ("lines", "invoices", "settled")
SETTLEMENT = register(
    Report(
        slug="settlement",
        title=_("Settlement rows"),
        meaning=_("What the marketplace's files say it paid, beside what was expected."),
        permissions=("reporting.see_reports", "orders.view_money"),
        table="reporting_settlementrow r",
        key="r.id",
        joins="""
            JOIN reporting_settlementfile f ON f.id = r.file_id
            JOIN sellers_selleraccount a ON a.id = f.account_id
            LEFT JOIN orders_order o ON o.id = r.order_id
        """,
        parts=(figures.LINES, figures.INVOICES, settled.PAID),
        owner="r.order_id",
        zone="a.timezone",
        currency="a.currency",
        columns=(
            Column(
                key="named",
                title=_("Order id in the file"),
                sql="r.named",
                link=lambda row: f"{_mend(row)}?to=order",
            ),
            Column(
                key="marketplace_order_id",
                title=_("Marketplace order id"),
                sql="COALESCE(o.marketplace_order_id, '')",
            ),
            MAPPING.column("account"),
            Column(key="file", title=_("File"), sql="f.name"),
            Column(key="line", title=_("Row"), sql="r.line", kind=Kind.COUNT),
            Column(
                key="paid",
                title=_("Paid"),
                sql="r.paid_cents",
                kind=Kind.CENTS,
                summed=True,
                meaning=_("By this row; below zero, it was taken back."),
            ),
            Column(
                key="commission",
                title=_("Commission in the file"),
                sql="r.commission_cents",
                kind=Kind.CENTS,
                summed=True,
            ),
            Column(
                key="expected",
                title=_("Expected payout"),
                sql=f"CASE WHEN o.id IS NOT NULL THEN {EXPECTED} END",
                kind=Kind.CENTS,
                needs=_NEEDS,
                meaning=_("Of the whole order: marketplace pays − returned − commissions."),
            ),
            Column(
                key="commissions",
                title=_("Commissions"),
                sql=f"CASE WHEN o.id IS NOT NULL THEN {COMMISSIONS} END",
                kind=Kind.CENTS,
                needs=_NEEDS,
            ),
            Column(
                key="paid_in_all",
                title=_("Paid in all"),
                sql="settled.paid::bigint",
                kind=Kind.CENTS,
                needs=_NEEDS,
                meaning=_("For the order, by all rows of all files."),
            ),
            Column(
                key="difference",
                title=_("Difference"),
                sql=settled.DIFFERENCE,
                kind=Kind.CENTS,
                needs=_NEEDS,
                meaning=_("Paid in all − expected payout: below zero, money is missing."),
            ),
            Column(
                key="result",
                title=_("Result"),
                sql=f"CASE WHEN o.id IS NULL THEN '{Result.UNKNOWN}' ELSE {settled.RESULT} END",
                kind=Kind.CHOICE,
                needs=_NEEDS,
                words=RESULTS,
                colours=COLOURS,
            ),
            Column(
                key="remedy",
                title=_("What to do"),
                sql=f"CASE WHEN o.id IS NULL THEN '{Result.UNKNOWN}' ELSE {settled.RESULT} END",
                kind=Kind.CHOICE,
                needs=_NEEDS,
                words=REMEDIES,
                link=_mend,
                in_files=False,
            ),
            MAPPING.column("currency_code"),
        ),
        filters=(
            AnyId(
                name="q",
                label=_("Order id in the file"),
                hint=_("or its beginning"),
                means=_with_id,
            ),
            OneOf(name="file", label=_("File"), options=_files, means=_of_file),
            OneOf(
                name="result",
                label=_("Result"),
                options=lambda: [
                    (code, words) for code, words in RESULTS.items() if code != Result.UNPAID
                ],
                means=_with_result,
            ),
        ),
        brief=(
            ("named", "account"),
            ("file", "line"),
            ("paid", "commission", "paid_in_all"),
            ("expected", "commissions"),
            ("difference",),
            ("result",),
            ("remedy",),
        ),
        counted=_counted,
    )
)
