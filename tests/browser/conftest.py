"""A real Chromium: Debian's, never one that Playwright downloads."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from playwright.sync_api import BrowserContext, Page, sync_playwright

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
TABLET = {"width": 1280, "height": 800}
# Playwright keeps an event loop running in this thread, which Django takes for asynchronous code.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    absent = not Path(CHROMIUM).exists() and os.environ.get("REQUIRE_BROWSER") != "1"
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if absent:
                item.add_marker(pytest.mark.skip(reason=f"no browser at {CHROMIUM}"))


@pytest.fixture
def tablet() -> Iterator[BrowserContext]:
    """A browser of its own for each test: 10-inch tablet, English unless told otherwise."""
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as profile:
        context = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=CHROMIUM,
            args=ARGUMENTS,
            viewport=TABLET,  # type: ignore[arg-type]  # a dict with just these keys
            locale="en-GB",
        )
        context.set_default_timeout(10_000)
        yield context
        context.close()


@pytest.fixture
def page(tablet: BrowserContext) -> Page:
    return tablet.pages[0] if tablet.pages else tablet.new_page()


@pytest.fixture
def roles(transactional_db: None) -> None:
    """The roles that a migration makes: emptying the tables after a test took them along."""
    migration = import_module("invoicing.migrations.0002_roles")
    migration.create_roles(apps, None)
