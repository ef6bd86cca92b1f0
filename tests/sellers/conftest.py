from __future__ import annotations

from collections.abc import Iterator

import pytest
import responses


@pytest.fixture
def oms() -> Iterator[responses.RequestsMock]:
    """The marketplace's order system, answering what a test tells it to."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock
