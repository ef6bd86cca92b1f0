"""What the dashboard counts, each figure defined once: on which day an order counts, under which
key, and which orders count at all.

Expressions are over `o` (orders_order). The counts of days, the lists behind the numbers and
docs/reports.md all come from here. A percent sign is written twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from django.conf import settings
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from orders.deciding import Reason
from orders.states import Status

Text = str | Promise


class Group(NamedTuple):
    title: Text
    keys: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Figure:
    """An order counts on the day of its `moment` (a column), under the value of `key` (SQL).

    `time` is that moment's name in the order mapping, where the orders behind a number are listed.
    """

    code: str
    title: Text
    meaning: Text
    time: str
    key: str = "''"
    where: str = "TRUE"
    keys: Mapping[str, Text] = field(default_factory=dict)
    #: Several keys under one name, as rates need them.
    groups: Mapping[str, Group] = field(default_factory=dict)
    cents: str = "0"

    @property
    def moment(self) -> str:
        return f"o.{self.time}_at"

    def keys_of(self, name: str) -> tuple[str, ...]:
        """The keys behind a group's name; a key is its own."""
        return self.groups[name].keys if name in self.groups else (name,)


def _reasons() -> str:
    """Why we cancelled, as a code: what was chosen stands first, in the chooser's language."""
    cases = []
    for reason in Reason:
        for code, _name in settings.LANGUAGES:
            with translation.override(code):
                said = str(reason.label).replace("'", "''").replace("%", "%%%%")
            cases.append(f"WHEN o.cancel_reason LIKE '{said}%%' THEN '{reason}'")
    return f"CASE {' '.join(cases)} ELSE 'other' END"


# The last move to cancelled says who made it.
_WHO = """
    COALESCE((
        SELECT CASE t.code WHEN 'cancelled-by-seller' THEN 'seller'
                           WHEN 'cancel-accepted' THEN 'shopper' ELSE 'marketplace' END
          FROM orders_timelineentry t
         WHERE t.order_id = o.id AND t.to_status = 'cancelled' ORDER BY t.id DESC LIMIT 1
    ), 'marketplace')
"""
_WHO_WORDS: dict[str, Text] = {
    "seller": _("by us"),
    "shopper": _("by the shopper"),
    "marketplace": _("by the marketplace"),
}
_RETURNED = """
    EXISTS (SELECT FROM invoicing_return r WHERE r.order_id = o.id AND r.undone_at IS NULL)
"""
# Every package has a number, and the marketplace took it and shows it, as far as it was looked up.
_TRACKED = """
    EXISTS (SELECT FROM invoicing_package p WHERE p.order_id = o.id)
    AND NOT EXISTS (
        SELECT FROM invoicing_package p WHERE p.order_id = o.id AND p.tracking_number = ''
    )
    AND NOT EXISTS (
        SELECT FROM sellers_outboxmessage m
         WHERE m.account_id = o.account_id AND m.subject = o.marketplace_order_id
           AND m.kind = 'tracking' AND m.status <> 'superseded'
           AND (m.status <> 'delivered' OR m.applied = 'missing')
    )
"""


def steps(since: str, until: str) -> str:
    """The minutes between two moments, in steps that suit their size: of 1 up to two hours, of 5
    up to a day, of 30 up to a week, of 360 beyond; rounded up."""
    minutes = f"ceil(extract(epoch FROM {until} - {since}) / 60)"
    return (
        f"(CASE WHEN {minutes} <= 120 THEN greatest({minutes}, 0)"
        f" WHEN {minutes} <= 1440 THEN ceil({minutes} / 5) * 5"
        f" WHEN {minutes} <= 10080 THEN ceil({minutes} / 30) * 30"
        f" ELSE ceil({minutes} / 360) * 360 END)::bigint::text"
    )


