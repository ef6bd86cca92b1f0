"""Readers of reports, without a browser."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.builders import staff


@pytest.fixture
def manager(db: None) -> Client:
    client = Client()
    client.force_login(staff("mia", role="Manager", language="en"))
    return client


@pytest.fixture
def packer(db: None) -> Client:
    client = Client()
    client.force_login(staff("pia", role="Warehouse", language="en"))
    return client
