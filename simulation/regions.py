"""Which Brazilian state a postal code lies in: for the holidays of a warehouse that names none."""

from __future__ import annotations

from bisect import bisect_right

# The first five digits each stretch of postal codes begins with, and its state.
_BRAZIL = (
    ("01000", "SP"), ("20000", "RJ"), ("29000", "ES"), ("30000", "MG"), ("40000", "BA"),
    ("49000", "SE"), ("50000", "PE"), ("57000", "AL"), ("58000", "PB"), ("59000", "RN"),
    ("60000", "CE"), ("64000", "PI"), ("65000", "MA"), ("66000", "PA"), ("68900", "AP"),
    ("69000", "AM"), ("69300", "RR"), ("69400", "AM"), ("69900", "AC"), ("70000", "DF"),
    ("72800", "GO"), ("73000", "DF"), ("73700", "GO"), ("76800", "RO"), ("77000", "TO"),
    ("78000", "MT"), ("79000", "MS"), ("80000", "PR"), ("88000", "SC"), ("90000", "RS"),
)  # fmt: skip
_STARTS = [start for start, _state in _BRAZIL]


def state_of(*, country: str, postal_code: str) -> str:
    """The state's two letters; empty when it can't be told."""
    digits = "".join(filter(str.isdigit, postal_code))
    if country != "BRA" or len(digits) != 8:
        return ""
    at = bisect_right(_STARTS, digits[:5]) - 1
    return _BRAZIL[at][1] if at >= 0 else ""
