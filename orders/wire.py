"""Bytes in, documents out, and back: the bounds of what we read, whoever sent it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse

from sellers.bodies import read_body
from sellers.errors import DomainError

LARGEST_BODY = 2 * 1024 * 1024
DEEPEST_NESTING = 32
MOST_VALUES = 100_000

Document = dict[str, Any]


def read(request: HttpRequest) -> Any:
    """The JSON body of a call. Raises DomainError saying what is wrong with it.

    Nothing comes back that PostgreSQL or an answer could not hold: no NUL, no lone surrogates,
    no infinite numbers, no bottomless nesting.
    """
    return _document(read_body(request.META, largest=LARGEST_BODY))


def read_if_any(request: HttpRequest) -> Any:
    """The same, but an empty document where there is no body at all."""
    body = read_body(request.META, largest=LARGEST_BODY)
    return _document(body) if body else {}


def _document(body: bytes) -> Any:
    document = _parse(body)
    if not (_is_plain(body) and _is_shallow(document)):
        _check(document)
    return document


def _parse(body: bytes) -> Any:
    if b"\0" in body:  # JSON has none, but UTF-16 and UTF-32 are full of them
        raise _malformed("The body is not UTF-8 text.")
    try:
        return json.loads(body.decode("utf-8-sig"), parse_constant=_refuse, parse_float=_finite)
    except RecursionError as error:
        raise _malformed("The JSON is nested too deeply.") from error
    except UnicodeDecodeError as error:
        raise _malformed("The body is not UTF-8 text.") from error
    except json.JSONDecodeError as error:
        raise _malformed(f"The body is not JSON: {error.msg} at {error.pos}.") from error
    except ValueError as error:
        raise _malformed("A number has too many digits.") from error


def _refuse(constant: str) -> float:
    raise _malformed(f"The body is not JSON: {constant} is no number.")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise _malformed("A number is too large.")
    return number


def _malformed(message: str) -> DomainError:
    return DomainError("malformed-json", message)


def _is_plain(body: bytes) -> bool:
    """Whether nothing in it could be amiss but its depth: nearly every body. Without escapes no
    text holds what can't be kept, and there are never more values than these marks."""
    marks = body.count(b",") + body.count(b":") + body.count(b"{") + body.count(b"[")
    return b"\\u" not in body and marks < MOST_VALUES


def _is_shallow(document: Any) -> bool:
    """Whether what holds something is nowhere as deep as it may be, looked at level by level."""
    level: list[Any] = [[document]]
    for _depth in range(DEEPEST_NESTING + 1):
        level = [
            each
            for outer in level
            for each in (outer.values() if type(outer) is dict else outer)
            if type(each) is dict or type(each) is list
        ]
        if not level:
            return True
    return False


def _check(document: Any) -> None:
    for values, (path, value, depth) in enumerate(_walk(document)):
        if depth > DEEPEST_NESTING:
            raise _malformed("The JSON is nested too deeply.")
        if values >= MOST_VALUES:
            message = f"The body has more than {MOST_VALUES} values."
            raise DomainError("body-too-large", message, status=413)
        if isinstance(value, str) and not _storable(value):
            raise _malformed(f"{path}: the text holds a character that can't be kept.")


def _walk(document: Any) -> Iterator[tuple[str, Any, int]]:
    """Every key and value with its path and depth; without recursion, as depth is not known yet."""
    waiting: list[tuple[str, Any, int]] = [("body", document, 0)]
    while waiting:
        path, value, depth = waiting.pop()
        yield path, value, depth
        if depth > DEEPEST_NESTING:
            continue
        if isinstance(value, dict):
            for key, each in value.items():
                yield path, key, depth
                waiting.append((f"{path}.{key[:60]}", each, depth + 1))
        elif isinstance(value, list):
            waiting.extend((f"{path}[{i}]", each, depth + 1) for i, each in enumerate(value))


def _storable(text: str) -> bool:
    if "\0" in text:
        return False
    return text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)


def folded(value: Any) -> Any:
    """The same document with every key in lower case: VTEX's keys come in any."""
    if isinstance(value, dict):
        return {
            key.casefold(): folded(each) if isinstance(each, (dict, list)) else each
            for key, each in value.items()
        }
    return [folded(each) for each in value] if isinstance(value, list) else value


def dump(value: Any) -> str:
    """JSON text, keys in their order, nothing escaped that need not be."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def canonical(value: Any) -> bytes:
    """The same bytes for the same content, whatever the order or case of its keys."""
    text = json.dumps(folded(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode()


def answer(text: str = "", *, status: int = 200) -> HttpResponse:
    """A JSON answer of exactly these characters."""
    return HttpResponse(text, status=status, content_type="application/json")
