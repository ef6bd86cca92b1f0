"""One token bucket per account, shared by every worker."""

from __future__ import annotations

import threading
import time

from django.conf import settings

from sellers.marketplace import shared

# The server's clock, so that workers on several machines agree. Answers the milliseconds to wait,
# 0 when a token was taken.
BUCKET = """
local function take(key, rate, burst)
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local bucket = redis.call('HMGET', key, 'tokens', 'at')
  local tokens = tonumber(bucket[1]) or burst
  local at = tonumber(bucket[2]) or now
  tokens = math.min(burst, tokens + math.max(0, now - at) * rate / 1000)
  local wait = 0
  if tokens >= 1 then tokens = tokens - 1 else wait = math.ceil((1 - tokens) * 1000 / rate) end
  redis.call('HSET', key, 'tokens', tostring(tokens), 'at', now)
  redis.call('PEXPIRE', key, math.ceil(burst * 1000 / rate) + 1000)
  return wait
end
"""
_TAKE = f"{BUCKET} return take(KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2]))"
#: Without Redis the workers can't agree on a rate; each process then keeps to one call a second
#: for each account. Slow enough to be welcome anywhere, and nothing stands still.
_ALONE_SECONDS = 1.0
_next_alone: dict[int, float] = {}
_alone_lock = threading.Lock()


def take(*, account_id: int) -> float:
    """Take the account's leave to make one call: 0.0, or else the seconds until asking again."""
    try:
        wait_ms = shared.board().eval(
            _TAKE,
            1,
            key(account_id),
            str(settings.OUTBOUND_RATE_PER_SECOND),
            str(settings.OUTBOUND_BURST),
        )
    except shared.Unreachable:
        return take_alone(account_id)
    return int(wait_ms) / 1000


def key(account_id: int) -> str:
    return f"portal:rate:{account_id}"


def take_alone(account_id: int) -> float:
    """As `take`, when there is no Redis to ask."""
    with _alone_lock:
        now = time.monotonic()
        wait = _next_alone.get(account_id, 0.0) - now
        if wait <= 0:
            _next_alone[account_id] = now + _ALONE_SECONDS
        return max(0.0, wait)
