"""What staff do about a matter from the inbox: take it, put it off, or the one step itself."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from orders import flagging, listening
from orders.models import OrderEvent, TimelineEntry
from reporting.attention.cause import Do, Thing
from reporting.attention.causes import CAUSES, PROBLEM_CODES
from reporting.attention.inbox import collect
from reporting.attention.rows import Row
from reporting.models import AttentionMark
from sellers.errors import Conflict, NotFound
from sellers.marketplace import deciding
from sellers.models import OutboxMessage, User

#: How long something may be put off, by hours.
PUT_OFF_HOURS = (1, 4, 24, 72, 168)
#: A mark nobody touched for so long is about something that is over.
STALE_AFTER = timedelta(days=90)


def matter(cause: str, about: int, *, now: datetime) -> Row:
    """The matter as it stands now, put off or not. Raises NotFound when it is over."""
    for snoozed in (False, True):
        for row in collect({cause}, now=now, snoozed=snoozed, only={"about": about}):
            return row
    raise NotFound("settled", _("This is settled already."))


def take(row: Row, *, actor: User, now: datetime) -> AttentionMark:
    """`actor` sees to it; taking it from somebody is allowed, and shows."""
    return _mark(row, actor=actor, now=now, taken_by=actor)


def let_go(row: Row, *, actor: User, now: datetime) -> AttentionMark:
    return _mark(row, actor=actor, now=now, taken_by=None)


def put_off(row: Row, *, hours: int, actor: User, now: datetime) -> AttentionMark:
    """Out of sight for `hours`, or until the same thing is stuck anew."""
    return _mark(row, actor=actor, now=now, snoozed_until=now + timedelta(hours=hours))


def bring_back(row: Row, *, actor: User, now: datetime) -> AttentionMark:
    return _mark(row, actor=actor, now=now, snoozed_until=None)


def _mark(
    row: Row, *, actor: User, now: datetime, **changes: User | datetime | None
) -> AttentionMark:
    AttentionMark.objects.filter(marked_at__lt=now - STALE_AFTER).delete()
    earlier = AttentionMark.objects.filter(cause=row.cause, about=row.about)
    # Stuck anew: what was marked then does not hold now.
    earlier.exclude(since=row.since).delete()
    facts = {"since": row.since, "marked_by": actor, "marked_at": now} | changes
    mark, _new = AttentionMark.objects.update_or_create(
        cause=row.cause, about=row.about, defaults=facts
    )
    return mark


def act(row: Row, *, actor: User, now: datetime) -> str:
    """The step of a cause that needs no page of its own; says what was done.

    Raises DomainError as the use case behind it does.
    """
    cause = CAUSES[row.cause]
    if cause.do is Do.RESEND:
        deciding.resend(OutboxMessage.objects.get(pk=row.about), actor=actor, now=now)
        return _("It will be sent again now.")
    if cause.do is Do.SEEN and cause.thing is Thing.PROBLEM:
        _settle(row, actor=actor, now=now)
        return _("Settled.")
    if cause.do is Do.SEEN and cause.thing is Thing.EVENT:
        listening.seen(OrderEvent.objects.get(pk=row.about))
        return _("Settled.")
    raise NotFound("no-step", _("There is nothing to do here."))


def _settle(row: Row, *, actor: User, now: datetime) -> None:
    """Settling is for the whole order, so nothing may stand there that others must look at."""
    entry = TimelineEntry.objects.select_related("order").get(pk=row.about)
    beside = collect(PROBLEM_CODES, now=now, only={"order": entry.order_id})
    if not all(actor.has_perm(CAUSES[each.cause].acts) for each in beside):
        raise Conflict("others-look", _("A manager has to look at this order too."))
    flagging.settle(entry.order, now=now, actor=actor)
