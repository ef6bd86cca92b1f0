"""What one try means for its message: settled, or tried again, and when. Pure."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from django.conf import settings

from sellers.marketplace.models import DeliveryAttempt, OutboxMessage

Outcome = DeliveryAttempt.Outcome
Status = OutboxMessage.Status

GIVE_UP_AFTER = timedelta(hours=24)
#: An order just placed, or an invoice just accepted, may be unknown to a part of the marketplace
#: for a moment.
PROPAGATION = timedelta(minutes=5)
_ABOUT_WHAT_IS_NEW = frozenset(
    {
        OutboxMessage.Kind.INVOICE,
        OutboxMessage.Kind.TRACKING,
        OutboxMessage.Kind.TRACKING_EVENTS,
    }
)
_LONGEST_RETRY_AFTER = timedelta(hours=6)
_HEALING_STATUSES = frozenset({408, 425})

#: What these ask for has happened, or never will, and neither is a fault: handling began already;
#: after a return the refund is paid, and the marketplace may keep the order as invoiced.
_MOVED_ON: dict[str, tuple[int, ...]] = {
    OutboxMessage.Kind.START_HANDLING: (409,),
    OutboxMessage.Kind.CANCEL_RETURNED: (400, 409),
}

SETTLED = {
    Outcome.DELIVERED: Status.DELIVERED,
    Outcome.FOUND: Status.DELIVERED,
    Outcome.ALREADY_MOVED_ON: Status.DELIVERED,
    Outcome.REJECTED: Status.REJECTED,
    Outcome.UNAUTHORISED: Status.UNAUTHORISED,
}
#: After these the marketplace may or may not have acted.
UNKNOWN = frozenset({Outcome.UNANSWERED, Outcome.FAILED})


@dataclass(frozen=True, slots=True)
class Trial:
    """What one try came to. `retry_after` is what the marketplace asked for, if it did;
    `earlier_try_absent` says that the order document shows no earlier try, `reading` is the call
    that told so."""

    started_at: datetime
    duration_ms: int
    outcome: Outcome
    detail: str = ""
    http_status: int | None = None
    response: str = ""
    receipt: str = ""
    retry_after: timedelta | None = None
    earlier_try_absent: bool = False
    reading: Trial | None = None


@dataclass(frozen=True, slots=True)
class Deferred:
    """Not tried: the account's circuit is open, or its rate is used up, until `until`."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """Where the message goes. `wait` counts when it stays pending."""

    status: Status
    wait: timedelta = timedelta(0)


def outcome_of(*, kind: str, http_status: int) -> Outcome:
    """What the marketplace's status means for a message of `kind`."""
    if 200 <= http_status < 300:
        return Outcome.DELIVERED
    if http_status == 401:
        return Outcome.UNAUTHORISED
    if http_status == 429:
        return Outcome.THROTTLED
    if http_status >= 500 or http_status in _HEALING_STATUSES:
        return Outcome.FAILED
    if http_status in _MOVED_ON.get(kind, ()):
        return Outcome.ALREADY_MOVED_ON
    return Outcome.REJECTED


def verdict(message: OutboxMessage, trial: Trial, *, now: datetime) -> Verdict:
    """Settled by its outcome, else tried again until a day has passed since the first failure."""
    failing_for = now - (message.trying_since or trial.started_at)
    settled = SETTLED.get(trial.outcome)
    if concerns_one_order(message, trial):
        settled = Status.REJECTED
    if settled and not (_may_be_propagation(message, trial) and failing_for < PROPAGATION):
        return Verdict(settled)
    if failing_for >= GIVE_UP_AFTER:
        return Verdict(Status.EXHAUSTED)
    return Verdict(Status.PENDING, wait=_patience(trial, failing_for))


def concerns_one_order(message: OutboxMessage, trial: Trial) -> bool:
    """The address an order came with must not be called; the account's other orders are well."""
    return bool(message.base_url) and trial.outcome == Outcome.MISDIRECTED


def _may_be_propagation(message: OutboxMessage, trial: Trial) -> bool:
    return message.kind in _ABOUT_WHAT_IS_NEW and trial.http_status == 404


def _patience(trial: Trial, failing_for: timedelta) -> timedelta:
    """As long again as it has been failing (so waits double), within bounds, spread by jitter.

    What the marketplace asked for is a minimum: jitter only adds to it.
    """
    shortest, longest = (timedelta(seconds=s) for s in settings.OUTBOUND_BACKOFF_SECONDS)
    own = min(longest, max(shortest, failing_for)) * random.uniform(0.75, 1.25)  # noqa: S311 (spread, not secrecy)
    asked = rest_asked_for(trial)
    return max(own, asked * random.uniform(1.0, 1.1))  # noqa: S311 (spread, not secrecy)


def rest_asked_for(trial: Trial) -> timedelta:
    """How long the marketplace wants to be left alone; zero when it did not ask."""
    if trial.outcome == Outcome.THROTTLED and trial.retry_after is None:
        return timedelta(seconds=settings.OUTBOUND_THROTTLED_SECONDS)
    return trial.retry_after or timedelta(0)


def retry_after(header: str, *, now: datetime) -> timedelta | None:
    """The Retry-After header, in seconds or as a date; None when absent or unreadable."""
    value = header.strip()
    if value.isascii() and value.isdigit() and len(value) < 10:
        asked = timedelta(seconds=int(value))
    else:
        try:
            moment = parsedate_to_datetime(value)
        except ValueError:
            return None
        asked = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now
    return min(max(asked, timedelta(0)), _LONGEST_RETRY_AFTER)
