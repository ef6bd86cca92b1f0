"""The command that brings everything up says what is in its way before it starts anything."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

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


@pytest.mark.parametrize("port", ["0", "65535", "eighty", "-1", "٨"])
def test_refuses_what_is_no_port(tmp_path, port):
    done = _run(tmp_path / "var", "serve", f"--port={port}")
    assert done.returncode == 2
    assert "is not a port between 1 and 65534" in done.stderr


def test_refuses_embedded_servers_in_production(tmp_path):
    done = _run(
        tmp_path / "var", "serve", "--port", "8119", PORTAL_ENV="production", DATABASE_URL=""
    )
    assert done.returncode == 1
    assert "DATABASE_URL must be set in production" in done.stdout
    assert not (tmp_path / "var" / "servers").exists()
