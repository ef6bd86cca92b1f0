"""The story of an order: its timeline and what was told the marketplace, as one list in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from django.utils.translation import gettext as _

from orders.models import Order, TimelineEntry
from orders.sentences import BAD, INFO, OK, WARN, detail_of, words_for
from sellers.marketplace import advice
from sellers.marketplace.documents import without_document
from sellers.models import DeliveryAttempt, OutboxMessage


class Happening(NamedTuple):
    """One line of the story. `tone` is ok, info, warn or bad; `actor` empty for the system.

    `said` and `answered` are the bodies of a call to the marketplace, without personal data.
    """

    at: datetime
    title: str
    detail: str
    actor: str
    tone: str
    said: str = ""
    answered: str = ""


def story_of(order: Order, *, shows_money: bool = False) -> list[Happening]:
    """Everything that happened to `order`, oldest first, in the current language.

    Three queries, whatever the length. Amounts, and what was said to the marketplace, appear only
    with `shows_money`.
    """
    told = [*_own(order, shows_money=shows_money), *_messages(order, shows_money=shows_money)]
    return sorted(told, key=lambda happening: happening.at)


def _own(order: Order, *, shows_money: bool) -> Iterator[Happening]:
    currency = order.account.currency
    for entry in order.timeline.select_related("actor").order_by("id"):
        words = words_for(entry.code)
        yield Happening(
            entry.at,
            str(words.title),
            detail_of(entry.facts, currency=currency, shows_money=shows_money),
            _name(entry),
            words.tone,
        )


def _name(entry: TimelineEntry) -> str:
    return (entry.actor.get_full_name() or entry.actor.get_username()) if entry.actor else ""


def _messages(order: Order, *, shows_money: bool) -> Iterator[Happening]:
    messages = OutboxMessage.objects.filter(
        account_id=order.account_id, subject=order.marketplace_order_id
    )
    for message in messages.prefetch_related("attempts").order_by("id"):
        attempts = list(message.attempts.all())
        for number, attempt in enumerate(attempts, start=1):
            told = _tried(message, attempt, number=number, is_last=number == len(attempts))
            yield _with_bodies(told, message, attempt) if shows_money else told
        yield from _fate(message, tried=bool(attempts))


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
    return told._replace(said=without_document(message.body), answered=attempt.response)


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
