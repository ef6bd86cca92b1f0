"""The drain's benchmark stays alive. What it measures here means nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SMALL = ("--messages", "60", "--rounds", "1", "--backlog", "200", "--invoices", "3")


def test_drains_a_small_outbox_beside_the_bare_calls() -> None:
    given = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO_")}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.draining", *SMALL],
        cwd=ROOT,
        env=given,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "| share of the ceiling, median |" in done.stdout
    assert "| 200 tracking messages, one process |" in done.stdout
    assert "| an invoice within a backlog of tracking: median, p95 |" in done.stdout
    assert "broken" not in done.stdout
