"""A small HTTP client over keep-alive sockets, cheap enough not to be what is measured.

One thread and one epoll; requests are bytes made beforehand, of answers only the end is sought.
"""

from __future__ import annotations

import random
import re
import select
import socket
import time
from array import array
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import cycle
from statistics import quantiles

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_MOST_AT_ONCE = 1 << 18
# How an answer of unannounced length ends; it can't occur within JSON.
_LAST_CHUNK = b"\r\n0\r\n\r\n"
PATIENCE_SECONDS = 30.0


class Refused(Exception):
    """An answer that is not a 200 of known length; the message shows its beginning."""


class Sample:
    """What came back within a time: `seconds` from first to last, a latency for each answer."""

    def __init__(self, latencies: array[float], seconds: float) -> None:
        self.latencies = latencies
        self.seconds = seconds

    @property
    def count(self) -> int:
        return len(self.latencies)

    @property
    def rate(self) -> float:
        return self.count / self.seconds

    def percentile_ms(self, percent: int) -> float:
        if self.count < 2:
            return sum(self.latencies) * 1000
        return quantiles(self.latencies, n=100, method="inclusive")[percent - 1] * 1000


class _Line:
    """One connection; `since` is when the request under way was due, not when it could be sent.

    An answer's bytes are let go as they come, unless `keep` asks for them.
    """

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.parts = b""
        self.missing = 0
        self.chunked = False
        self.keep = False
        self.since = 0.0

    def ask(self, request: bytes, since: float) -> None:
        self.since = since
        self.parts, self.missing = b"", 0
        self.socket.sendall(request)

    def heard(self) -> bool:
        """Take in what has come; true once the answer is whole."""
        part = self.socket.recv(_MOST_AT_ONCE)
        if not part:
            raise Refused("the connection was closed in the middle of an answer")
        if not self.missing or self.chunked or self.keep:
            self.parts += part
        if self.missing and not self.chunked:
            self.missing -= len(part)
            return self.missing == 0
        if self.missing:
            return self.parts.endswith(_LAST_CHUNK)
        return self._whole()

    def _whole(self) -> bool:
        """Asked while the head may not have come yet."""
        end = self.parts.find(b"\r\n\r\n")
        if end < 0:
            return False
        length = _LENGTH.search(self.parts, 0, end + 2)
        if not self.parts.startswith(b"HTTP/1.1 200"):
            raise Refused(self.parts[:400].decode(errors="replace"))
        self.chunked = length is None
        if length is None:
            self.missing = 1
            return self.parts.endswith(_LAST_CHUNK)
        self.missing = end + 4 + int(length[1]) - len(self.parts)
        return self.missing == 0


class Client:
    """Use as a context manager: `connections` lines to one port, kept from one load to the next."""

    def __init__(self, *, port: int, connections: int) -> None:
        self.lines = [_Line(port) for _ in range(connections)]
        self.by_number = {line.socket.fileno(): line for line in self.lines}
        self.poll = select.epoll()
        for number in self.by_number:
            self.poll.register(number, select.EPOLLIN)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.poll.close()
        for line in self.lines:
            line.socket.close()

    def ask(self, request: bytes) -> bytes:
        """One answer's body."""
        line = self.lines[0]
        line.keep = True
        line.ask(request, 0.0)
        while not line.heard():
            pass
        line.keep = False
        _head, _, body = line.parts.partition(b"\r\n\r\n")
        return b"".join(_chunks(body)) if line.chunked else body

    def closed_loop(self, requests: Sequence[bytes], *, seconds: float) -> Sample:
        """Every connection asks again as soon as it was answered."""
        now = time.perf_counter
        asked = cycle(requests)
        latencies = array("d")
        start = now()
        end = start + seconds
        for line in self.lines:
            line.ask(next(asked), now())
        under_way = len(self.lines)
        while under_way:
            for line in self._answered():
                moment = now()
                latencies.append(moment - line.since)
                if moment < end:
                    line.ask(next(asked), moment)
                else:
                    under_way -= 1
        return Sample(latencies, now() - start)

    def open_loop(self, requests: Sequence[bytes], *, rate: float, seconds: float) -> Sample:
        """Requests come when they come (a seeded Poisson process), however busy the server is.

        Waiting for a free connection counts, so a slow moment is not overlooked.
        """
        now = time.perf_counter
        asked = cycle(requests)
        latencies = array("d")
        idle = deque(self.lines)
        waiting: deque[float] = deque()
        start = now()
        due = deque(start + moment for moment in _arrivals(rate, seconds))
        while due or waiting or len(idle) < len(self.lines):
            moment = now()
            while due and due[0] <= moment:
                waiting.append(due.popleft())
            while waiting and idle:
                idle.popleft().ask(next(asked), waiting.popleft())
            pause = max(0.0, due[0] - now()) if due and idle else PATIENCE_SECONDS
            if due and not idle:
                pause = PATIENCE_SECONDS
            for line in self._answered(pause):
                latencies.append(now() - line.since)
                idle.append(line)
        return Sample(latencies, now() - start)

    def _answered(self, patience: float = PATIENCE_SECONDS) -> Iterator[_Line]:
        """The lines whose answers are whole now; none when `patience` (seconds) is over."""
        ready = self.poll.poll(patience)
        if not ready and patience >= PATIENCE_SECONDS:
            raise Refused(f"no answer within {PATIENCE_SECONDS:.0f} s")
        return (self.by_number[n] for n, _event in ready if self.by_number[n].heard())


def _chunks(body: bytes) -> Iterator[bytes]:
    while body:
        size, _, rest = body.partition(b"\r\n")
        yield rest[: int(size, 16)]
        body = rest[int(size, 16) + 2 :]


def _arrivals(rate: float, seconds: float) -> Iterator[float]:
    drawn = random.Random(rate)  # noqa: S311 (nothing secret)
    moment = drawn.expovariate(rate)
    while moment < seconds:
        yield moment
        moment += drawn.expovariate(rate)
