"""The benchmark of placements runs, counts what was committed and says what it found."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.benchmarks.conftest import MakeDatabase

ROOT = Path(__file__).resolve().parents[2]
SMALL = ("--clients", "2", "--at-once", "2", "--processes", "1", "--skus", "2", "--lines", "2")
SHORT = ("--seconds", "0.2", "--rounds", "1", "--ways", "optimistic")


def test_puts_the_portal_beside_the_floor(empty_database: MakeDatabase) -> None:
    own = ("--database", empty_database("bench_placement"))
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.placement", *SMALL, *SHORT, *own],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    for way in ("portal over HTTP", "plain SQL, locked in id order", "plain SQL, optimistic"):
        assert re.search(rf"{way}, 2 connections[^|]*\| +[1-9]\d* \|", done.stdout), done.stdout
    assert "Goal http: p99" in done.stdout
