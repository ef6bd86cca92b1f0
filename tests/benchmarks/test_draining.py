"""The drain's benchmark stays alive. What it measures here means nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.benchmarks.conftest import MakeDatabase

ROOT = Path(__file__).resolve().parents[2]
SMALL = ("--connections", "2", "--messages", "8", "--rounds", "1", "--backlog", "20")


def test_drains_a_small_outbox_beside_the_bare_calls(empty_database: MakeDatabase) -> None:
    given = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO_")}
    own = ("--invoices", "2", "--database", empty_database("bench_draining"))
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.draining", *SMALL, *own],
        cwd=ROOT,
        env=given,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "| share of the ceiling, median |" in done.stdout
    assert "| 20 tracking messages, one process |" in done.stdout
    assert "| an invoice within a backlog of tracking: median, p95 |" in done.stdout
    assert "broken" not in done.stdout
