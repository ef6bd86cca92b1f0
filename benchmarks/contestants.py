"""Who competes, and how each is started: every one a server process of its own, set up alike."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import holidays

from benchmarks.load import Client, Refused
from benchmarks.machine import memory_mib, pin, tree
from config.supervisor import Spec, Supervisor

ROOT = Path(__file__).resolve().parents[1]
NODE = ROOT / "benchmarks" / "peers" / "node"
THREADS = 3
START_SECONDS = 60.0
CALLS_PER_WORKER = 8
TIMEZONE = "America/Sao_Paulo"


@dataclass(frozen=True)
class Contestant:
    """`answers` are live ones, to be compared with the portal's."""

    name: str
    label: str
    command: Callable[[int, int], list[str]]
    env: Mapping[str, str] = field(default_factory=dict)
    answers: bool = True


def _granian(module: str) -> Callable[[int, int], list[str]]:
    """As config/run.py starts the portal, but for the number of workers."""

    def command(port: int, workers: int) -> list[str]:
        served = ["--interface", "wsgi", "--http", "1", "--no-ws", "--log-level", "warning"]
        size = ["--workers", str(workers), "--blocking-threads", str(THREADS)]
        where = ["--host", "127.0.0.1", "--port", str(port)]
        return [sys.executable, "-m", "granian", *served, *where, *size, module]

    return command


def _peer(
    name: str, label: str, *, view: str, answers: bool = True, settings: str = "settings"
) -> Contestant:
    env = {"PEER": view, "DJANGO_SETTINGS_MODULE": f"benchmarks.peers.{settings}"}
    return Contestant(name, label, _granian("benchmarks.peers.wsgi:application"), env, answers)


def _node(name: str, label: str, script: Path, *, answers: bool = True) -> Contestant:
    def command(port: int, workers: int) -> list[str]:
        return ["env", f"PORT={port}", f"WORKERS={workers}", "node", str(script)]

    return Contestant(name, label, command, answers=answers)


def everybody(var: Path, *, only: Collection[str] | None) -> list[Contestant]:
    """All of them or `only` these, the portal first; Node's only where `node` is."""
    known = [*_in_python(), *(_in_node(var / "node") if shutil.which("node") else ())]
    chosen = [each for each in known if only is None or each.name in only]
    if any(each.name == "node-live" for each in chosen) and not _have_pg(var / "node"):
        chosen = [each for each in chosen if each.name != "node-live"]
    return chosen


def _in_python() -> Iterator[Contestant]:
    yield Contestant("portal", "the portal, as it is served", _granian("config.wsgi:application"))
    view = _granian("benchmarks.peers.portal_wsgi:application")
    yield Contestant("portal-view", "its Django view", view)
    yield _peer("portal-plain", "its view without middleware", view="portal")
    yield _peer("bare", "bare Django view, no middleware", view="bare", answers=False)
    yield _peer(
        "bare-default",
        "the same, default middleware",
        view="bare",
        answers=False,
        settings="default_settings",
    )
    floor = _granian("benchmarks.peers.constant:application")
    yield Contestant("floor", "the server alone", floor, answers=False)
    yield _peer("careful", "careful peer (values_list, dicts)", view="careful")
    yield _peer("ordinary", "ordinary peer (serializers, ORM)", view="ordinary")


def _in_node(home: Path) -> Iterator[Contestant]:
    shutil.copytree(NODE, home, dirs_exist_ok=True)
    yield _node("node-mock", "Node, a mocked answer", home / "mock.mjs", answers=False)
    yield _node("node-live", "Node, the same live read", home / "live.mjs")


def _have_pg(home: Path) -> bool:
    """Node's own PostgreSQL client, installed beside a copy of the services; once."""
    if not (home / "node_modules" / "pg").exists() and shutil.which("npm"):
        command = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--omit=dev"]
        subprocess.run(command, cwd=home, check=False, stdout=subprocess.DEVNULL)
    return (home / "node_modules" / "pg").exists()


class Server:
    """A contestant that runs, until its supervisor stops it."""

    def __init__(
        self, contestant: Contestant, supervisor: Supervisor, *, port: int, workers: int = 1
    ) -> None:
        self.contestant = contestant
        self.name = contestant.name
        self.port = port
        self.process = f"{contestant.name}-{port}"
        spec = Spec(self.process, contestant.command(port, workers), contestant.env)
        supervisor.start(spec)
        self.supervisor = supervisor
        self.workers = workers
        self.asked_until_ready = 0

    @property
    def pid(self) -> int:
        return self.supervisor.children[self.process].process.pid

    def pin(self, cores: set[int]) -> None:
        pin(self.pid, cores)

    def worker_memory_mib(self) -> tuple[float, float]:
        """(RSS, PSS) of the largest process of the tree: a worker, not the one that watches it."""
        return max(memory_mib(pid) for pid in tree(self.pid))

    def await_answers(self, request: bytes) -> None:
        """Returns once every worker is ready: many connections in a row are answered.

        Raises Refused when that is not so after START_SECONDS.
        """
        deadline = time.monotonic() + START_SECONDS
        answered = 0
        while answered < CALLS_PER_WORKER * self.workers:
            try:
                with Client(port=self.port, connections=1) as client:
                    self.asked_until_ready += 1
                    client.ask(request)
                answered += 1
            except (OSError, Refused) as error:
                answered = 0
                self.supervisor.pause()
                self.supervisor.watch()
                if time.monotonic() > deadline or _is_final(error):
                    raise Refused(f"{self.name}: {error}") from error


def _is_final(error: OSError | Refused) -> bool:
    """503 is what the portal says while its freight tables are being loaded."""
    return isinstance(error, Refused) and " 503 " not in str(error)


def environment(database_url: str, answers: Path) -> dict[str, str]:
    """What servers need to know, Node's included."""
    return {
        "BENCHMARK_ANSWERS": str(answers),
        "LOG_LEVEL": "WARNING",
        "PYTHONPATH": str(ROOT),
        "HOLIDAYS": json.dumps({state: _holidays(state) for state in ("SP", "PE")}),
        "UTC_OFFSET": datetime.now(ZoneInfo(TIMEZONE)).isoformat()[-6:],
        **_libpq(database_url),
    }


def _holidays(state: str) -> list[str]:
    year = datetime.now(UTC).year
    known = holidays.country_holidays("BR", subdiv=state, years=range(year - 1, year + 3))
    return sorted(day.isoformat() for day in known)


def _libpq(url: str) -> dict[str, str]:
    parts = urlsplit(url)
    host = parse_qs(parts.query).get("host", [parts.hostname or ""])[0]
    return {
        "PGHOST": host,
        "PGPORT": str(parts.port or 5432),
        "PGUSER": parts.username or "",
        "PGPASSWORD": parts.password or "",
        "PGDATABASE": parts.path.lstrip("/"),
    }
