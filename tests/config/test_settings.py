"""Production refuses to start with an insecure default, and says which."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

ROOT = Path(__file__).resolve().parents[2]
SAFE = {
    "PORTAL_ENV": "production",
    "SECRET_KEY": "k7Qf0dE2mZr9xTn4uWb6yLp1sVh8cJa3gRo5iXtBqM",
    "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
    "ALLOWED_HOSTS": "portal.example.com",
    "DATABASE_URL": "postgres://portal@db.example.com/portal",
    "REDIS_URL": "redis://cache.example.com:6379/0",
}


def load_settings(tmp_path: Path, **changes: str | None) -> subprocess.CompletedProcess[str]:
    wanted = SAFE | {"PORTAL_VAR": str(tmp_path)} | changes
    environment = {k: v for k, v in os.environ.items() if k not in wanted and k != "DEBUG"}
    environment |= {k: v for k, v in wanted.items() if v is not None}
    return subprocess.run(
        [sys.executable, "-c", "import config.settings"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_starts_in_production_with_everything_set(tmp_path):
    result = load_settings(tmp_path)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SECRET_KEY", None),
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "change-me-change-me-change-me-change-me-change-me"),
        ("ENCRYPTION_KEYS", None),
        ("ALLOWED_HOSTS", None),
        ("ALLOWED_HOSTS", "*"),
        ("DEBUG", "true"),
        ("DATABASE_URL", None),
        ("DATABASE_URL", "sqlite:///portal.db"),
        ("REDIS_URL", None),
        ("PORTAL_ENV", "prod"),
    ],
)
def test_refuses_to_start_when_production_is_insecure(tmp_path, variable, value):
    result = load_settings(tmp_path, **{variable: value})
    assert result.returncode != 0
    assert "ImproperlyConfigured" in result.stderr
    assert variable in result.stderr.splitlines()[-1]


def test_keeps_the_development_key_between_starts(tmp_path):
    development = {"PORTAL_ENV": "development", "SECRET_KEY": None, "ENCRYPTION_KEYS": None}
    assert load_settings(tmp_path, **development).returncode == 0
    first = (tmp_path / "secret.key").read_text()
    assert load_settings(tmp_path, **development).returncode == 0
    assert (tmp_path / "secret.key").read_text() == first
    assert len(first) >= 50
