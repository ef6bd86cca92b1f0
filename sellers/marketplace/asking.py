"""One question to the marketplace, outside the outbox: reading, and hook and feed.

It takes its turn like every other call: the account's rate and circuit hold for it too. Never ask
inside a transaction: an answer may take half a minute.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.conf import settings

from sellers.errors import DomainError, NotFound, Unavailable
from sellers.marketplace import breaker, client, excerpts, judging, readback, turns
from sellers.marketplace.destinations import Misdirected
from sellers.marketplace.tracing import next_span, traceparent
from sellers.models.accounts import SellerAccount

Clock = Callable[[], datetime]

_IN_TROUBLE = "The marketplace is in trouble and left in peace for a moment."
_RATE_USED_UP = "This account's rate is used up."
_AGAIN = timedelta(seconds=30)
_MISDIRECTED_REST = timedelta(seconds=60)
_HEALING = frozenset({408, 425, 429})


class Unanswered(Unavailable):
    """No answer to go by; asking again at `until` may bring one."""

    def __init__(self, message: str, until: datetime) -> None:
        super().__init__("unanswered", message)
        self.until = until


class Refused(DomainError):
    """The marketplace said no, in its own words; waiting does not help. `answer_status`: HTTP."""

    def __init__(self, answer: client.Answer) -> None:
        words = excerpts.words(answer.body, keep="")
        super().__init__("refused", f"The marketplace answered {answer.status}: {words}".strip())
        self.answer_status = answer.status


def ask(
    *,
    account: SellerAccount,
    method: str,
    path: str,
    clock: Clock,
    payload: Any = None,
    span: str = "",
    patient: bool = True,
) -> Any:
    """The answer's JSON (None for an empty body), which was a 2xx.

    Raises NotFound (404), Refused (any other 4xx), Unanswered (busy, in trouble, unreachable).
    """
    turn = turns.wait_for(account_id=account.pk, clock=clock, patient=patient)
    if turn.until:
        words = _RATE_USED_UP if turn.rate_is_used_up else _IN_TROUBLE
        raise Unanswered(words, turn.until)
    answer = _sent(account, method, path, payload, clock, span or traceparent())
    _require_conclusive(account, answer, now=clock())
    if turn.ailing:
        breaker.succeeded(account_id=account.pk, now=clock())
    if answer.status == 404:
        raise NotFound("unknown-there", "The marketplace has nothing there.")
    if not 200 <= answer.status < 300:
        raise Refused(answer)
    return excerpts.parsed(answer.body) if answer.body else None


def read_order(
    *,
    account: SellerAccount,
    marketplace_order_id: str,
    clock: Clock,
    trace: str = "",
    patient: bool = True,
) -> Any:
    """The order as the marketplace has it, read as a span of `trace`, when given. Raises as `ask`
    does; at once when the account is busy and the reader not `patient`."""
    path = readback.order_path(marketplace_order_id)
    span = next_span(trace) if trace else ""
    return ask(account=account, method="GET", path=path, clock=clock, span=span, patient=patient)


def _sent(
    account: SellerAccount, method: str, path: str, payload: Any, clock: Clock, span: str
) -> client.Answer:
    body = b"" if payload is None else orjson.dumps(payload)
    try:
        return client.send(account=account, method=method, path=path, body=body, traceparent=span)
    except (client.NotSent, client.Unanswered) as failure:
        breaker.failed(account_id=account.pk, now=clock())
        raise Unanswered(str(failure), clock() + _AGAIN) from failure
    except Misdirected as failure:
        breaker.failed(account_id=account.pk, now=clock(), rest=_MISDIRECTED_REST)
        raise Unanswered(str(failure), clock() + _MISDIRECTED_REST) from failure


def _require_conclusive(account: SellerAccount, answer: client.Answer, *, now: datetime) -> None:
    if answer.complete and answer.status < 500 and answer.status not in _HEALING:
        return
    asked = judging.retry_after(answer.retry_after, now=now)
    if answer.status == 429 and asked is None:
        asked = timedelta(seconds=settings.OUTBOUND_THROTTLED_SECONDS)
    breaker.failed(account_id=account.pk, now=now, rest=asked or None)
    raise Unanswered(f"The marketplace answered {answer.status}.", now + (asked or _AGAIN))
