"""The 44 characters of a Brazilian invoice's access key. Pure.

State 2, year and month 4, CNPJ 14, model 2, series 3, number 9, emission 1, code 8, check digit 1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

from sellers.errors import DomainError

# Since 2026 the first twelve characters of a CNPJ may be letters.
_KEY = re.compile(r"\d{6}[0-9A-Z]{12}\d{26}")
_MODELS = ("55", "65")
LENGTH = 44


@dataclass(frozen=True)
class AccessKey:
    text: str

    @property
    def month(self) -> str:
        """Year and month of issue, as YYMM."""
        return self.text[2:6]

    @property
    def issuer(self) -> str:
        return self.text[6:20]

    @property
    def series(self) -> int:
        return int(self.text[22:25])

    @property
    def number(self) -> int:
        return int(self.text[25:34])


def parse(text: str) -> AccessKey:
    """The key without the spaces people and printers put into it.

    Raises DomainError `bad-access-key`, saying what is wrong.
    """
    key = re.sub(r"\s", "", text).upper()
    if not _KEY.fullmatch(key):
        raise DomainError(
            "bad-access-key",
            _("An access key has 44 digits (letters only within the CNPJ); this one does not."),
        )
    if key[20:22] not in _MODELS:
        raise DomainError("bad-access-key", _("The access key is not an NF-e's (model 55 or 65)."))
    if check_digit(key[:43]) != key[43]:
        raise DomainError(
            "bad-access-key", _("The access key's check digit is wrong: scan or type it again.")
        )
    return AccessKey(key)


def check_digit(body: str) -> str:
    """Modulo 11 with weights 2 to 9 from the right; a letter counts as its code less 48."""
    total = sum(
        (ord(character) - 48) * (2 + place % 8) for place, character in enumerate(reversed(body))
    )
    digit = 11 - total % 11
    return "0" if digit > 9 else str(digit)
