"""Where the settings come from: the environment, then `.env`, then safe development defaults."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
environ.Env.read_env(str(BASE_DIR / ".env"))

PRODUCTION = "production"
DEVELOPMENT = "development"


def portal_env() -> str:
    """`development` or `production`; anything else is a mistake worth stopping for."""
    value = env.str("PORTAL_ENV", default=DEVELOPMENT)
    if value not in (DEVELOPMENT, PRODUCTION):
        raise ImproperlyConfigured(
            f"PORTAL_ENV must be '{DEVELOPMENT}' or '{PRODUCTION}', got '{value}'."
        )
    return value


def var_dir() -> Path:
    """Where this installation keeps what it writes: embedded servers, logs, generated keys."""
    return Path(env.str("PORTAL_VAR", default=str(BASE_DIR / "var"))).resolve()


def ensure_servers() -> None:
    """Start or join PostgreSQL and Redis under `var/` for what the environment does not name."""
    if os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"):
        return
    from config.embedded import ensure_urls

    ensure_urls(var_dir())


def required(name: str, *, why: str) -> str:
    """A variable production cannot do without.

    Raises ImproperlyConfigured, with the reason, when it is missing or empty.
    """
    value = env.str(name, default="")
    if not value:
        raise ImproperlyConfigured(f"{name} must be set in production: {why}")
    return value


def development_secret() -> str:
    """A secret key made once for this checkout, so that sessions outlive a restart."""
    path = var_dir() / "secret.key"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600, exist_ok=True)
        path.write_text(secrets.token_urlsafe(50))
    return path.read_text().strip()
