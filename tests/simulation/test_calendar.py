"""When a line arrives."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from simulation.calendar import latest, promise, ready_on
from simulation.regions import state_of
from simulation.types import Calendar, Promise
from tests.simulation.pure import a_depot

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
NEW_YORK = ZoneInfo("America/New_York")
EASTER_FRIDAY = Calendar(frozenset({5, 6}), frozenset({date(2026, 4, 3)}))


def at(text: str, zone: ZoneInfo = SAO_PAULO) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("ordered", "handling_days", "ready"),
    [
        ("2026-04-01T14:00:00", 0, "2026-04-01"),  # at the cut-off
        ("2026-04-01T14:00:01", 0, "2026-04-02"),  # a second late
        ("2026-04-02T15:00:00", 0, "2026-04-06"),  # over the holiday and the weekend
        ("2026-04-04T09:00:00", 0, "2026-04-06"),  # on a Saturday
        ("2026-04-01T09:00:00", 1, "2026-04-02"),
        ("2026-04-01T09:00:00", 2, "2026-04-06"),
        ("2026-04-04T09:00:00", 1, "2026-04-07"),
    ],
)
def test_a_line_is_ready_after_cut_off_closed_days_and_handling(
    ordered: str, handling_days: int, ready: str
) -> None:
    depot = a_depot(1, handling_days=handling_days, calendar=EASTER_FRIDAY)
    assert ready_on(at(ordered), depot).isoformat() == ready


@pytest.mark.parametrize(
    ("ordered", "rate", "handling_days", "estimate", "by"),
    [
        ("2026-04-01T09:00:00", "1bd", 0, "1bd", "2026-04-02T23:59:59-03:00"),
        ("2026-04-01T09:00:00", "2bd", 0, "2bd", "2026-04-06T23:59:59-03:00"),
        ("2026-04-01T09:00:00", "1bd", 1, "2bd", "2026-04-06T23:59:59-03:00"),
        ("2026-04-04T09:00:00", "1bd", 0, "2bd", "2026-04-07T23:59:59-03:00"),
        ("2026-04-01T09:00:00", "2d", 0, "2d", "2026-04-03T23:59:59-03:00"),
        ("2026-04-02T15:00:00", "2d", 0, "6d", "2026-04-08T23:59:59-03:00"),
        ("2026-04-01T09:00:00", "4h", 0, "4h", "2026-04-01T13:00:00-03:00"),
        ("2026-04-01T09:00:10", "4h", 0, "4h", "2026-04-01T13:01:00-03:00"),
        ("2026-04-01T15:00:00", "4h", 0, "27h", "2026-04-02T18:00:00-03:00"),
        ("2026-04-01T09:00:00", "45m", 1, "1785m", "2026-04-02T14:45:00-03:00"),
    ],
)
def test_promises_in_the_units_of_the_rate(
    ordered: str, rate: str, handling_days: int, estimate: str, by: str
) -> None:
    depot = a_depot(1, handling_days=handling_days, calendar=EASTER_FRIDAY)
    found = promise(estimate=rate, depot=depot, now=at(ordered))
    assert (found.estimate, found.by.isoformat()) == (estimate, by)


def test_hours_are_real_hours_when_clocks_change() -> None:
    # In New York the clocks went forward at two in the morning of 8 March 2026.
    every_day = Calendar(frozenset(), frozenset())
    depot = a_depot(1, calendar=every_day)
    found = promise(estimate="3h", depot=depot, now=at("2026-03-08T01:00:00", NEW_YORK))
    assert found == Promise("3h", at("2026-03-08T05:00:00", NEW_YORK))


def test_a_calendar_without_business_days_ends_the_search() -> None:
    never = Calendar(frozenset(range(7)), frozenset())
    found = promise(estimate="2bd", depot=a_depot(1, calendar=never), now=at("2026-04-01T09:00:00"))
    assert found.estimate == "1bd"
    assert found.by.year >= 2027


def test_several_parcels_arrive_with_the_last() -> None:
    early, late = (Promise("1d", at(f"2026-04-0{day}T00:00:00")) for day in (2, 3))
    assert latest([late, early]) == late


@pytest.mark.parametrize(
    ("postal_code", "state"),
    [
        ("01310-100", "SP"),
        ("19999-999", "SP"),
        ("20000000", "RJ"),
        ("69350-000", "RR"),
        ("69400000", "AM"),
        ("72799-999", "DF"),
        ("72800-000", "GO"),
        ("99999-999", "RS"),
        ("00999-999", ""),
        ("1310", ""),
        ("", ""),
    ],
)
def test_tells_the_state_of_a_brazilian_postal_code(postal_code: str, state: str) -> None:
    assert state_of(country="BRA", postal_code=postal_code) == state
    assert state_of(country="ARG", postal_code=postal_code) == ""
