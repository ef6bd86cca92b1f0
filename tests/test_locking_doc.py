"""The page about locks names every module that takes one, and tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
APPS = ("config", "sellers", "simulation", "orders", "invoicing", "reporting", "jobs")
#: How a lock is taken: in SQL, through Django, or by a function that does.
LOCK = re.compile(
    r"FOR (?:NO KEY )?UPDATE|pg_advisory|select_for_update\("
    r"|\b(?:moving|shelves)\.lock\w*\(|\bstock\.lock_shelves\("
)


def test_every_module_that_takes_a_lock_is_on_the_page() -> None:
    page = (ROOT / "docs/locking.md").read_text()
    taking = [
        str(path.relative_to(ROOT))
        for app in APPS
        for path in sorted((ROOT / app).rglob("*.py"))
        if "migrations" not in path.parts and LOCK.search(path.read_text())
    ]
    assert len(taking) > 40
    assert [path for path in taking if f"`{path}`" not in page] == []


def test_every_test_the_page_names_is_there() -> None:
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs/locking.md").read_text()))
    defined = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE)
    }
    assert len(named) > 30
    assert named <= defined
