"""Places and processes for the tests of what starts the portal."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def directory() -> Iterator[Path]:
    """One that every account may enter: pytest's own are closed to the one PostgreSQL runs as."""
    path = Path(tempfile.mkdtemp(prefix="embedded-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


def processes_marked(mark: str) -> list[int]:
    """The processes that carry `NAME=value` in their environment: a program and its offspring."""
    return [int(p.name) for p in Path("/proc").iterdir() if p.name.isdecimal() and _has(p, mark)]


def _has(process: Path, mark: str) -> bool:
    try:
        return mark.encode() in (process / "environ").read_bytes().split(b"\0")
    except OSError:
        return False
