"""What the queue says of each order: a fixed number of queries, however many there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Min, Sum
from django.utils.translation import gettext as _

from invoicing import contents, leasing, queueing
from invoicing.models import PackageItem, Pick, PickSlot
from invoicing.screens.board import warehouses_of
from invoicing.screens.due import Due, due
from orders.models import Order, OrderLine
from orders.states import Status
from sellers.admin.base import local
from sellers.models import ShippingPolicy


@dataclass(frozen=True)
class Row:
    """`stage` is one of `queueing.STAGES`, empty for what is no work any more."""

    order: Order
    due: Due
    moment: str
    warehouses: str
    policy: str
    lines: int
    units: int
    packed: int
    picked: int
    slot: PickSlot | None
    stage: str
    status: str
    detail: str
    packers: str

    @property
    def can_be_packed(self) -> bool:
        return self.order.status in contents.PACKABLE

    @property
    def is_free(self) -> bool:
        """It can be packed at once: nobody is at it, nothing stands in the way."""
        return self.stage in ("ready", "begun", "picked") and not self.packers

    @property
    def can_be_picked(self) -> bool:
        return self.stage in ("ready", "begun", "picked")


def rows_of(orders: list[Order], *, policies: Iterable[ShippingPolicy], now: datetime) -> list[Row]:
    """`orders` as `queueing.orders_of` gives them."""
    names = {(policy.account_id, policy.ref): policy.name for policy in policies}
    facts = _Facts(
        places=warehouses_of(orders),
        ordered=_ordered(orders),
        packed=_packed(orders),
        picked=_picked(orders),
        slots=_slots(orders),
        packers=leasing.holders(orders, now=now),
    )
    return [_row(order, facts, names=names, now=now) for order in orders]


@dataclass(frozen=True)
class _Facts:
    """All by order pk."""

    places: Mapping[int, Iterable[Any]]
    ordered: Mapping[int, Mapping[str, Any]]
    packed: Mapping[int, int]
    picked: Mapping[int, int]
    slots: Mapping[int, PickSlot]
    packers: Mapping[int, str]


def _ordered(orders: Iterable[Order]) -> dict[int, Mapping[str, Any]]:
    sums = (
        OrderLine.objects.filter(order__in=list(orders), quantity__gt=0)
        .values("order")
        .annotate(lines=Count("pk"), units=Sum("quantity"), policy=Min("policy_ref"))
        .order_by()
    )
    return {row["order"]: row for row in sums}


def _packed(orders: Iterable[Order]) -> dict[int, int]:
    items = PackageItem.objects.filter(package__order__in=list(orders))
    return dict(items.values_list("package__order").annotate(it=Sum("quantity")).order_by())


def _picked(orders: Iterable[Order]) -> dict[int, int]:
    picks = Pick.objects.filter(slot__order__in=list(orders), gesture__undone_at=None)
    return dict(picks.values_list("slot__order").annotate(it=Sum("quantity")).order_by())


def _slots(orders: Iterable[Order]) -> dict[int, PickSlot]:
    """Each order's place on the list that is walked, else on the last one."""
    rows = PickSlot.objects.filter(order__in=list(orders)).select_related("pick_list__owner")
    return {slot.order_id: slot for slot in rows.order_by("pk")}


def _row(
    order: Order, facts: _Facts, *, names: Mapping[tuple[int, str], str], now: datetime
) -> Row:
    sums = facts.ordered.get(order.pk, {"lines": 0, "units": 0, "policy": ""})
    slot = facts.slots.get(order.pk)
    stage = queueing.stage_of(order) if order.status in queueing.SHOWN else ""
    packers = facts.packers.get(order.pk, "")
    status, detail = _told(order, stage, slot, packers)
    return Row(
        order=order,
        due=due(order.due_at, now=now),
        moment=local(order.due_at, order.account.zone) if order.due_at else "",
        warehouses=", ".join(str(place) for place in facts.places.get(order.pk, ())),
        policy=names.get((order.account_id, sums["policy"]), sums["policy"]),
        lines=sums["lines"],
        units=sums["units"],
        packed=facts.packed.get(order.pk, 0),
        picked=facts.picked.get(order.pk, 0),
        slot=slot,
        stage=stage,
        status=status,
        detail=detail,
        packers=packers,
    )


def _told(order: Order, stage: str, slot: PickSlot | None, packers: str) -> tuple[str, str]:
    """Where the work stands, in words, and by whom or where."""
    where = _where(slot) if slot and order.is_picked else ""  # type: ignore[attr-defined]  # from with_stage
    if stage == "stopped" and order.is_short:  # type: ignore[attr-defined]  # from with_stage
        return _("units missing"), where
    if stage == "stopped" and order.change_asked_at:
        return _("change asked"), where
    if stage == "picking" and slot:
        owner = slot.pick_list.owner
        return _("being picked"), owner.get_full_name() or owner.get_username()
    if stage == "picked":
        return _("picked"), where
    if stage == "ready" and not packers:
        return str(Status.AUTHORIZED.label), ""
    return order.get_status_display(), packers


def _where(slot: PickSlot) -> str:
    if slot.tote:
        return _("tote %(tote)s") % {"tote": slot.tote}
    facts = {"list": str(slot.pick_list), "number": slot.number}
    return _("slot %(number)d of %(list)s") % facts
