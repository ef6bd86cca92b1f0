"""Secrets at rest: encrypted in the database, never shown whole, compared in constant time."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models


def new_endpoint_key() -> str:
    """An unguessable key for an account's base URL (128 bits, URL-safe)."""
    return secrets.token_urlsafe(16).replace("_", "a").replace("-", "b")


def same_secret(given: str, expected: str) -> bool:
    """Constant-time comparison, so that answer times tell nothing."""
    return hmac.compare_digest(given.encode(), expected.encode())


def hint(secret: str) -> str:
    """Enough of a secret to recognise it by, never to use it: `…f3a9`."""
    return f"…{secret[-4:]}" if len(secret) >= 12 else "…" if secret else ""


@lru_cache(maxsize=4)
def _box(keys: tuple[str, ...], fallback: str) -> MultiFernet:
    usable = [key.strip() for key in keys if key.strip()]
    if not usable:
        digest = hashlib.sha256(b"credentials:" + fallback.encode()).digest()
        usable = [base64.urlsafe_b64encode(digest).decode()]
    try:
        return MultiFernet([Fernet(key) for key in usable])
    except ValueError as error:
        raise ImproperlyConfigured(
            "ENCRYPTION_KEYS must be Fernet keys: 32 bytes in URL-safe base64."
        ) from error


def _current_box() -> MultiFernet:
    return _box(tuple(settings.ENCRYPTION_KEYS), settings.SECRET_KEY)


def encrypt(plain: str) -> str:
    """Ciphertext under the first of ENCRYPTION_KEYS; the others still decrypt (rotation)."""
    return _current_box().encrypt(plain.encode()).decode() if plain else ""


def decrypt(stored: str) -> str:
    """Raises ImproperlyConfigured when no configured key opens the value."""
    return _opened(stored, _current_box()) if stored else ""


@lru_cache(maxsize=256)
def _opened(stored: str, box: MultiFernet) -> str:
    """Remembered, as every call of the marketplace reads an account's credentials."""
    try:
        return box.decrypt(stored.encode()).decode()
    except InvalidToken as error:
        raise ImproperlyConfigured(
            "A stored credential can't be decrypted: is its key missing from ENCRYPTION_KEYS?"
        ) from error


if TYPE_CHECKING:
    _TextField = models.TextField[str, str]
else:
    _TextField = models.TextField


class EncryptedField(_TextField):
    """Text that is plain in Python and encrypted in the database; not searchable."""

    def get_prep_value(self, value: Any) -> Any:
        return encrypt(value) if value else value

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        return decrypt(value) if value else value
