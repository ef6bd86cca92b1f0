"""The command that brings everything up says what is in its way before it starts anything."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from tests.config.conftest import processes_marked

ROOT = Path(__file__).resolve().parents[2]


def _run(var: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "config.run", *arguments],
        cwd=ROOT,
        env={**os.environ, "PORTAL_VAR": str(var), **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def taken_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.mark.parametrize("what", ["serve", "demo"])
def test_names_a_taken_port_and_how_to_choose_another(tmp_path, taken_port, what):
    done = _run(tmp_path / "var", what, "--port", str(taken_port))
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"Port {taken_port} on 127.0.0.1 is taken by another program.")
    assert f"make {what} PORT=" in line
    assert not (tmp_path / "var").exists()


def test_takes_the_port_from_the_environment(tmp_path, taken_port):
    done = _run(tmp_path / "var", "serve", PORT=str(taken_port))
    assert done.returncode == 2
    assert f"Port {taken_port} " in done.stderr


def test_looks_at_the_port_of_the_stand_in_too(tmp_path, taken_port):
    done = _run(tmp_path / "var", "demo", "--port", "8119", SANDBOX_PORT=str(taken_port))
    assert done.returncode == 2
    assert f"Port {taken_port} " in done.stderr


@pytest.mark.parametrize("port", ["0", "65536", "eighty", "-1", "٨"])
def test_refuses_what_is_no_port(tmp_path, port):
    done = _run(tmp_path / "var", "serve", f"--port={port}")
    assert done.returncode == 2
    assert "is not a port between 1 and 65535" in done.stderr


@pytest.mark.parametrize("variable", ["PORT", "SANDBOX_PORT"])
def test_names_the_variable_that_is_no_port(tmp_path, variable):
    done = _run(tmp_path / "var", "demo", **{variable: "abc"})
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"{variable}: 'abc' is not a port between 1 and 65535.")
    assert "--" not in line
    assert not (tmp_path / "var").exists()


def test_takes_the_last_port_where_no_stand_in_needs_the_next(tmp_path):
    missing = {"PORTAL_ENV": "production", "DATABASE_URL": ""}
    done = _run(tmp_path / "var", "serve", PORT="65535", **missing)
    assert done.returncode == 1  # the port was accepted, and the missing database is the news
    assert "DATABASE_URL must be set" in done.stdout
    done = _run(tmp_path / "var", "demo", PORT="65535")
    assert done.returncode == 2
    assert "make demo PORT=65534" in done.stderr


def test_refuses_embedded_servers_in_production(tmp_path):
    done = _run(
        tmp_path / "var", "serve", "--port", "8119", PORTAL_ENV="production", DATABASE_URL=""
    )
    assert done.returncode == 1
    assert "DATABASE_URL must be set in production" in done.stdout
    assert not (tmp_path / "var" / "servers").exists()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def serving(directory):
    """`serve` on servers of its own, once it says it is up."""
    mark = f"RUN_TEST={directory.name}"
    env = {**os.environ, "PORTAL_VAR": str(directory / "var"), "RUN_TEST": directory.name}
    for name in ("DATABASE_URL", "REDIS_URL", "ALLOWED_HOSTS"):
        env.pop(name, None)
    process = subprocess.Popen(
        [sys.executable, "-m", "config.run", "serve", "--port", str(_free_port())],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if " Up. " in line:
            break
    yield process, "".join(said), mark
    process.terminate()
    process.communicate(timeout=60)
    for pid in processes_marked(mark):
        os.kill(pid, signal.SIGKILL)


def test_serves_until_interrupted_and_leaves_nothing_running(serving, directory):
    process, said, mark = serving
    address = re.search(r"http://127\.0\.0\.1:\d+", said)
    assert address is not None, said
    assert requests.get(f"{address[0]}/healthz", timeout=5).json() == {"status": "ok"}
    assert {p.name for p in (directory / "var" / "log").glob("*.log")} >= {
        "web.log",
        "worker.log",
        "jobs.log",
        "beat.log",
    }
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=60)
    stopped = re.findall(r"Stopping ([a-zA-Z]+)$|Stopping (PostgreSQL)", rest, re.MULTILINE)
    assert [a or b for a, b in stopped] == ["web", "beat", "jobs", "worker", "PostgreSQL"]
    assert process.returncode == 0
    assert processes_marked(mark) == []
    servers = directory / "var" / "servers"
    assert not (servers / "run").exists()
    assert not (servers / "postgres" / "postmaster.pid").exists()


def test_refuses_a_second_run_on_the_same_data(serving, directory):
    done = _run(directory / "var", "serve", "--port", str(_free_port()))
    assert done.returncode == 2
    assert f"The portal already runs on {directory / 'var'}" in done.stderr


def test_replaces_one_killed_web_worker_and_goes_on_answering(serving, directory):
    _process, said, _mark = serving
    address = re.search(r"http://127\.0\.0\.1:\d+", said)
    assert address is not None, said
    log = directory / "var" / "log" / "web.log"
    born = re.findall(r"Spawning worker-\d with PID: (\d+)", log.read_text())
    killed, kept = map(int, born)
    os.kill(killed, signal.SIGKILL)
    deadline = time.monotonic() + 30
    lost = 0
    while log.read_text().count("Spawning worker-") < 3 and time.monotonic() < deadline:
        try:
            assert _healthz(address[0]).status_code == 200
        except requests.ConnectionError:
            lost += 1  # it was already in the dying worker's queue
        time.sleep(0.1)
    assert lost <= 2
    text = log.read_text()
    assert text.count("Spawning worker-") == 3, text
    assert text.count("Starting granian") == 1
    os.kill(kept, 0)  # the other one still runs
    assert requests.get(f"{address[0]}/healthz", timeout=20).status_code == 200


def _healthz(address: str) -> requests.Response:
    return requests.get(f"{address}/healthz", headers={"Connection": "close"}, timeout=20)
