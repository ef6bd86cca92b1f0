"""One circuit per account, shared by every worker: a marketplace in trouble is left in peace.

Closed, calls pass. A few failures in a row, or one 429, open it for a while. Then one call, the
probe, may try: success closes the circuit, failure opens it again for twice as long. A call asks
for its turn in `turns`; what came of it is told here.
Without Redis every circuit is closed; each message's own back-off still holds.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings

from sellers.marketplace import shared

#: Accounts whose circuit is open, scored by the moment (epoch, seconds) it may be probed.
CIRCUITS = "portal:circuits"
_FAILURES_TOCIRCUITS = 5
#: A probe that nobody hears of again makes room for another one.
PROBE_MS = 60_000
_FORGET_SECONDS = 86_400

_FAIL = """
local until_now = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or 0)
local now = tonumber(ARGV[2])
local rest = tonumber(ARGV[3])
if rest == 0 and until_now == 0 then
  local failures = redis.call('INCR', KEYS[2])
  redis.call('EXPIRE', KEYS[2], ARGV[7])
  if failures < tonumber(ARGV[4]) then return '0' end
end
if rest == 0 then
  if until_now > now then return tostring(until_now) end
  local last = tonumber(redis.call('GET', KEYS[4]) or 0)
  rest = math.min(tonumber(ARGV[6]), math.max(tonumber(ARGV[5]), last * 2))
  redis.call('SET', KEYS[4], rest, 'EX', ARGV[7])
end
local new_until = math.max(until_now, now + rest)
redis.call('ZADD', KEYS[1], string.format('%.3f', new_until), ARGV[1])
redis.call('DEL', KEYS[3])
return tostring(new_until)
"""
_SUCCEED = """
local open_until = redis.call('ZSCORE', KEYS[1], ARGV[1])
if open_until and tonumber(open_until) > tonumber(ARGV[2]) then return 0 end
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('DEL', KEYS[2], KEYS[3], KEYS[4])
return 1
"""


def resting(*, now: datetime) -> list[int]:
    """The accounts nothing should be sent to at `now`."""
    try:
        members = shared.board().zrangebyscore(CIRCUITS, f"({now.timestamp()}", "+inf")
        return [int(str(member)) for member in members]
    except shared.Unreachable:
        return []


def failed(*, account_id: int, now: datetime, rest: timedelta | None = None) -> None:
    """Count a failure. `rest` opens the circuit at once, for at least so long (a 429 says so)."""
    shortest, longest = settings.OUTBOUND_CIRCUIT_SECONDS
    _run(
        _FAIL,
        account_id,
        str(now.timestamp()),
        str(rest.total_seconds() if rest else 0),
        str(_FAILURES_TOCIRCUITS),
        str(shortest),
        str(longest),
        str(_FORGET_SECONDS),
    )


def succeeded(*, account_id: int, now: datetime) -> None:
    """The marketplace answered. An open circuit stays open until its time: others may have been
    told to wait while this call was under way."""
    _run(_SUCCEED, account_id, str(now.timestamp()))


def forget(*, account_id: int) -> None:
    """Close the circuit whatever was learnt: the account talks to another marketplace now."""
    board = shared.board()
    try:
        board.zrem(CIRCUITS, str(account_id))
        board.delete(*_keys(account_id))
    except shared.Unreachable:
        return


def _run(script: str, account_id: int, *arguments: str) -> None:
    keys = (CIRCUITS, *_keys(account_id))
    try:
        shared.board().eval(script, len(keys), *keys, str(account_id), *arguments)
    except shared.Unreachable:
        return


def _keys(account_id: int) -> tuple[str, str, str]:
    return key("failures", account_id), key("probe", account_id), key("cooldown", account_id)


def key(name: str, account_id: int) -> str:
    return f"portal:circuit:{account_id}:{name}"
