"""The benchmark of placements runs, counts what was committed and says what it found."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SMALL = ("--clients", "8", "--seconds", "1", "--rounds", "1", "--lead", "5", "--ways", "optimistic")


def test_puts_the_portal_beside_the_floor() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.placement", *SMALL],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    for way in ("portal over HTTP", "plain SQL, locked in id order", "plain SQL, optimistic"):
        assert re.search(rf"{way}, 8 connections.* +[1-9]\d* +\d", done.stdout), done.stdout
    assert "Goal http: p99" in done.stdout
