"""The benchmark of reports stays alive: the ways agree, and its tables can be made. What it
measures here means nothing."""

from __future__ import annotations

import pytest

from benchmarks import reports, reports_measuring
from tests.builders import Line, an_order
from tests.reporting.books import packed


@pytest.mark.django_db
def test_puts_pages_and_files_beside_plain_sql(monkeypatch: pytest.MonkeyPatch):
    packed(an_order(Line("mug", 2)), {0: 1}, {0: 1})
    an_order(Line("tea"))
    monkeypatch.setattr(reports_measuring, "_SIZE", 1)
    found = reports_measuring.everything(rounds=1, models_rows=1)
    assert found["export"]["rows"] == 2
    told = "\n".join(reports.tables({2: found}))
    for row in ("| first page | 2 |", "| deep page | 2 |", "| dashboard, 30 days |", "| 2 rows |"):
        assert row in told


@pytest.mark.django_db
def test_refuses_to_compare_ways_that_answer_differently(monkeypatch: pytest.MonkeyPatch):
    an_order(Line("tea"))
    monkeypatch.setattr(reports_measuring, "by_sql", lambda *_given: [(0, 0, 0, 0, "")])
    with pytest.raises(reports_measuring.Disagreement, match="answer differently"):
        reports_measuring.pages(1)
