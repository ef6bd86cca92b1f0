"""How large the data set is, and how its parts are named."""

POLICIES = 10
RANGES = 2_000
# Up to a weight in grams; the last band carries anything.
BANDS = (1_000, 5_000, 10_000, 30_000, 100_000, None)
PICKUP_POINTS = 200
# The ranges cover 01000-000 to 99999-999 without a gap, and so do those of the pickup points.
FIRST_CODE, CODES = 1_000_000, 99_000_000


def key_of(skus: int) -> str:
    """The endpoint key of the account with so many SKUs."""
    return f"benchmark{skus:010d}"


def ref_of(number: int) -> str:
    """The wire id of an account's SKU with this number, which counts from 1."""
    return f"{number:07d}"
