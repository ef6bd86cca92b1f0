"""Interleaved rounds: A B C, C B A, and so on, so that a slow minute of the machine hits all."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

import psycopg

from benchmarks.carts import Question
from benchmarks.contestants import Server
from benchmarks.load import Client
from benchmarks.machine import cpu_seconds, name_of, parent_of, pin

# More than the threads of a worker, so that it never waits for the next request.
CONNECTIONS_PER_WORKER = 4


class Database:
    """PostgreSQL's own use of the CPU, when it runs on this machine; and how often it was asked."""

    def __init__(self, url: str) -> None:
        self.connection = psycopg.connect(url, autocommit=True)
        pid = parent_of(self.connection.info.backend_pid)
        self.pid = pid if pid and name_of(pid).startswith("postgres") else None

    def cpu_seconds(self) -> float:
        return cpu_seconds(self.pid) if self.pid else float("nan")

    def pin(self, cores: set[int]) -> None:
        if self.pid:
            pin(self.pid, cores)

    def transactions(self) -> int:
        """So far. Nobody here opens a transaction, so each is one statement."""
        row = self.connection.execute(
            "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
        ).fetchone()
        return int(row[0]) if row else 0


@dataclass
class Figures:
    """One contestant, one question, round by round. CPU in ms per request."""

    rates: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)
    database_cpu_ms: list[float] = field(default_factory=list)
    client_share: list[float] = field(default_factory=list)
    p50_ms: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)

    def summary(self) -> dict[str, float]:
        return {name: median(values) for name, values in vars(self).items()}


def measure(
    servers: Sequence[Server],
    requests: Mapping[str, Sequence[bytes]],
    *,
    database: Database,
    rounds: int,
    seconds: float,
) -> dict[str, Figures]:
    """The figures of each server, by name of its process; `requests` goes by that name too.

    A warm-up as long as two rounds comes first: runtimes compile what is asked often, and the
    portal keeps what it worked out for a range of postal codes. Raises load.Refused; Interrupted.
    """
    figures = {server.process: Figures() for server in servers}
    for number in range(-1, rounds):
        order = servers if number % 2 else list(reversed(servers))
        for server in order:
            server.supervisor.pause()
            length = seconds if number >= 0 else seconds * 2
            kept = figures[server.process] if number >= 0 else Figures()
            _round(server, requests[server.process], kept, database=database, seconds=length)
    return figures


def _round(
    server: Server, requests: Sequence[bytes], into: Figures, *, database: Database, seconds: float
) -> None:
    connections = CONNECTIONS_PER_WORKER * server.workers
    with Client(port=server.port, connections=connections) as client:
        before = cpu_seconds(server.pid), database.cpu_seconds(), sum(os.times()[:2])
        sample = client.closed_loop(requests, seconds=seconds)
        after = cpu_seconds(server.pid), database.cpu_seconds(), sum(os.times()[:2])
    own, databases, clients = (b - a for a, b in zip(before, after, strict=True))
    into.rates.append(sample.rate)
    into.cpu_ms.append(own * 1000 / sample.count)
    into.database_cpu_ms.append(databases * 1000 / sample.count)
    into.client_share.append(clients / sample.seconds)
    into.p50_ms.append(sample.percentile_ms(50))
    into.p99_ms.append(sample.percentile_ms(99))


def half_load(
    server: Server, requests: Sequence[bytes], *, full_rate: float, seconds: float
) -> dict[str, float]:
    """Latencies when requests come at random at half the rate it can take."""
    server.supervisor.pause()
    with Client(port=server.port, connections=CONNECTIONS_PER_WORKER * 4) as client:
        sample = client.open_loop(requests, rate=full_rate / 2, seconds=seconds)
    return {
        "rate": sample.rate,
        "p50_ms": sample.percentile_ms(50),
        "p99_ms": sample.percentile_ms(99),
    }


def paired(mine: Figures, theirs: Figures) -> tuple[float, float]:
    """How many times theirs mine is: (by rate, by CPU time), medians of the rounds' ratios."""
    rates = [a / b for a, b in zip(mine.rates, theirs.rates, strict=True)]
    cpu = [b / a for a, b in zip(mine.cpu_ms, theirs.cpu_ms, strict=True) if a]
    return median(rates), median(cpu) if cpu else float("nan")


def asked(question: Question, servers: Sequence[Server]) -> dict[str, list[bytes]]:
    """The same requests for everyone."""
    requests = question.requests()
    return {server.process: requests for server in servers}
