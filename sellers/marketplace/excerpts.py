"""What we keep of an answer: its receipt, its words, and nothing about any person."""

from __future__ import annotations

import re
from typing import Any

import orjson

_LONGEST_EXCERPT = 2000
_LONGEST_WORDS = 450
#: The keys of the marketplace's own answers; values under any other key are dropped.
_OWN_KEYS = frozenset(
    {"date", "orderid", "receipt", "error", "code", "message", "operationid", "status"}
)
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
#: Documents and telephones: nine or more digits, however they are punctuated.
_LONG_NUMBER = re.compile(r"(?<![\w-])(?<!\d:)\+?\d(?:[ ().\-/]{0,2}\d){8,}(?![\w-])")


def parsed(body: bytes) -> Any:
    """The body as JSON, None when it is not."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def receipt(body: bytes) -> str:
    """The marketplace's receipt, empty when it gave none."""
    answer = parsed(body)
    found = answer.get("receipt") if isinstance(answer, dict) else None
    return str(found)[:100] if found else ""


def words(body: bytes, *, keep: str) -> str:
    """The marketplace's own words: code and message of its error, else the beginning of the text.

    `keep` (the order id) survives the masking of long numbers.
    """
    answer = parsed(body)
    error = answer.get("error", answer) if isinstance(answer, dict) else None
    if isinstance(error, dict):
        said = [str(error[key]) for key in ("code", "message", "Message") if error.get(key)]
        text = ": ".join(said)
    else:
        text = error if isinstance(error, str) else _plain(body)
    return masked(text, keep=keep)[:_LONGEST_WORDS]


def excerpt(body: bytes, *, keep: str) -> str:
    """The answer, fit to be stored: known keys only, e-mails and long numbers masked."""
    answer = parsed(body)
    text = _plain(body) if answer is None else orjson.dumps(_own(answer)).decode()
    return masked(text, keep=keep)[:_LONGEST_EXCERPT]


def masked(text: str, *, keep: str) -> str:
    """`text` without e-mail addresses, documents and telephones."""
    parts = text.split(keep) if keep else [text]
    clean = (_LONG_NUMBER.sub("…", _EMAIL.sub("…@…", part)) for part in parts)
    return keep.join(clean).replace("\x00", "")


def _own(answer: Any) -> Any:
    if isinstance(answer, dict):
        return {key: _own(value) for key, value in answer.items() if key.lower() in _OWN_KEYS}
    if isinstance(answer, list):
        return [_own(value) for value in answer[:20]]
    return answer


def _plain(body: bytes) -> str:
    """Text of a proxy's error page, without its markup."""
    text = re.sub(
        r"(?is)<(script|style).*?</\1>|<[^>]*>", " ", body[:20_000].decode(errors="replace")
    )
    return " ".join(text.split())
