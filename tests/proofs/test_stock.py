"""The proof of the stock, small: it holds, and its control sees the portal oversell."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.benchmarks.conftest import MakeDatabase

ROOT = Path(__file__).resolve().parents[2]
SMALL = ("--placements", "50", "--units", "10", "--clients", "16", "--workers", "2", "--seed", "7")


def prove(database: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    given = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO_")}
    return subprocess.run(
        [sys.executable, "-m", "proofs.stock", *SMALL, "--database", database, *arguments],
        cwd=ROOT,
        env=given,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def test_accepts_as_many_orders_as_there_are_units_and_refuses_the_rest_clearly(
    empty_database: MakeDatabase,
) -> None:
    done = prove(empty_database("proof"))

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Seed 7: 50 placements at 10 units over 3 warehouses" in done.stdout
    assert "10 × 200" in done.stdout
    assert "40 × 409 not-available" in done.stdout
    assert "10 orders, 10 units held, 0 available, 0 left by the ledger" in done.stdout


def test_sees_the_portal_oversell_once_the_guard_is_gone(empty_database: MakeDatabase) -> None:
    done = prove(empty_database("control"), "--control")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "CONTROL HOLDS" in done.stdout
