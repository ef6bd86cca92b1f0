"""A pick list's life: whose it is, interrupted or not, finished; its totes."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from invoicing.models import PickList, PickSlot
from orders.states import OPEN
from sellers.errors import Conflict, NotFound
from sellers.models import User


def lock(pick_list: PickList) -> PickList:
    """The list, with its row held (races: a scan and a take-over, a scan and the finish).

    Held before any order's row. Raises Conflict `finished`.
    """
    rows = PickList.objects.select_for_update(of=("self",)).select_related("owner", "warehouse")
    locked = rows.get(pk=pick_list.pk)
    if locked.finished_at is not None:
        raise Conflict("finished", _("This pick list is finished."))
    return locked


def lock_own(pick_list: PickList, *, actor: User) -> PickList:
    """The same, for what only its picker may do. Raises Conflict `not-yours`, naming who it is."""
    locked = lock(pick_list)
    if locked.owner_id != actor.pk:
        name = locked.owner.get_full_name() or locked.owner.get_username()
        raise Conflict("not-yours", _("%(who)s has this list. Take it over first.") % {"who": name})
    return locked


@transaction.atomic
def take_over(*, pick_list: PickList, now: datetime, actor: User) -> PickList:
    """The list is `actor`'s from now on; what whoever had it scans is refused."""
    locked = lock(pick_list)
    locked.owner = actor
    locked.save(update_fields=["owner"])
    go_on(locked, now=now)
    return locked


@transaction.atomic
def pause(*, pick_list: PickList, now: datetime, actor: User) -> PickList:
    """The walk's clock stops until somebody goes on."""
    locked = lock_own(pick_list, actor=actor)
    if locked.paused_at is None:
        locked.paused_at = now
        locked.save(update_fields=["paused_at"])
    return locked


@transaction.atomic
def resume(*, pick_list: PickList, now: datetime, actor: User) -> PickList:
    locked = lock_own(pick_list, actor=actor)
    go_on(locked, now=now)
    return locked


def go_on(locked: PickList, *, now: datetime) -> None:
    """A locked list's clock runs again."""
    if locked.paused_at is None:
        return
    locked.paused_for += now - locked.paused_at
    locked.paused_at = None
    locked.save(update_fields=["paused_for", "paused_at"])


@transaction.atomic
def finish(*, pick_list: PickList, now: datetime, actor: User) -> PickList:
    """The walk is over. What is left of its orders may go on another list."""
    locked = lock_own(pick_list, actor=actor)
    go_on(locked, now=now)
    locked.finished_at = now
    locked.save(update_fields=["finished_at"])
    locked.slots.update(closed_at=now)
    return locked


@transaction.atomic
def put_into_tote(*, pick_list: PickList, number: int, tote: str, actor: User) -> PickSlot:
    """Slot `number` is a tote with a code of its own; no code takes it away.

    Raises NotFound, Conflict `tote-in-use` when goods of another open order are in it.
    """
    locked = lock_own(pick_list, actor=actor)
    slot = locked.slots.select_related("order").filter(number=number).first()
    if slot is None:
        raise NotFound("no-such-slot", _("This list has no slot %(number)s.") % {"number": number})
    tote = tote.strip()[:40]
    other = in_use(tote).exclude(order=slot.order_id).first() if tote else None
    if other is not None:
        facts = {"tote": tote, "order": other.order.marketplace_order_id}
        raise Conflict("tote-in-use", _("Order %(order)s is in tote %(tote)s.") % facts)
    slot.tote = tote
    slot.save(update_fields=["tote"])
    return slot


def in_use(tote: str) -> QuerySet[PickSlot]:
    """Where goods lie in that tote, the latest first."""
    slots = PickSlot.objects.filter(tote=tote, order__status__in=OPEN)
    return slots.select_related("order__account").order_by("-pk")
