"""Readers of reports, without a browser."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.builders import staff


def _client(username: str, role: str) -> Client:
    client = Client()
    client.force_login(staff(username, role=role, language="en"))
    return client


@pytest.fixture
def manager(db: None) -> Client:
    return _client("mia", "Manager")


@pytest.fixture
def packer(db: None) -> Client:
    return _client("pia", "Warehouse")


@pytest.fixture
def administrator(db: None) -> Client:
    return _client("ada", "Administrator")
