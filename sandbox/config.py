"""Who the marketplace is, and where its seller answers."""

import os
from argparse import ArgumentParser, Namespace
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from sandbox.wire import Json, Refused


@dataclass(frozen=True)
class Config:
    account: str = "bigstore"
    app_key: str = ""  # what the seller must send
    app_token: str = ""
    portal: str = ""  # the seller's fulfilment endpoint, as registered in VTEX
    seller_id: str = "seller123"
    inbound_key: str = ""  # what we send the seller
    inbound_token: str = ""
    hook_header_name: str = ""
    hook_header_value: str = ""
    sales_channel: str = "1"
    services_endpoint: str = ""

    def endpoint(self, path: str) -> str:
        """A URL of the seller's: VTEX puts the path before the query of the registered endpoint."""
        if not self.portal:
            raise Refused(409, "1", "No portal yet: POST its endpoint to /_control/portal.")
        base, _, query = self.portal.partition("?")
        extra = f"sc={self.sales_channel}&an={self.account}"
        return f"{base.rstrip('/')}{path}?{query and query + '&'}{extra}"

    def shown(self) -> Json:
        """Without the secrets."""
        secret = {"app_token", "inbound_token", "hook_header_value"}
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name not in secret}


def changed(config: Config, changes: Json) -> Config:
    """Raises Refused(400) naming the setting that does not exist or is not a text."""
    known = {f.name for f in fields(Config)}
    for name, value in changes.items():
        if name not in known or not isinstance(value, str):
            raise Refused(400, "1", f"{name}: must be one of {', '.join(sorted(known))}, a text.")
    return Config(**{f.name: changes.get(f.name, getattr(config, f.name)) for f in fields(Config)})


def parse(arguments: list[str] | None = None) -> tuple[Namespace, Json]:
    """The program's own options, and the settings that were given (argument or environment)."""
    parser = ArgumentParser(prog="sandbox", description="Plays VTEX for one seller over HTTP.")
    add = parser.add_argument
    add("--host", default=_given("host") or "127.0.0.1")
    add("--port", type=int, default=int(_given("port") or 8001), help="0 takes a free one")
    add("--data", type=Path, default=Path(_given("data") or "var/sandbox"), help="journal's place")
    add("--seed", type=int, default=_number(_given("seed")), help="for ids and shoppers")
    add("--verbose", action="store_true", help="a line for every call")
    for setting in fields(Config):
        add(f"--{setting.name.replace('_', '-')}", default=_given(setting.name))
    options = parser.parse_args(arguments)
    given = {f.name: getattr(options, f.name) for f in fields(Config)}
    return options, {name: value for name, value in given.items() if value is not None}


def _given(name: str) -> str | None:
    return os.environ.get(f"SANDBOX_{name.upper()}")


def _number(text: str | None) -> Any:
    return int(text) if text else None
