"""What was paid for an order beside what was expected, in SQL over `o` and the parts; said once."""

from __future__ import annotations

from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from reporting import figures
from reporting.declarations import Part
from reporting.payouts.figures import EXPECTED, HAS_ROWS


class Result(StrEnum):
    """What the files say of an order; `UNKNOWN` is a row that means none of ours."""

    EVEN = "even"
    DIFFERS = "differs"
    TWICE = "twice"
    UNKNOWN = "unknown"
    UNPAID = "unpaid"


RESULTS: dict[str, Promise] = {
    Result.EVEN: pgettext_lazy("settlement", "paid as expected"),
    Result.DIFFERS: pgettext_lazy("settlement", "differs"),
    Result.TWICE: pgettext_lazy("settlement", "paid twice"),
    Result.UNKNOWN: pgettext_lazy("settlement", "unknown order"),
    Result.UNPAID: pgettext_lazy("settlement", "not paid yet"),
}
REMEDIES: dict[str, Promise | str] = {
    Result.EVEN: "",
    Result.DIFFERS: pgettext_lazy(
        "settlement", "Compare commissions and returns; claim what is missing."
    ),
    Result.TWICE: pgettext_lazy("settlement", "Put it aside: the marketplace will take it back."),
    Result.UNKNOWN: pgettext_lazy("settlement", "Ask the marketplace whose order it is."),
    Result.UNPAID: pgettext_lazy("settlement", "Wait for the next file, or claim it."),
}
COLOURS: dict[str, str] = {
    Result.EVEN: "success",
    Result.DIFFERS: "danger",
    Result.TWICE: "danger",
    Result.UNKNOWN: "warning",
    Result.UNPAID: "info",
}

#: All rows of all files about an order. `repeated`: of payments that are the same, the amount.
PAID = Part(
    "settled",
    """
    sum(s.paid_cents) AS paid,
    sum(s.commission_cents) AS commission,
    count(*) FILTER (WHERE s.paid_cents > 0) AS payments,
    count(DISTINCT s.paid_cents) FILTER (WHERE s.paid_cents > 0) AS amounts,
    mode() WITHIN GROUP (ORDER BY s.paid_cents) FILTER (WHERE s.paid_cents > 0) AS repeated
    """,
    source="reporting_settlementrow s",
    of="s.order_id",
)
#: Below zero, money is missing; nothing without a row.
DIFFERENCE = f"(settled.paid - {EXPECTED})::bigint"
#: Twice: two payments are the same, and what is too much is nearer to one of them than to nothing.
RESULT = f"""
    CASE
    WHEN settled.paid IS NULL THEN '{Result.UNPAID}'
    WHEN settled.paid = {EXPECTED} THEN '{Result.EVEN}'
    WHEN settled.payments > settled.amounts
         AND 2 * (settled.paid - {EXPECTED}) >= settled.repeated THEN '{Result.TWICE}'
    ELSE '{Result.DIFFERS}'
    END
"""


def came_to(code: str) -> str:
    """The same as a condition on the order alone."""
    if code == Result.UNPAID:
        return f"NOT {HAS_ROWS}"
    parts = " CROSS JOIN ".join(
        f"(SELECT {part.select} FROM {part.source} WHERE {part.of} = o.id) {part.name}"  # noqa: S608  (our own text)
        for part in (figures.LINES, figures.INVOICES, PAID)
    )
    return f"{HAS_ROWS} AND EXISTS (SELECT FROM {parts} WHERE ({RESULT}) = '{code}')"
