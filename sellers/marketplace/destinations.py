"""Where we may send to: an account's own marketplace, at a public address, and nowhere else."""

from __future__ import annotations

import ipaddress
import re
import socket
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.utils.translation import gettext_noop as _
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from sellers.models.accounts import SellerAccount

_PATH = re.compile(r"/[A-Za-z0-9._~%!$&'()*+,;=:@?/-]*")
_LOOPBACK_HOSTS = {"localhost", "127.0.0.1", "::1"}


class Misdirected(ValueError):
    """The destination is one we must not call. Mended by correcting the account's address."""


def check_path(path: str) -> None:
    """Raises ValueError when `path` could lead elsewhere than below the marketplace's address."""
    segments = path.split("?", 1)[0].split("/")
    if not _PATH.fullmatch(path) or path.startswith("//") or {".", ".."} & set(segments):
        raise ValueError("An outbound path starts with one slash, is quoted and has no dots to go.")


def url_of(*, account: SellerAccount, path: str, base_url: str = "") -> str:
    """`path` below `base_url`, else the account's marketplace address, before that one's own query.

    Raises Misdirected when the address is not https (http only for loopback, where allowed), and
    for a `base_url` whose host is not the marketplace's own nor on the account's list.
    """
    base = urlsplit(base_url or account.marketplace_url)
    if base_url and base.netloc.casefold() not in _hosts_of(account):
        raise Misdirected(
            _("The order's services endpoint is at a host the account does not list.")
        )
    plain = base.scheme == "http" and base.hostname in _LOOPBACK_HOSTS and _loopback_allowed()
    if not base.hostname or "@" in base.netloc or not (base.scheme == "https" or plain):
        raise Misdirected(_("The marketplace address must be https://, with a host and no user."))
    check_path(path)
    where, _mark, query = path.partition("?")
    queries = "&".join(part for part in (query, base.query) if part)
    return urlunsplit((base.scheme, base.netloc, base.path.rstrip("/") + where, queries, ""))


def _hosts_of(account: SellerAccount) -> set[str]:
    """Where the credentials of this account may go."""
    own = urlsplit(account.marketplace_url).netloc
    return {host.casefold() for host in (own, *account.services_hosts.split())}


def _loopback_allowed() -> bool:
    return bool(settings.OUTBOUND_ALLOW_LOOPBACK)


def _check_peer(connected: socket.socket) -> None:
    """Judges the address we are in fact connected to: no later DNS answer can change it."""
    peer = ipaddress.ip_address(str(connected.getpeername()[0]).partition("%")[0])
    peer = getattr(peer, "ipv4_mapped", None) or peer
    public = peer.is_global and not peer.is_multicast
    if not (public or (peer.is_loopback and _loopback_allowed())):
        connected.close()
        raise Misdirected(_("The marketplace's name leads to a private address: nothing was sent."))


class _Connection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        connected = super()._new_conn()
        _check_peer(connected)
        return connected


class _TlsConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        connected = super()._new_conn()
        _check_peer(connected)
        return connected


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class PublicOnlyAdapter(HTTPAdapter):
    """requests' own transport, over connections that check whom they reached before they speak."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
