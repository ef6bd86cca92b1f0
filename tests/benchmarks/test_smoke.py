"""The benchmark stays alive. What it measures here means nothing, and nothing is asserted of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from benchmarks.place import name_of

ROOT = Path(__file__).resolve().parents[2]
SKUS, RANGES = 200, 20
PHASES = ["carts", "flatness"]
OPTIONS = ["--skus", str(SKUS), "--ranges", str(RANGES), "--phases", ",".join(PHASES)]
ROUND = ["--items", "2", "--seconds", "0.05", "--rounds", "1", "--port", "8281"]
# Tests download nothing: Node's database client is there once a benchmark has been run.
NODE_MODULES = ROOT / "var" / "bench" / "node" / "node_modules"


@pytest.fixture
def server() -> Iterator[str]:
    """The URL of the tests' PostgreSQL; the benchmark's own database on it goes afterwards."""
    url = os.environ["DATABASE_URL"]
    yield url
    with psycopg.connect(url, autocommit=True) as connection:
        name = sql.Identifier(name_of(SKUS, RANGES))
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))


def test_measures_every_contestant_beside_the_others(server: str, tmp_path: Path) -> None:
    contestants = {"portal", "bare", "careful", "ordinary"} | _of_node(tmp_path / "node")
    figures = tmp_path / "figures.json"
    where = ["--server", server, "--var", str(tmp_path), "--json", str(figures)]
    who = ["--contestants", ",".join(contestants)]
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.simulation", *OPTIONS, *ROUND, *where, *who],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    results = json.loads(figures.read_text())
    assert set(results["carts"]["items"]["2"]) == contestants
    assert set(results["agreement"]["compared"]) == contestants - {"bare", "node-mock"}
    assert list(results["flatness"]) == ["2", "20", "200"]
    assert "Goals" in run.stdout


def _of_node(home: Path) -> set[str]:
    if not shutil.which("node"):
        return set()
    if not NODE_MODULES.is_dir():
        return {"node-mock"}
    home.mkdir()
    (home / "node_modules").symlink_to(NODE_MODULES)
    return {"node-mock", "node-live"}
