"""Who is calling: the endpoint key in the address names the account, credentials prove VTEX."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from django.utils import timezone

from sellers import prepared
from sellers.credentials import same_secret
from sellers.errors import NotFound, Unauthenticated
from sellers.models import SellerAccount

_ENDPOINT_KEY = re.compile(r"[A-Za-z0-9]{16,64}")
_PARAMETER = re.compile(r'(key|token)\s*=\s*"?([^",\s]*)"?', re.IGNORECASE)


def account_of(endpoint_key: str) -> SellerAccount:
    """The account registered in VTEX under this key, or under its former one while that lasts.

    Raises NotFound, for inactive accounts too.
    """
    account = None
    if _ENDPOINT_KEY.fullmatch(endpoint_key):
        values = {"key": endpoint_key, "now": timezone.now()}
        account = next(prepared.objects(SellerAccount, _ANSWERS, values), None)
    if account is None:
        raise NotFound("unknown-endpoint", "There is no seller at this address.")
    return account


# Two indexes, one account: a key that was replaced still answers until its time is over.
_ANSWERS = """
(endpoint_key = %(key)s OR (old_endpoint_key = %(key)s AND old_endpoint_key_until > %(now)s))
AND is_active
"""


def check_credentials(
    *, app_key: str, app_token: str, headers: Mapping[str, str], required: bool
) -> None:
    """Compare what the caller sent with the account's inbound key and token, in constant time.

    Both header forms are understood: `Authorization: VTEX key="…" token="…"` and the pair
    X-VTEX-API-AppKey, X-VTEX-API-AppToken. An account without an inbound key asks for nothing.
    Raises Unauthenticated when a pair is wrong, or when none came though it is `required`.
    """
    if not app_key:
        return
    offered = list(_offered(headers))
    # Every comparison is made, whatever the first ones say.
    matches = [same_secret(key, app_key) & same_secret(token, app_token) for key, token in offered]
    if any(matches) or not (offered or required):
        return
    raise Unauthenticated("unauthorised", "The key and token of this call are not the seller's.")


def _offered(headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    scheme, _space, rest = headers.get("Authorization", "").partition(" ")
    if scheme.upper() == "VTEX":
        given = {name.lower(): value for name, value in _PARAMETER.findall(rest)}
        yield given.get("key", ""), given.get("token", "")
    if "X-VTEX-API-AppKey" in headers or "X-VTEX-API-AppToken" in headers:
        yield headers.get("X-VTEX-API-AppKey", ""), headers.get("X-VTEX-API-AppToken", "")


def caller_of(
    *, endpoint_key: str, headers: Mapping[str, str], credentials_required: bool
) -> SellerAccount:
    """The account a call is for. Raises NotFound and Unauthenticated, as the two above do."""
    account = account_of(endpoint_key)
    check_credentials(
        app_key=account.inbound_app_key,
        app_token=account.inbound_app_token,
        headers=headers,
        required=credentials_required,
    )
    return account
