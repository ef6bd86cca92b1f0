"""No line of a log has a whole endpoint key, whichever of our programs writes it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
KEY = "Ab3dSecretSecretSecret"
LOGGED = f"""
import logging
try:
    raise ValueError("no answer from https://portal.example/api/{KEY}/hook")
except ValueError:
    logging.getLogger("django.request").exception("Unauthorized: %s", "/api/{KEY}/pvt/orders")
"""
WEB = "import django; django.setup()"
WORKER = f"{WEB}; from config.celery import app; app.log.setup(loglevel='WARNING')"


@pytest.mark.parametrize("program", [WEB, WORKER])
def test_shortens_endpoint_keys_in_every_line_and_traceback(program: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", program + LOGGED],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=180,
        check=True,
    )

    assert "Unauthorized: /api/Ab3d…/pvt/orders" in done.stderr
    assert "no answer from https://portal.example/api/Ab3d…/hook" in done.stderr
    assert KEY not in done.stderr + done.stdout
