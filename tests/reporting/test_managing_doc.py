"""docs/managing.md says what the code says.

`UPDATE_MANAGING_DOC=1 pytest tests/reporting/test_managing_doc.py` writes its tables anew.
"""

from __future__ import annotations

import os

import pytest

from config.env import BASE_DIR
from reporting import documenting

DOC = BASE_DIR / "docs" / "managing.md"


@pytest.mark.parametrize("part", ["causes", "figures"])
def test_the_documented_tables_are_the_codes(part: str):
    begin, end = f"<!-- {part} -->\n", f"<!-- /{part} -->"
    head, rest = DOC.read_text(encoding="utf-8").split(begin)
    shown, tail = rest.split(end)
    table = f"{getattr(documenting, f'{part}_as_markdown')()}\n"
    if os.environ.get("UPDATE_MANAGING_DOC"):
        DOC.write_text(f"{head}{begin}{table}{end}{tail}", encoding="utf-8")
        shown = table
    assert shown == table
