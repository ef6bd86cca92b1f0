"""The story of an order: its timeline and what was told the marketplace, as one list in words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from django.utils.translation import gettext as _

from orders import status_names
from orders.models import Order
from orders.sentences import BAD, INFO, OK, WARN, detail_of, words_for
from sellers.marketplace import advice
from sellers.marketplace.documents import without_document
from sellers.models import DeliveryAttempt, OutboxMessage, User

_LOOKS = (DeliveryAttempt.Outcome.SEEN, DeliveryAttempt.Outcome.NOT_SEEN)


class Happening(NamedTuple):
    """One line of the story. `tone` is ok, info, warn or bad; `actor` empty for the system.

    `said` and `answered` are the bodies of a call to the marketplace, without personal data;
    `heard` is a notice of its.
    """

    at: datetime
    title: str
    detail: str
    actor: str
    tone: str
    said: str = ""
    answered: str = ""
    heard: str = ""


def story_of(
    order: Order, *, shows_money: bool = False, shows_notices: bool = False
) -> list[Happening]:
    """Everything that happened to `order`, oldest first, in the current language.

    A fixed number of queries, whatever the length. Amounts, and what was said to the marketplace,
    appear only with `shows_money`; what its notices said only with `shows_notices`.
    """
    told = [
        *_own(order, shows_money=shows_money),
        *_messages(order, shows_money=shows_money),
        *_notices(order, shows_notices=shows_notices),
    ]
    return sorted(told, key=lambda happening: happening.at)


def _own(order: Order, *, shows_money: bool) -> Iterator[Happening]:
    currency = order.account.currency
    for entry in order.timeline.select_related("actor").order_by("id"):
        words = words_for(entry.code)
        yield Happening(
            entry.at,
            str(words.title),
            detail_of(entry.facts, currency=currency, shows_money=shows_money),
            _name(entry.actor),
            words.tone,
        )


def _name(actor: User | None) -> str:
    return (actor.get_full_name() or actor.get_username()) if actor else ""


def _notices(order: Order, *, shows_notices: bool) -> Iterator[Happening]:
    """What the marketplace's hook and feed brought about it, whatever came of it."""
    for event in order.events.order_by("id"):
        parts = [event.get_source_display(), event.get_outcome_display()]
        yield Happening(
            event.received_at,
            _("Notice from the marketplace: %(status)s")
            % {"status": status_names.told(event.state)},
            " · ".join(filter(None, parts)),
            "",
            WARN if event.flagged_at else INFO,
            heard=json.dumps(event.document, ensure_ascii=False) if shows_notices else "",
        )


def _messages(order: Order, *, shows_money: bool) -> Iterator[Happening]:
    messages = OutboxMessage.objects.filter(
        account_id=order.account_id, subject=order.marketplace_order_id
    )
    attempted = list(messages.prefetch_related("attempts", "decisions__actor").order_by("id"))
    yield from _looks(attempted, shows_money=shows_money)
    for message in attempted:
        tries = [call for call in message.attempts.all() if call.outcome not in _LOOKS]
        for number, attempt in enumerate(tries, start=1):
            told = _tried(message, attempt, number=number, is_last=number == len(tries))
            yield _with_bodies(told, message, attempt) if shows_money else told
        yield from _fate(message, tried=bool(tries))
        yield from _decided(message)


def _looks(messages: list[OutboxMessage], *, shows_money: bool) -> Iterator[Happening]:
    """Readings of the order: one may have been for several messages, and is told once."""
    kinds: dict[tuple[datetime, str], dict[str, DeliveryAttempt]] = {}
    for message in messages:
        for call in message.attempts.all():
            if call.outcome in _LOOKS:
                of_one = kinds.setdefault((call.at, call.outcome), {})
                of_one[message.get_kind_display()] = call
    for of_one in kinds.values():
        yield _looked(", ".join(of_one), next(iter(of_one.values())), shows_money=shows_money)


def _looked(what: str, call: DeliveryAttempt, *, shows_money: bool) -> Happening:
    parts = [str(call.http_status or ""), call.get_outcome_display(), _("%d ms") % call.duration_ms]
    return Happening(
        call.at,
        _("Looked for in the marketplace's order: %(what)s") % {"what": what},
        " · ".join(filter(None, parts)),
        "",
        OK if call.outcome == DeliveryAttempt.Outcome.SEEN else INFO,
        answered=call.response if shows_money else "",
    )


def _decided(message: OutboxMessage) -> Iterator[Happening]:
    """What staff decided about it."""
    for decision in message.decisions.all():
        what = {"what": message.get_kind_display(), "verdict": decision.get_verdict_display()}
        yield Happening(
            decision.at,
            _("Message to the marketplace, %(what)s: %(verdict)s") % what,
            decision.reason,
            _name(decision.actor),
            INFO,
        )


def _tried(
    message: OutboxMessage, attempt: DeliveryAttempt, *, number: int, is_last: bool
) -> Happening:
    arrived = is_last and message.status == OutboxMessage.Status.DELIVERED
    title = _("Marketplace told: %(what)s") if arrived else _("Telling the marketplace: %(what)s")
    parts = [
        _("attempt %d") % number,
        str(attempt.http_status or ""),
        attempt.get_outcome_display(),
        advice.translated(attempt.detail),
        _("%d ms") % attempt.duration_ms,
    ]
    if arrived and message.receipt:
        parts.append(_("receipt %s") % message.receipt)
    return Happening(
        attempt.at,
        title % {"what": message.get_kind_display()},
        " · ".join(filter(None, parts)),
        "",
        OK if arrived else _tone(message) if is_last else WARN,
    )


def _with_bodies(told: Happening, message: OutboxMessage, attempt: DeliveryAttempt) -> Happening:
    is_reading = attempt.outcome in DeliveryAttempt.READINGS
    said = "" if is_reading else without_document(_body_then(message, attempt))
    return told._replace(said=said, answered=attempt.response)


def _body_then(message: OutboxMessage, attempt: DeliveryAttempt) -> str:
    """What was sent at that try: a correction keeps what had been sent until then."""
    for decision in message.decisions.all():
        if decision.said_before and decision.at >= attempt.at:
            return decision.said_before
    return message.body


def _fate(message: OutboxMessage, *, tried: bool) -> Iterator[Happening]:
    """What the attempts don't say: not sent yet, given up, no longer needed, without effect."""
    missing = message.applied == OutboxMessage.Applied.MISSING
    if message.status == OutboxMessage.Status.DELIVERED and not missing:
        return
    if message.status == OutboxMessage.Status.PENDING and tried:
        return
    what = {"what": message.get_kind_display(), "fate": advice.standing_of(message).words}
    yield Happening(
        message.settled_at or message.created_at,
        _("Message to the marketplace, %(what)s: %(fate)s") % what,
        advice.translated(message.last_error),
        "",
        BAD if missing else _tone(message),
    )


def _tone(message: OutboxMessage) -> str:
    if message.status in OutboxMessage.NEEDS_ATTENTION:
        return BAD
    return WARN if message.status == OutboxMessage.Status.PENDING and message.last_error else INFO
