"""Processes of the portal: started, watched, restarted, stopped without orphans."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.config.conftest import processes_marked

ROOT = Path(__file__).resolve().parents[2]
SLEEPER = "import time; time.sleep(60)"
# A parent with a child of its own, as the web server and the worker are.
FAMILY = f"""
import subprocess, sys
subprocess.Popen([sys.executable, "-c", {SLEEPER!r}])
{SLEEPER}
"""
SUPERVISE = """
import sys
from pathlib import Path
from config.supervisor import Failed, Interrupted, Spec, Supervisor

log_dir, pause, *programs = sys.argv[1:]
try:
    with Supervisor(log_dir=Path(log_dir), say=lambda line: print(line, flush=True),
                    first_pause_seconds=float(pause)) as supervisor:
        for number, program in enumerate(programs):
            command = [sys.executable, "-c", program]
            supervisor.start(Spec(f"child{number}", command, stop_seconds=5))
        print("up", flush=True)
        while True:
            supervisor.pause()
            supervisor.watch()
except Interrupted:
    print("interrupted", flush=True)
except Failed as error:
    print("failed:", error, flush=True)
"""


class Supervised:
    """The supervisor in a process of its own, found again by a mark in its environment."""

    def __init__(self, log_dir: Path, *programs: str, pause: float = 0.01) -> None:
        self.mark = f"SUPERVISOR_TEST={os.getpid()}-{time.monotonic_ns()}"
        name, _, value = self.mark.partition("=")
        self.process = subprocess.Popen(
            [sys.executable, "-c", SUPERVISE, str(log_dir), str(pause), *programs],
            cwd=ROOT,
            env={**os.environ, name: value},
            stdout=subprocess.PIPE,
            text=True,
        )

    def await_line(self, word: str) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if word in line:
                return
        raise AssertionError(f"{word!r} was never said")

    def alive(self) -> list[int]:
        return processes_marked(self.mark)

    def await_count(self, count: int, seconds: float = 10) -> list[int]:
        deadline = time.monotonic() + seconds
        while len(found := self.alive()) != count and time.monotonic() < deadline:
            time.sleep(0.05)
        return found


@pytest.fixture
def supervise(tmp_path):
    started: list[Supervised] = []

    def _supervise(*programs: str, **options: float) -> Supervised:
        started.append(Supervised(tmp_path / "log", *programs, **options))
        return started[-1]

    yield _supervise
    for supervised in started:
        for pid in supervised.alive():
            os.kill(pid, signal.SIGKILL)
        supervised.process.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_stops_all_without_orphans_last_started_first(supervise, number):
    supervised = supervise(FAMILY, SLEEPER)
    supervised.await_line("up")
    assert len(supervised.await_count(4)) == 4
    supervised.process.send_signal(number)
    said, _ = supervised.process.communicate(timeout=20)
    assert said.splitlines() == ["Stopping child1", "Stopping child0", "interrupted"]
    assert supervised.process.returncode == 0
    assert supervised.alive() == []


def test_leaves_no_child_behind_when_it_is_killed(supervise):
    supervised = supervise(SLEEPER, SLEEPER)
    supervised.await_line("up")
    assert len(supervised.await_count(3)) == 3
    supervised.process.kill()
    assert supervised.await_count(0) == []


def test_a_second_interruption_hurries_a_child_that_will_not_go(supervise):
    stubborn = (
        "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True)"
    )
    supervised = supervise(f"{stubborn}\n{SLEEPER}")
    supervised.await_line("up")
    time.sleep(0.5)
    supervised.process.send_signal(signal.SIGINT)
    supervised.await_line("Stopping child0")
    began = time.monotonic()
    supervised.process.send_signal(signal.SIGINT)
    supervised.process.communicate(timeout=20)
    assert time.monotonic() - began < 3
    assert supervised.alive() == []


def test_starts_a_fallen_child_again(supervise):
    supervised = supervise(SLEEPER)
    supervised.await_line("up")
    before = set(supervised.await_count(2))
    (child,) = before - {supervised.process.pid}
    os.kill(child, signal.SIGKILL)
    supervised.await_line("child0 was ended by SIGKILL")
    supervised.await_line("Starting child0 again")
    after = set(supervised.await_count(2))
    assert len(after) == 2
    assert child not in after


def test_gives_up_on_a_child_that_keeps_falling_and_shows_its_last_words(supervise):
    supervised = supervise(SLEEPER, "raise SystemExit('out of paper')")
    said, _ = supervised.process.communicate(timeout=30)
    assert said.count("Starting child1 again") == 5
    assert "out of paper" in said
    assert "It fell 6 times in a row" in said.rpartition("failed:")[2]
    assert supervised.alive() == []
