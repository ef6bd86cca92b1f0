"""Access keys of Brazilian invoices."""

from __future__ import annotations

import pytest

from invoicing import nfe
from sellers.errors import DomainError

BODY = "3526031234567800019055001000000123100000123"


def key(body: str = BODY) -> str:
    return body + nfe.check_digit(body)


def test_knows_the_check_digit_of_a_published_example() -> None:
    # The manual's own example of the calculation.
    assert nfe.check_digit("5206043300991100250655012000000780026730161") == "5"


def test_reads_number_and_series_through_spaces() -> None:
    spaced = " ".join(key()[i : i + 4] for i in range(0, 44, 4))
    assert (nfe.parse(spaced).number, nfe.parse(spaced).series) == (123, 1)


def test_takes_letters_within_the_cnpj() -> None:
    body = BODY[:6] + "12ABC34501DE" + BODY[18:]
    assert nfe.parse(key(body).lower()).text == key(body)


@pytest.mark.parametrize(
    "bad",
    [
        "",
        key()[:-1],
        key() + "0",
        key()[:-1] + str((int(key()[-1]) + 1) % 10),
        "X" + key()[1:],
        key(BODY[:20] + "99" + BODY[22:]),
        key()[:10] + key()[11] + key()[10] + key()[12:],
    ],
)
def test_refuses_a_key_that_is_short_long_mistyped_or_not_an_invoices(bad: str) -> None:
    with pytest.raises(DomainError) as refusal:
        nfe.parse(bad)
    assert refusal.value.code == "bad-access-key"
