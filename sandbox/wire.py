"""What the parts of the stand-in hand to one another: requests, answers, refusals, time."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message
from typing import Any
from uuid import uuid4

Json = dict[str, Any]


class Refused(Exception):
    """The marketplace says no. `anomaly` names the seller's mistake when it is worth listing."""

    def __init__(self, status: int, code: str, message: str, *, anomaly: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.anomaly = anomaly


@dataclass(frozen=True)
class Request:
    method: str
    path: str  # percent-decoded, without the query, as VTEX routes it
    query: Mapping[str, str]
    headers: Message
    raw: bytes

    def json(self) -> Json:
        """The body as an object. Raises Refused(400) for anything else."""
        try:
            body = json.loads(self.raw or b"{}")
        except (ValueError, RecursionError):
            raise Refused(400, "1", "The body is not JSON.") from None
        if not isinstance(body, dict):
            raise Refused(400, "1", "The body must be a JSON object.")
        return body


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json; charset=utf-8"

    def payload(self) -> bytes:
        if self.body is None:
            return b""
        if isinstance(self.body, str):
            return self.body.encode()
        text = json.dumps(self.body, ensure_ascii=False, separators=(",", ":"))
        return text.encode(errors="replace")  # half a surrogate pair is no reason to fall over


def refusal(refused: Refused) -> Answer:
    """VTEX's error shape."""
    error = {"code": refused.code, "message": refused.message, "exception": None}
    return Answer(refused.status, {"error": error})


def now() -> str:
    """UTC with seven fractional digits, as VTEX writes it and as parsers stumble over it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0+00:00")


def receipt(order_id: str) -> Json:
    return {"date": now(), "orderId": order_id, "receipt": uuid4().hex}
