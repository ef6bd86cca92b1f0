"""A real Chromium for each test, and what it needs in the database."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser import packer
from tests.browser.chromium import ARGUMENTS, CHROMIUM, a_tablet

# Playwright keeps an event loop running in this thread, which Django takes for asynchronous code.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
#: Without a screen Chromium prints nothing, and never says that it is done; a real one does.
_PRINTED_AT_ONCE = """addEventListener("beforeprint", () => {
  setTimeout(() => dispatchEvent(new Event("afterprint")));
});"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    absent = not Path(CHROMIUM).exists() and os.environ.get("REQUIRE_BROWSER") != "1"
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if absent:
                item.add_marker(pytest.mark.skip(reason=f"no browser at {CHROMIUM}"))


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """One browser for all of these tests, with a profile of its own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def tablet(chromium: Browser) -> Iterator[BrowserContext]:
    """Fresh for each test: a 10-inch tablet, English unless told otherwise."""
    context = a_tablet(chromium)
    context.add_init_script(_PRINTED_AT_ONCE)
    yield context
    for page in context.pages:
        # What is on its way to the server would meet the tables being emptied.
        packer.settled(page)
    context.close()


@pytest.fixture
def colleague(chromium: Browser) -> Iterator[Page]:
    """On a second tablet."""
    context = a_tablet(chromium)
    yield context.new_page()
    context.close()


@pytest.fixture
def page(tablet: BrowserContext) -> Page:
    return tablet.new_page()


@pytest.fixture
def roles(transactional_db: None) -> None:
    """The roles that a migration makes: emptying the tables after a test took them along."""
    import_module("invoicing.migrations.0002_roles").create_roles(apps, None)
    import_module("reporting.migrations.0002_differences_are_kept").grant(apps, None)