@cache
def figures() -> dict[str, Figure]:
    """All of them, by code."""
    by_seller = f"{_WHO} = 'seller' AND {_reasons()} <> '{Reason.SHOPPER}'"
    found = (
        Figure(
            code="placed",
            title=_("Orders placed"),
            meaning=_("By the day they were placed, with the status they have now."),
            time="placed",
            key="o.status",
            keys=dict(Status.choices),
            cents="o.payment_value_cents",
        ),
        Figure(
            code="paid",
            title=_("Paid orders"),
            meaning=_(
                "By the day of the payment. Cancelled: before the hand-over. By us counts what we "
                "decided ourselves; at the shopper's wish does not."
            ),
            time="authorized",
            key=f"""
                CASE WHEN o.status <> '{Status.CANCELLED}' OR o.shipped_at IS NOT NULL THEN 'kept'
                     WHEN {by_seller} THEN 'seller' ELSE 'others' END
            """,
            keys={
                "kept": _("not cancelled"),
                "seller": _("cancelled by us"),
                "others": _("cancelled by others"),
            },
        ),
        Figure(
            code="cancelled",
            title=_("Cancelled after the payment"),
            meaning=_("By the day of the cancellation: who cancelled, and our reason."),
            time="cancelled",
            where="o.authorized_at IS NOT NULL",
            key=f"CASE {_WHO} WHEN 'seller' THEN 'seller:' || {_reasons()} ELSE {_WHO} END",
            keys=_cancelled_words(),
        ),
        Figure(
            code="due",
            title=_("Orders due"),
            meaning=_(
                "By the day of their hand-over time; what was cancelled before it left is not "
                "counted. Late: handed over after that time, or not yet though it is past."
            ),
            time="due",
            where=f"NOT (o.status = '{Status.CANCELLED}' AND o.shipped_at IS NULL)",
            key="""
                CASE WHEN o.shipped_at <= o.due_at THEN 'in-time'
                     WHEN o.shipped_at IS NOT NULL THEN 'late'
                     WHEN o.due_at < statement_timestamp() THEN 'overdue' ELSE 'ahead' END
            """,
            keys={
                "in-time": _("handed over in time"),
                "late": _("handed over late"),
                "overdue": _("overdue, not handed over"),
                "ahead": _("still ahead"),
            },
            groups={
                "missed": Group(_("late or overdue"), ("late", "overdue")),
                "judged": Group(_("whose time is past"), ("in-time", "late", "overdue")),
            },
        ),
        Figure(
            code="handed-over",
            title=_("Orders handed over"),
            meaning=_(
                "By the day of the hand-over. Valid tracking: every package has a number, and the "
                "marketplace accepted it."
            ),
            time="shipped",
            key=f"CASE WHEN {_TRACKED} THEN 'tracked' ELSE 'untracked' END",
            keys={"tracked": _("with valid tracking"), "untracked": _("without valid tracking")},
            cents="o.payment_value_cents",
        ),
        Figure(
            code="came-back",
            title=_("Orders that came back"),
            meaning=_("Handed over on that day, and goods of them came back since."),
            time="shipped",
            where=_RETURNED,
        ),
        Figure(
            code="no-stock",
            title=_("Paid, but the stock was gone"),
            meaning=_("By the day they were placed: the payment came after the hold had run out."),
            time="placed",
            where="""
                o.authorized_at IS NULL AND o.status IN ('expired', 'cancelled') AND EXISTS (
                    SELECT FROM orders_timelineentry t
                     WHERE t.order_id = o.id AND t.code = 'paid-without-stock')
            """,
        ),
        Figure(
            code="to-invoiced",
            title=_("From payment to invoice"),
            meaning=_("By the day the order was invoiced in full; time by the clock, nights too."),
            time="invoiced",
            where="o.authorized_at IS NOT NULL",
            key=steps("o.authorized_at", "o.invoiced_at"),
        ),
        Figure(
            code="to-handed-over",
            title=_("From invoice to hand-over"),
            meaning=_("By the day of the hand-over; time by the clock, nights too."),
            time="shipped",
            where="o.invoiced_at IS NOT NULL",
            key=steps("o.invoiced_at", "o.shipped_at"),
        ),
    )
    return {figure.code: figure for figure in found}


def _cancelled_words() -> dict[str, Text]:
    ours = {f"seller:{reason}": reason.label for reason in Reason}
    other = pgettext_lazy("reason of a cancellation", "another reason")
    return {**_WHO_WORDS, **ours, "seller:other": other}
