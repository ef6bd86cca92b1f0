"""How orders are chosen for a report: each filter with its SQL."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection
from django.utils.translation import gettext_lazy as _

from orders.admin.filters import GROUPS
from orders.admin.searching import matching
from orders.models import Order
from orders.states import Status
from reporting.dashboard.figures import figures
from reporting.declarations import Condition, Text
from reporting.figures import CAUSES, TO_MEND
from reporting.filtering import AnyId, MomentOf, OneOf, Period
from sellers.models import SellerAccount, ShippingPolicy, Warehouse

#: Longer lists of choices help nobody.
MOST_OPTIONS = 300
TO_BE_MENDED = "mend"

#: The times of an order, for a period by any of them.
MOMENTS = {
    name: MomentOf(label, f"o.{name}_at", may_lack=name != "placed", sort=f"{name}_at")
    for name, label in (
        ("placed", _("Placed")),
        ("authorized", _("Authorised")),
        ("due", _("Hand over by")),
        ("handling", _("Handling began")),
        ("invoiced", _("Invoiced on")),
        ("shipped", _("Handed over")),
        ("delivered", _("Delivered")),
        ("cancelled", _("Cancelled")),
    )
}


def _statuses() -> list[tuple[str, Text]]:
    groups = [(name, title) for name, (title, statuses) in GROUPS.items() if len(statuses) > 1]
    return [*groups, *((str(status), status.label) for status in Status)]


def _in_status(code: str) -> Condition:
    statuses = GROUPS[code][1] if code in GROUPS else (code,)
    return Condition("o.status = ANY(%s)", ([str(status) for status in statuses],))


def accounts() -> list[tuple[str, Text]]:
    accounts = SellerAccount.objects.order_by("name").values_list("pk", "name")
    return [(str(pk), name) for pk, name in accounts[:MOST_OPTIONS]]


def _of_account(pk: str) -> Condition:
    return Condition("o.account_id = %s", (int(pk),))


def _differences() -> list[tuple[str, Text]]:
    return [(TO_BE_MENDED, _("only differences")), *((str(one), CAUSES[one]) for one in TO_MEND)]


def _differing(code: str) -> Condition:
    kept = "EXISTS (SELECT FROM reporting_difference d WHERE d.order_id = o.id"
    if code == TO_BE_MENDED:
        return Condition(f"{kept})")
    return Condition(f"{kept} AND d.cause = %s)", (code,))


def slas() -> list[tuple[str, Text]]:
    """By id, as the lines have it; accounts with the same id share the choice."""
    policies = ShippingPolicy.objects.order_by("ref", "account").values_list("ref", "name")
    names: dict[str, Text] = {}
    for ref, name in policies[:MOST_OPTIONS]:
        names.setdefault(ref, name if name == ref else f"{name} ({ref})")
    return list(names.items())


def _by_sla(ref: str) -> Condition:
    return Condition(
        "EXISTS (SELECT FROM orders_orderline l WHERE l.order_id = o.id AND l.policy_ref = %s)",
        (ref,),
    )


def _warehouses() -> list[tuple[str, Text]]:
    found = Warehouse.objects.order_by("name").values_list("pk", "name")[:MOST_OPTIONS]
    return [(str(pk), name) for pk, name in found]


def _from_warehouse(pk: str) -> Condition:
    return Condition(
        "EXISTS (SELECT FROM sellers_hold h JOIN sellers_stocklevel v ON v.id = h.level_id "
        "WHERE h.seller_order_id = o.seller_order_id AND h.state <> 'released' "
        "AND v.warehouse_id = %s)",
        (int(pk),),
    )


# Steps from one name to the next by the index, instead of reading every package.
_CARRIERS = """
WITH RECURSIVE names AS (
    (SELECT courier FROM invoicing_package WHERE courier <> '' ORDER BY courier LIMIT 1)
    UNION ALL
    SELECT (SELECT p.courier FROM invoicing_package p
             WHERE p.courier <> '' AND p.courier > names.courier ORDER BY p.courier LIMIT 1)
      FROM names WHERE names.courier IS NOT NULL
)
SELECT courier FROM names WHERE courier IS NOT NULL LIMIT %s
"""


def _carriers() -> Sequence[tuple[str, Text]]:
    with connection.cursor() as cursor:
        cursor.execute(_CARRIERS, [MOST_OPTIONS])
        return [(name, name) for (name,) in cursor.fetchall()]


def _by_carrier(name: str) -> Condition:
    return Condition(
        "EXISTS (SELECT FROM invoicing_package p WHERE p.order_id = o.id AND p.courier = %s)",
        (name,),
    )


def _with_id(text: str) -> Condition:
    pks = matching(Order.objects.all(), text).values_list("pk", flat=True)
    return Condition("o.id = ANY(%s)", (list(pks),))


def _figures() -> list[tuple[str, Text]]:
    """The figures of the dashboard, whole and by what they come to."""
    found: list[tuple[str, Text]] = []
    for code, figure in figures().items():
        found.append((code, figure.title))
        words = [
            *figure.keys.items(),
            *((name, group.title) for name, group in figure.groups.items()),
        ]
        found += ((f"{code}.{key}", f"{figure.title}: {word}") for key, word in words)
    return found


def _in_figure(code: str) -> Condition:
    name, _dot, key = code.partition(".")
    figure = figures()[name]
    if not key:
        return Condition(f"{figure.moment} IS NOT NULL AND ({figure.where})")
    return Condition(f"({figure.where}) AND ({figure.key}) = ANY(%s)", (list(figure.keys_of(key)),))


FILTERS = (
    AnyId(
        name="q",
        label=_("Any id"),
        hint=_("order, invoice, tracking, SKU"),
        means=_with_id,
    ),
    Period(moments=MOMENTS, account="o.account_id"),
    OneOf(name="status", label=_("Status"), options=_statuses, means=_in_status),
    OneOf(name="account", label=_("Account"), options=accounts, means=_of_account, rare=True),
    OneOf(name="figure", label=_("Figure"), options=_figures, means=_in_figure, rare=True),
    OneOf(name="difference", label=_("Difference"), options=_differences, means=_differing),
    OneOf(name="sla", label=_("SLA"), options=slas, means=_by_sla, rare=True),
    OneOf(
        name="warehouse",
        label=_("Warehouse"),
        options=_warehouses,
        means=_from_warehouse,
        rare=True,
    ),
    OneOf(name="carrier", label=_("Carrier"), options=_carriers, means=_by_carrier, rare=True),
)
