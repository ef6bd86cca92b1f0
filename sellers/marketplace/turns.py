"""A call's turn: the account's circuit is closed and its rate has room, asked in one round trip."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from django.conf import settings

from sellers.marketplace import breaker, rate, shared

Clock = Callable[[], datetime]
#: How long a call waits for its turn before it gives up.
_LONGEST_SECONDS = 2.0

# Answers: the moment to ask again ('0': the circuit lets us through), the milliseconds until the
# rate has room (0: it had, and a token is taken), and whether there is anything a success mends.
_ASK = (
    rate.BUCKET
    + """
local circuits, probe, bucket, failures = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local account, now = ARGV[1], tonumber(ARGV[2])
local open_until = redis.call('ZSCORE', circuits, account)
if open_until and tonumber(open_until) > now then return {open_until, 0, 1} end
if open_until and redis.call('EXISTS', probe) == 1 then return {tostring(now + 1), 0, 1} end
local wait = take(bucket, tonumber(ARGV[4]), tonumber(ARGV[5]))
if wait > 0 then return {'0', wait, 1} end
if open_until then redis.call('SET', probe, 1, 'PX', ARGV[3]) end
local ailing = open_until or redis.call('EXISTS', failures) == 1
return {'0', 0, ailing and 1 or 0}
"""
)


@dataclass(frozen=True, slots=True)
class Turn:
    """`until`: not now, ask again then. `ailing`: a success has something to mend."""

    until: datetime | None = None
    rate_is_used_up: bool = False
    ailing: bool = True


def wait_for(*, account_id: int, clock: Clock, patient: bool = True) -> Turn:
    """Take the account's turn to make a call, perhaps as the probe of its circuit.

    Waits a moment for the rate to have room, unless it is not `patient`: it gives way to others.
    """
    longest = _LONGEST_SECONDS if patient else 0.0
    return _wait(lambda: _ask(account_id, clock()), clock, longest=longest)


def wait_for_another(*, account_id: int, clock: Clock) -> Turn:
    """The same for the second call of one turn: the circuit let the first one through."""
    return _wait(lambda: _Answer(None, rate.take(account_id=account_id), True), clock)


class _Answer(NamedTuple):
    until: datetime | None
    wait: float
    ailing: bool


def _wait(ask: Callable[[], _Answer], clock: Clock, *, longest: float = _LONGEST_SECONDS) -> Turn:
    deadline = time.monotonic() + longest
    while True:
        until, wait, ailing = ask()
        if until is not None:
            return Turn(until)
        if not wait:
            return Turn(ailing=ailing)
        if time.monotonic() + wait > deadline:
            return Turn(clock() + timedelta(seconds=wait), rate_is_used_up=True)
        time.sleep(wait)


def _ask(account_id: int, now: datetime) -> _Answer:
    keys = (
        breaker.CIRCUITS,
        breaker.key("probe", account_id),
        rate.key(account_id),
        breaker.key("failures", account_id),
    )
    try:
        until, wait_ms, ailing = shared.board().eval(
            _ASK,
            len(keys),
            *keys,
            str(account_id),
            str(now.timestamp()),
            str(breaker.PROBE_MS),
            str(settings.OUTBOUND_RATE_PER_SECOND),
            str(settings.OUTBOUND_BURST),
        )
    except shared.Unreachable:
        return _Answer(None, rate.take_alone(account_id), True)
    moment = datetime.fromtimestamp(float(until), tz=UTC) if float(until) else None
    return _Answer(moment, int(wait_ms) / 1000, bool(ailing))
