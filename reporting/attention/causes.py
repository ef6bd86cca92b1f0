"""Every cause there is: the one list behind the inbox, the radar and the digest."""

from __future__ import annotations

from collections.abc import Callable

from reporting.attention.cause import PACKS, Cause
from reporting.attention.line_causes import LINE, NEWS
from reporting.attention.problem_causes import PROBLEMS
from reporting.attention.work_causes import DECISIONS, STUCK

CAUSES: dict[str, Cause] = {
    cause.code: cause for cause in (*LINE, *NEWS, *DECISIONS, *PROBLEMS, *STUCK)
}
PROBLEM_CODES = frozenset(cause.code for cause in PROBLEMS)
#: What the warehouse has to put right with its hands.
PROBLEMS_OF_PACKERS = frozenset(cause.code for cause in PROBLEMS if cause.sees == PACKS)


def seen_by(may: Callable[[str], bool]) -> frozenset[str]:
    """The causes somebody may see, given what they may do."""
    return frozenset(code for code, cause in CAUSES.items() if may(cause.sees))
