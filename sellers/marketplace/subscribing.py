"""How an account hears of its orders: hook and feed, as they are configured at the marketplace.

One hook and one feed per app key. Both are FromWorkflow with every documented status: FromOrders
filters are known to skip events, and the marketplace refuses a mixture.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from sellers.errors import Conflict, DomainError, NotFound
from sellers.marketplace.asking import Clock, Refused, ask
from sellers.models.accounts import SellerAccount

HOOK, FEED = "hook", "feed"
#: Every status VTEX documents, in the order of an order's life.
DOCUMENTED_STATUSES = (
    "order-created",
    "order-completed",
    "on-order-completed",
    "on-order-completed-ffm",
    "order-accepted",
    "waiting-for-authorization",
    "waiting-for-order-authorization",
    "waiting-for-manual-authorization",
    "waiting-ffmt-authorization",
    "waiting-for-mkt-authorization",
    "payment-pending",
    "approve-payment",
    "payment-approved",
    "payment-denied",
    "window-to-change-payment",
    "window-to-change-seller",
    "request-cancel",
    "waiting-for-seller-decision",
    "cancellation-requested",
    "cancellation-request-denied",
    "cancellation-request-denied-ffm",
    "invoice-after-cancellation-deny",
    "cancel",
    "canceled",
    "authorize-fulfillment",
    "waiting-for-fulfillment",
    "waiting-seller-handling",
    "release-to-fulfillment",
    "window-to-cancel",
    "ready-for-handling",
    "start-handling",
    "handling",
    "ready-for-invoicing",
    "invoice",
    "invoiced",
    "order-create-error",
    "order-creation-error",
    "replaced",
)
_FILTER = {"type": "FromWorkflow", "status": list(DOCUMENTED_STATUSES)}
_QUEUE = {"visibilityTimeoutInSeconds": 240, "MessageRetentionPeriodInSeconds": 345_600}


@dataclass(frozen=True)
class Present:
    """What is configured at the marketplace now; None: nothing."""

    hook: dict[str, Any] | None
    feed: dict[str, Any] | None


def present(*, account: SellerAccount, clock: Clock) -> Present:
    """Raises Refused, Unanswered."""
    return Present(*(configuration(way, account=account, clock=clock) for way in (HOOK, FEED)))


def configuration(way: str, *, account: SellerAccount, clock: Clock) -> dict[str, Any] | None:
    """The hook's or feed's configuration, None when there is none. Raises Refused, Unanswered."""
    try:
        found = ask(account=account, method="GET", path=_path(way), clock=clock)
    except NotFound:
        return None
    return found if isinstance(found, dict) and found else None


def create_hook(*, account: SellerAccount, clock: Clock) -> None:
    """Register this portal's hook, with a secret header of its own; again, it is renewed.

    The marketplace calls the hook before it accepts. Raises DomainError `not-public` when the
    portal's address can't be called, Conflict for a mixture, Refused, Unanswered.
    """
    url = hook_url(account)
    _require_unmixed(account, clock)
    _have_a_secret(account)
    headers = {account.hook_header_name: account.hook_header_value}
    _configure(account, HOOK, {"hook": {"url": url, "headers": headers}}, clock)
    account.has_hook = True
    account.save(update_fields=["has_hook"])


def create_feed(*, account: SellerAccount, clock: Clock) -> None:
    """Ask for a feed, and read it from now on.

    Raises Conflict for a mixture, Refused, Unanswered.
    """
    _require_unmixed(account, clock)
    _configure(account, FEED, {"queue": _QUEUE}, clock)
    account.reads_feed = True
    account.save(update_fields=["reads_feed"])


def remove_hook(*, account: SellerAccount, clock: Clock) -> None:
    """No calls any more. Raises Refused, Unanswered; then it is as it was."""
    _remove(account, HOOK, clock)
    account.has_hook = False
    account.save(update_fields=["has_hook"])


def remove_feed(*, account: SellerAccount, clock: Clock) -> None:
    """No feed any more, and none is made anew. Raises Refused, Unanswered."""
    _remove(account, FEED, clock)
    account.reads_feed = False
    account.save(update_fields=["reads_feed"])


def hook_url(account: SellerAccount) -> str:
    """Where the marketplace is to call. Raises DomainError unless that is https (in production)."""
    base = urlsplit(settings.PORTAL_URL)
    if base.scheme != "https" and settings.IN_PRODUCTION:
        raise DomainError(
            "not-public",
            _("The marketplace calls hooks over https only: set PORTAL_URL to such an address."),
        )
    return f"{settings.PORTAL_URL.rstrip('/')}{account.fulfillment_path}/hook"


def shown(config: dict[str, Any]) -> dict[str, Any]:
    """A configuration fit for eyes: header values and the endpoint key are secrets."""
    hook = config.get("hook")
    if not isinstance(hook, dict):
        return config
    headers = hook.get("headers")
    names = list(headers) if isinstance(headers, dict) else []
    return config | {"hook": hook | {"headers": dict.fromkeys(names, "…")}}


def _path(way: str) -> str:
    return f"/api/orders/{way}/config"


def _configure(account: SellerAccount, way: str, part: dict[str, Any], clock: Clock) -> None:
    payload = {"filter": _FILTER, **part}
    try:
        ask(account=account, method="POST", path=_path(way), clock=clock, payload=payload)
    except Refused as refusal:
        if refusal.answer_status == 409:
            raise _mixed(way) from refusal
        raise


def _remove(account: SellerAccount, way: str, clock: Clock) -> None:
    try:
        ask(account=account, method="DELETE", path=_path(way), clock=clock)
    except NotFound:
        return


def _require_unmixed(account: SellerAccount, clock: Clock) -> None:
    """Somebody else may have configured this key for another program, with another filter."""
    now_there = present(account=account, clock=clock)
    for way, config in ((HOOK, now_there.hook), (FEED, now_there.feed)):
        wanted = (config or {}).get("filter")
        if isinstance(wanted, dict) and wanted.get("type") == "FromOrders":
            raise _mixed(way)


def _mixed(way: str) -> Conflict:
    return Conflict(
        "mixed-filters",
        _(
            "The %(way)s of this app key filters FromOrders, and this portal listens "
            "FromWorkflow: the marketplace refuses a mixture. Remove that %(way)s first, or give "
            "this portal an app key of its own."
        )
        % {"way": way},
    )


def _have_a_secret(account: SellerAccount) -> None:
    """Stored before the marketplace is told: it calls with it at once."""
    if account.hook_header_name and account.hook_header_value:
        return
    account.hook_header_name = account.hook_header_name or "X-Hook-Secret"
    account.hook_header_value = secrets.token_urlsafe(24)
    account.save(update_fields=["hook_header_name", "hook_header_value"])
