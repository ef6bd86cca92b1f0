"""Keeps secrets and personal data out of logs and stored traces."""

from __future__ import annotations

import logging
import re

_ENDPOINT_KEY = re.compile(r"(/api/)([A-Za-z0-9]{4})[A-Za-z0-9]{8,}")


def without_endpoint_key(text: str) -> str:
    """`/api/Ab3d9…/pvt/orders` as `/api/Ab3d…/pvt/orders`: recognisable, not usable."""
    return _ENDPOINT_KEY.sub(r"\1\2…", text)


class EndpointKeyFormatter(logging.Formatter):
    """Shortens endpoint keys in every log line, whoever wrote it, tracebacks included."""

    def format(self, record: logging.LogRecord) -> str:
        return without_endpoint_key(super().format(record))
