"""The stand-in of a rehearsal: a process of our own, or one that was started by hand."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from sandbox.client import StandIn
from sellers.errors import DomainError
from sellers.models import SellerAccount

_ROOT = Path(__file__).resolve().parents[1]
_ADDRESS = re.compile(r"http://\S+:\d+")


def require_loopback(url: str) -> None:
    """Raises DomainError unless `url` is on this very machine: no rehearsal ever calls another."""
    host = urlsplit(url).hostname or ""
    try:
        near = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        near = False
    if not near:
        raise DomainError(
            "not-loopback", f"A rehearsal talks to a stand-in on this machine only, not to {url}."
        )


@contextmanager
def own_stand_in() -> Iterator[str]:
    """A stand-in on a free port for as long as it takes; yields its address."""
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as data:
        process = subprocess.Popen(
            [sys.executable, "-m", "sandbox", "--port", "0", "--data", data],
            cwd=_ROOT,
            env=os.environ | {"SANDBOX_APP_KEY": "not-yet", "SANDBOX_APP_TOKEN": "not-yet"},
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            yield _address(process)
        finally:
            process.terminate()
            process.communicate(timeout=10)


def _address(process: subprocess.Popen[str]) -> str:
    found = _ADDRESS.search(process.stdout.readline() if process.stdout else "")
    if not found:
        raise DomainError("no-stand-in", "The marketplace stand-in did not start.")
    return found[0]


def introduce(market: StandIn, account: SellerAccount, *, portal_url: str) -> None:
    """Tell the stand-in who the seller is. Raises DomainError when it plays for somebody else."""
    endpoint = portal_url.rstrip("/") + account.fulfillment_path
    known = market.settings()
    if known["portal"] and account.endpoint_key not in known["portal"]:
        raise DomainError(
            "taken", "That stand-in plays for another portal, such as the demonstration's."
        )
    market.connect(
        portal=endpoint,
        account=account.marketplace_account,
        seller_id=account.seller_id,
        app_key=account.app_key,
        app_token=account.app_token,
        inbound_key=account.inbound_app_key,
        inbound_token=account.inbound_app_token,
        hook_header_name=account.hook_header_name,
        hook_header_value=account.hook_header_value,
        services_endpoint=f"{market.base_url}/api/oms?an={account.marketplace_account}",
    )
