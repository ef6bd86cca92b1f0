"""What is known of a carrier: how its tracking numbers look, and the address that follows one."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote

from django.utils.translation import gettext as _

from invoicing.models import Carrier
from invoicing.models.carriers import NUMBER_PLACE
from sellers.errors import DomainError

#: What a mask's signs stand for; everything else stands for itself.
_SIGNS = {"A": "[A-Z]", "9": "[0-9]", "*": "[A-Z0-9]"}
#: The postal union's S10: weights of the eight digits that the ninth checks.
_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)
_POSTAL = re.compile(r"[A-Z]{2}([0-9]{8})([0-9])[A-Z]{2}")


def known(name: str) -> Carrier | None:
    """The carrier of that name, however it is written; None when it is not on the list."""
    return Carrier.objects.filter(name__iexact=name.strip(), is_active=True).first()


def offered() -> list[str]:
    return list(Carrier.objects.filter(is_active=True).values_list("name", flat=True))


def settle(
    *, courier: str, number: str, url: str, look_up: Callable[[str], Carrier | None] = known
) -> tuple[str, str, str]:
    """Name, number and address as they are kept: a known carrier's spelled and filled its way.

    A carrier that is not on the list never stops a package: its data is taken as it is. Raises
    DomainError `bad-tracking-number` for a number a known carrier does not give out.
    """
    carrier = look_up(courier)
    if carrier is None:
        return courier, number, url
    if carrier.number_format or carrier.has_check_digit:
        number = re.sub(r"\s", "", number).upper()
        check_number(carrier, number)
    return carrier.name, number, url or url_of(carrier, number)


def check_number(carrier: Carrier, number: str) -> None:
    """Raises DomainError `bad-tracking-number` saying what is wrong, if anything is."""
    masks = carrier.number_format.split()
    if masks and not any(_fits(mask, number) for mask in masks):
        raise DomainError(
            "bad-tracking-number",
            _("%(carrier)s numbers look like %(format)s; “%(number)s” does not.")
            % {"carrier": carrier.name, "format": " / ".join(masks), "number": number},
        )
    if carrier.has_check_digit and not _is_postal(number):
        raise DomainError(
            "bad-tracking-number",
            _("The check digit of “%(number)s” is wrong: scan or type it again.")
            % {"number": number},
        )


def _fits(mask: str, number: str) -> bool:
    pattern = "".join(_SIGNS.get(sign, re.escape(sign)) for sign in mask)
    return re.fullmatch(pattern, number) is not None


def _is_postal(number: str) -> bool:
    found = _POSTAL.fullmatch(number)
    return found is not None and found[2] == check_digit(found[1])


def check_digit(digits: str) -> str:
    """Of the eight digits of a postal number (S10): modulo 11, with 0 for 10 and 5 for 11."""
    rest = (
        11 - sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=True)) % 11
    )
    return {10: "0", 11: "5"}.get(rest, str(rest))


def url_of(carrier: Carrier, number: str) -> str:
    """Where the number is followed; empty when the carrier has no such address."""
    return carrier.url_template.replace(NUMBER_PLACE, quote(number, safe=""))
