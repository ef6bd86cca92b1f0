"""The proof of the kills, short: web workers, the Celery worker and Redis lose their lives, and
nothing is lost or done twice."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks.conftest import MakeDatabase

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("what", ["web", "worker", "redis"])
def test_loses_nothing_and_doubles_nothing(what: str, empty_database: MakeDatabase) -> None:
    given = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO_")}
    short = ("--seconds", "4", "--seed", "7", "--database", empty_database(f"kills_{what}"))
    done = subprocess.run(
        [sys.executable, "-m", "proofs.kills", what, *short],
        cwd=ROOT,
        env=given,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "PROVED" in done.stdout
