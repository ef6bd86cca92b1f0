"""The bytes of a call's body, bounded, however they were sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sellers.errors import DomainError


def read_body(environ: Mapping[str, Any], *, largest: int) -> bytes:
    """The body of a WSGI request; never more than `largest` bytes of it are read.

    Its length may be declared or not (`Transfer-Encoding: chunked`). Raises DomainError: 413 for a
    body that is larger, 415 for one that is compressed, 411 where the server can't tell its end.
    """
    _refuse_compressed(environ.get("HTTP_CONTENT_ENCODING", ""))
    declared = environ.get("CONTENT_LENGTH") or ""
    if declared.isascii() and declared.isdecimal():
        wanted = int(declared)
    elif environ.get("wsgi.input_terminated"):
        wanted = largest + 1
    elif "HTTP_TRANSFER_ENCODING" in environ:
        raise DomainError("length-required", "Say how long the body is.", status=411)
    else:
        return b""
    # What is declared too large is not read at all.
    body: bytes = environ["wsgi.input"].read(wanted) if wanted <= largest + 1 else b""
    if max(wanted if declared else 0, len(body)) > largest:
        raise DomainError("body-too-large", f"The body has more than {largest} bytes.", status=413)
    return body


def _refuse_compressed(encoding: str) -> None:
    if encoding.strip().casefold() not in ("", "identity"):
        shown = encoding.strip()[:40]
        raise DomainError(
            "unsupported-encoding",
            f"Content-Encoding {shown} is not read here: send the body as it is.",
            status=415,
        )
