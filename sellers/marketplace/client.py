"""HTTP to the marketplace, for any message: it knows addresses and credentials, not payloads."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import requests
from django.conf import settings
from django.utils.translation import gettext_noop as _
from requests.exceptions import ConnectTimeout, RequestException, Timeout
from urllib3.exceptions import NewConnectionError

from sellers.marketplace.destinations import PublicOnlyAdapter, url_of
from sellers.models.accounts import SellerAccount

#: An order document is tens of kilobytes; whatever is longer is cut off.
_LONGEST_ANSWER = 4 * 1024 * 1024
_local = threading.local()


class NotSent(Exception):
    """The marketplace never saw the call."""


class Unanswered(Exception):
    """The call may have arrived, but its outcome is unknown."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `complete` is False when the body broke off or was too long."""

    status: int
    body: bytes
    retry_after: str
    complete: bool


def send(
    *,
    account: SellerAccount,
    method: str,
    path: str,
    body: bytes,
    traceparent: str,
    base_url: str = "",
) -> Answer:
    """One call with the account's credentials, answered within OUTBOUND_DEADLINE_SECONDS.

    Redirects are answers, not instructions. Raises NotSent, Unanswered, or Misdirected when
    `base_url`, else the account's address, is one we must not call.
    """
    url = url_of(account=account, path=path, base_url=base_url)
    headers = _headers(account, traceparent, has_body=bool(body))
    deadline = time.monotonic() + settings.OUTBOUND_DEADLINE_SECONDS
    try:
        with _sent(method, url, headers, body) as response:
            content, complete = _read(response, deadline)
            retry_after = response.headers.get("Retry-After", "")
            return Answer(response.status_code, content, retry_after, complete)
    except RequestException as error:
        raise _named(error) from error


def _sent(method: str, url: str, headers: dict[str, str], body: bytes) -> requests.Response:
    """By the adapter itself: no session stands between, so no cookies are kept, no redirects
    followed, no proxies or passwords taken from the environment; and it costs a fifth less."""
    request = requests.PreparedRequest()
    request.prepare(method=method, url=url, headers=headers, data=body or None)
    return _adapter().send(request, stream=True, timeout=settings.OUTBOUND_TIMEOUT_SECONDS)


def _adapter() -> PublicOnlyAdapter:
    """One a thread: connections are kept."""
    adapter: PublicOnlyAdapter | None = getattr(_local, "adapter", None)
    if adapter is None:
        adapter = _local.adapter = PublicOnlyAdapter()
    return adapter


def _headers(account: SellerAccount, traceparent: str, *, has_body: bool) -> dict[str, str]:
    headers = {
        "Accept": "application/json",
        "User-Agent": "seller-portal",
        "X-VTEX-API-AppKey": account.app_key,
        "X-VTEX-API-AppToken": account.app_token,
        "traceparent": traceparent,
    }
    return headers | {"Content-Type": "application/json"} if has_body else headers


def _read(response: requests.Response, deadline: float) -> tuple[bytes, bool]:
    """The body, as far as it comes in time. The status has been said already, so it stands."""
    content = bytearray()
    try:
        for chunk in response.iter_content(64 * 1024):
            content += chunk
            if len(content) > _LONGEST_ANSWER or time.monotonic() > deadline:
                return bytes(content[:_LONGEST_ANSWER]), False
    except RequestException:
        return bytes(content), False
    return bytes(content), True


def _named(error: RequestException) -> NotSent | Unanswered:
    """Whether the call can have arrived; in doubt, it may have."""
    if isinstance(error, ConnectTimeout):
        return NotSent(_("The marketplace did not accept a connection in time."))
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return NotSent(_("The marketplace's certificate is not valid for its name."))
        if isinstance(cause, NewConnectionError):
            return NotSent(_("No connection to the marketplace could be made."))
    if isinstance(error, Timeout):
        return Unanswered(_("The call was sent, and no answer came in time."))
    return Unanswered(_("The call was sent, and the connection broke off before an answer."))


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The chain of reasons: requests and urllib3 keep theirs in `args` and `reason`."""
    seen: set[int] = set()
    queue: list[object] = [error]
    while queue:
        cause = queue.pop()
        if not isinstance(cause, BaseException) or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        queue += [*cause.args, getattr(cause, "reason", None), cause.__cause__, cause.__context__]
