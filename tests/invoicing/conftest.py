"""What these tests must not leave to each other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.utils import translation


@pytest.fixture(autouse=True)
def _one_language() -> Iterator[None]:
    """A request in Portuguese leaves its language behind in the thread that made it."""
    with translation.override("en"):
        yield
