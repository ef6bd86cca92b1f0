"""Before anybody is timed: the live contestants answer the same."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from benchmarks.contestants import Server
from benchmarks.load import Client

Json = dict[str, Any]
COMPARED = 20


class Disagreement(Exception):
    """Two contestants answer a cart differently; the message shows where."""


def compare(servers: Sequence[Server], requests: Sequence[bytes]) -> bytes:
    """Check some answers of the others against the first's; returns one answer of the first.

    What is compared is everything but the order of keys and the notation of moments. Raises
    Disagreement.
    """
    first, *others = [server for server in servers if server.contestant.answers]
    answers = [_ask(first, request) for request in requests[:COMPARED]]
    for other in others:
        for mine, request in zip(answers, requests, strict=False):
            check(first.name, mine, other.name, _ask(other, request))
    return sorted(answers, key=len)[len(answers) // 2]


def check(name: str, mine: bytes, other_name: str, theirs: bytes) -> None:
    """Raises Disagreement when one says what the other does not."""
    _same(name, json.loads(mine), other_name, json.loads(theirs))


def _ask(server: Server, request: bytes) -> bytes:
    with Client(port=server.port, connections=1) as client:
        return client.ask(request)


def _same(name: str, mine: Any, other_name: str, theirs: Any, path: str = "") -> None:
    if isinstance(mine, dict) and isinstance(theirs, dict) and mine.keys() == theirs.keys():
        for key in mine:
            _same(name, mine[key], other_name, theirs[key], f"{path}.{key}")
    elif isinstance(mine, list) and isinstance(theirs, list) and len(mine) == len(theirs):
        for index, (left, right) in enumerate(zip(mine, theirs, strict=True)):
            _same(name, left, other_name, right, f"{path}[{index}]")
    elif _plain(mine) != _plain(theirs):
        shown = [json.dumps(each, ensure_ascii=False)[:300] for each in (mine, theirs)]
        raise Disagreement(f"{path}: {name} says {shown[0]}, {other_name} says {shown[1]}")


def _plain(value: Any) -> Any:
    """Moments are compared as such: `Z`, `+00:00` and `-03:00` may mean the same."""
    if isinstance(value, str) and len(value) >= 20 and value[4:5] == value[7:8] == "-":
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            return value
    return value
