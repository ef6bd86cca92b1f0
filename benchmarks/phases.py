"""The parts of a benchmark, each with servers of its own; what they return is what is reported."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.agreement import compare
from benchmarks.carts import Question
from benchmarks.contestants import Contestant, Server
from benchmarks.load import Client
from benchmarks.rounds import Database, Figures, asked, half_load, measure, paired
from config.supervisor import Supervisor
from proofs.portal import free_port

Json = dict[str, Any]
REFERENCE = "portal"
# Servers that are asked at random moments at half of what they can take.
HALF_LOAD = ("portal", "node-live")
COUNTED_REQUESTS = 500
MOST_WAITS = 15


@dataclass(frozen=True)
class Plan:
    """What to measure, and how long."""

    contestants: Sequence[Contestant]
    sizes: Sequence[int]
    items: Sequence[int]
    rounds: int
    seconds: float
    var: Path

    @property
    def answers(self) -> Path:
        return self.var / "answers"

    @property
    def largest(self) -> int:
        return max(self.sizes)


class Stage:
    """Starts contestants, and says which cores are whose."""

    def __init__(self, plan: Plan, supervisor: Supervisor, database: Database) -> None:
        self.plan = plan
        self.supervisor = supervisor
        self.database = database
        self.cores = sorted(os.sched_getaffinity(0))

    @contextmanager
    def cast(
        self, contestants: Sequence[Contestant], *, workers: int = 1, sizes: Sequence[int] = ()
    ) -> Iterator[list[Server]]:
        """Their servers, up, pinned and warm with the freight tables of the catalogue (the
        largest, unless `sizes` names one for each); ended on leaving."""
        sizes = sizes or [self.plan.largest] * len(contestants)
        servers = []
        try:
            for contestant in contestants:
                port = free_port()
                servers.append(Server(contestant, self.supervisor, port=port, workers=workers))
            for server, size in zip(servers, sizes, strict=True):
                server.await_answers(Question(size, self.plan.items[0]).requests()[0])
                self._pin(server, workers)
            yield servers
        finally:
            self.supervisor.stop()
            os.sched_setaffinity(0, self.cores)
            self.database.pin(set(self.cores))

    def _pin(self, server: Server, workers: int) -> None:
        if self.has_cores_for(workers):
            rest = set(self.cores[workers:])
            server.pin(set(self.cores[:workers]))
            os.sched_setaffinity(0, rest)
            self.database.pin(rest)

    def has_cores_for(self, workers: int) -> bool:
        """One for each worker and one more for PostgreSQL and the client."""
        return len(self.cores) > workers


def agree(stage: Stage) -> Json:
    """All live contestants answer the same; an answer of each size is kept for the bare view."""
    plan = stage.plan
    plan.answers.mkdir(parents=True, exist_ok=True)
    live = [contestant for contestant in plan.contestants if contestant.answers]
    sizes = {}
    with stage.cast(live) as servers:
        for items in plan.items:
            question = Question(plan.largest, items)
            answer = compare(servers, question.requests())
            (plan.answers / f"{question.query}.json").write_bytes(answer)
            sizes[str(items)] = len(answer)
    return {"compared": [contestant.name for contestant in live], "answer_bytes": sizes}


def carts(stage: Stage, *, workers: int, rounds: int) -> Json:
    """All contestants side by side, for each size of cart; then some at half load."""
    plan = stage.plan
    result: Json = {"pinned": stage.has_cores_for(workers), "items": {}, "half_load": {}}
    with stage.cast(plan.contestants, workers=workers) as servers:
        for items in plan.items:
            requests = asked(Question(plan.largest, items), servers)
            figures = measure(
                servers, requests, database=stage.database, rounds=rounds, seconds=plan.seconds
            )
            result["items"][str(items)] = _side_by_side(servers, figures)
            result["half_load"][str(items)] = {
                server.name: half_load(
                    server,
                    requests[server.process],
                    full_rate=figures[server.process].summary()["rates"],
                    seconds=plan.seconds * 4,
                )
                for server in servers
                if server.name in HALF_LOAD
            }
        result["memory_mib"] = {server.name: server.worker_memory_mib() for server in servers}
    return result


def _side_by_side(servers: Sequence[Server], figures: dict[str, Figures]) -> Json:
    reference = figures[next(s for s in servers if s.name == REFERENCE).process]
    return {
        server.name: {
            **figures[server.process].summary(),
            "portal_times_by_rate": paired(reference, figures[server.process])[0],
            "portal_times_by_cpu": paired(reference, figures[server.process])[1],
        }
        for server in servers
    }


def flatness(stage: Stage, *, items: int) -> Json:
    """The portal alone, a fresh server for each size of catalogue, in turns."""
    plan = stage.plan
    portal = next(each for each in plan.contestants if each.name == REFERENCE)
    with stage.cast([portal] * len(plan.sizes), sizes=plan.sizes) as servers:
        requests = {
            server.process: Question(size, items).requests()
            for server, size in zip(servers, plan.sizes, strict=True)
        }
        figures = measure(
            servers,
            requests,
            database=stage.database,
            rounds=plan.rounds,
            seconds=plan.seconds,
        )
        smallest = figures[servers[0].process]
        return {
            str(size): {
                **figures[server.process].summary(),
                "times_the_smallest_by_rate": paired(figures[server.process], smallest)[0],
                "times_the_smallest_by_cpu": paired(figures[server.process], smallest)[1],
                "memory_mib": server.worker_memory_mib(),
            }
            for server, size in zip(servers, plan.sizes, strict=True)
        }


def statements(stage: Stage, *, items: int) -> Json:
    """SQL statements per request, counted by the database over a server's whole life.

    PostgreSQL is only sure of its counters once a session has ended, so each server is ended
    before they are read. What a start costs is divided among the requests too. What the portal
    writes down every few seconds, however many requests there were, is left out.
    """
    requests = Question(stage.plan.largest, items).requests()
    result: Json = {}
    stage.supervisor.env["SIMULATION_RECORD_SECONDS"] = "0"
    for contestant in stage.plan.contestants:
        if contestant.answers:
            before = _settled(stage.database)
            with stage.cast([contestant]) as [server]:
                _ask_one_by_one(server, requests)
            asked = COUNTED_REQUESTS + server.asked_until_ready
            result[contestant.name] = (_settled(stage.database) - before) / asked
    return result


def _ask_one_by_one(server: Server, requests: Sequence[bytes]) -> None:
    with Client(port=server.port, connections=1) as client:
        for number in range(COUNTED_REQUESTS):
            client.ask(requests[number % len(requests)])


def _settled(database: Database) -> int:
    """Once it stands still, but for our own question: ended sessions report a moment later."""
    count = database.transactions()
    for _ in range(MOST_WAITS):
        time.sleep(1.0)
        before, count = count, database.transactions()
        if count - before <= 1:
            break
    return count
