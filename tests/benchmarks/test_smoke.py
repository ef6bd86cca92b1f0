"""The benchmark stays alive. What it measures here means nothing, and nothing is asserted of it.

Its slow peers are only asked once, in test_peers.py.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.place import name_of
from tests.benchmarks.conftest import MakeDatabase

ROOT = Path(__file__).resolve().parents[2]
SKUS, RANGES = 10, 2
DATA = ["--skus", str(SKUS), "--ranges", str(RANGES), "--phases", "carts,flatness"]
ROUND = ["--items", "2", "--seconds", "0.02", "--rounds", "1"]
# Tests download nothing: Node's database client is there once a benchmark has been run.
NODE_MODULES = ROOT / "var" / "bench" / "node" / "node_modules"


def test_measures_every_contestant_beside_the_others(
    empty_database: MakeDatabase, tmp_path: Path
) -> None:
    contestants = {"portal", "bare"} | _of_node(tmp_path / "node")
    figures = tmp_path / "figures.json"
    empty_database(name_of(SKUS, RANGES))
    server = ["--server", os.environ["DATABASE_URL"]]
    where = ["--var", str(tmp_path), "--json", str(figures)]
    who = ["--contestants", ",".join(contestants)]
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.simulation", *DATA, *ROUND, *server, *where, *who],
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
    assert list(results["flatness"]) == ["1", "10"]
    assert "Goals" in run.stdout


def _of_node(home: Path) -> set[str]:
    if not shutil.which("node"):
        return set()
    if not NODE_MODULES.is_dir():
        return {"node-mock"}
    home.mkdir()
    (home / "node_modules").symlink_to(NODE_MODULES)
    return {"node-mock", "node-live"}
