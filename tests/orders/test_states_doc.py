"""The page about an order's life is the one its code draws."""

from __future__ import annotations

import pytest

from orders.states import TRANSITIONS, Status
from scripts import states_doc


def test_is_committed_as_the_code_draws_it() -> None:
    assert states_doc.PAGE.read_text() == states_doc.page(), "run `make docs-states`"


def test_draws_every_move_and_no_other() -> None:
    drawn = [line.split(" --> ") for line in states_doc.page().splitlines() if " --> " in line]
    moves = {
        (source.strip(), target.partition(":")[0]) for source, target in drawn if "*" not in source
    }
    assert moves == {
        (source.replace("-", "_"), target.replace("-", "_"))
        for source, targets in TRANSITIONS.items()
        for target in targets
    }


def test_refuses_a_move_nobody_has_described(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TRANSITIONS, Status.CANCELLED, (Status.RESERVED,))

    with pytest.raises(ValueError, match=r"\('cancelled', 'reserved'\)"):
        states_doc.page()


def test_refuses_words_for_a_move_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TRANSITIONS, Status.DELIVERED, ())

    with pytest.raises(ValueError, match=r"\('delivered', 'returned'\)"):
        states_doc.page()
