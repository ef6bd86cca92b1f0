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
_LENGTH = 44
# As a scanner gives it, a few characters wrong, lost or doubled. Codes as long on cases (GS1) begin
# with 01 or 02, which is no state's number.
_MEANT = re.compile(r"(?!0[12])(?=(?:[A-Z]*\d){28})[0-9A-Z]{38,50}")


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


def is_meant(text: str) -> bool:
    """Whether somebody meant to give a key, well read or not: no item's, order's or invoice's
    number is as long."""
    return _MEANT.fullmatch(_bare(text)) is not None


def parse(text: str) -> AccessKey:
    """The key without the spaces people and printers put into it.

    Raises DomainError `bad-access-key`, saying what is wrong.
    """
    key = _bare(text)
    if len(key) != _LENGTH:
        raise _misread(
            _("it has %(length)d digits, and %(count)d came.")
            % {"length": _LENGTH, "count": len(key)}
        )
    if not _KEY.fullmatch(key) or check_digit(key[:43]) != key[43]:
        raise _misread(_("a digit in it is wrong."))
    if key[20:22] not in _MODELS:
        raise DomainError(
            "bad-access-key",
            _("This key is another paper's, not an invoice's (NF-e or NFC-e). Scan the invoice."),
        )
    return AccessKey(key)


def _bare(text: str) -> str:
    return re.sub(r"\s", "", text).upper()


def _misread(how: str) -> DomainError:
    said = _("The invoice's access key was misread: %(how)s Scan or type it again.") % {"how": how}
    return DomainError("bad-access-key", said)


def check_digit(body: str) -> str:
    """Modulo 11 with weights 2 to 9 from the right; a letter counts as its code less 48."""
    total = sum(
        (ord(character) - 48) * (2 + place % 8) for place, character in enumerate(reversed(body))
    )
    digit = 11 - total % 11
    return "0" if digit > 9 else str(digit)
