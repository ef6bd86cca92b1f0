"""What every process of the portal holds in its memory, whatever it is there for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: Needed to draw a paper or to read a spreadsheet, and tens of megabytes.
HEAVY = {"brazilfiscalreport", "fontTools", "fpdf", "openpyxl", "pypdf"}
LOOK = "import django, sys; django.setup(); import config.urls; print(*sys.modules)"


def test_what_draws_and_what_reads_spreadsheets_is_loaded_when_it_is_needed() -> None:
    told = subprocess.run([sys.executable, "-c", LOOK], cwd=ROOT, capture_output=True, check=True)
    loaded = set(told.stdout.decode().split())
    assert "invoicing.printing.papers" in loaded
    assert not HEAVY & loaded
