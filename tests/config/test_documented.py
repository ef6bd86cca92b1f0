"""Every variable the portal reads is explained, and offered where one starts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_READ = re.compile(
    r"""(?:\benv\.\w+|\brequired|os\.environ\.get)\(\s*["'](\w+)["']|os\.environ\[["'](\w+)["']\]"""
)
#: Read to find Django's own settings module: nobody sets it.
_INTERNAL = {"DJANGO_SETTINGS_MODULE"}


def _variables() -> list[str]:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "config").rglob("*.py")]
    found = {first or second for text in sources for first, second in _READ.findall(text)}
    return sorted(found - _INTERNAL - {"PATH"})


def test_finds_what_is_read_in_every_way():
    assert {"PORTAL_ENV", "PORTAL_VAR", "SECRET_KEY", "DATABASE_URL", "HOST", "DEBUG"} <= set(
        _variables()
    )


@pytest.mark.parametrize("variable", _variables())
def test_is_explained_and_offered(variable: str):
    explained = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    offered = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert f"`{variable}`" in explained
    assert re.search(rf"^#? ?{variable}=", offered, re.MULTILINE)
