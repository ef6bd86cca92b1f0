"""What came of a gesture at the packing table: said, sounded, remembered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Outcome:
    """What the packer sees and hears. `tone`: right, done or info; `goto` another order's id.

    `units` went in, as (line, units); `closed` are the packages that closed with it; both by id.
    """

    text: str
    tone: str = "info"
    package_id: int | None = None
    units: tuple[tuple[int, int], ...] = ()
    closed: tuple[int, ...] = ()
    goto: str = ""

    def remembered(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def recalled(cls, answer: Mapping[str, Any]) -> Outcome:
        """As `remembered` gave it, once it has been through JSON."""
        units = tuple((line, quantity) for line, quantity in answer.get("units", ()))
        return cls(**{**answer, "units": units, "closed": tuple(answer.get("closed", ()))})
