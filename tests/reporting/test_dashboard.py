"""The dashboard: every number equals a hand count, its rows, and what the rows say themselves."""

from __future__ import annotations

import random
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from orders.models import Order, TimelineEntry
from orders.states import Status
from reporting.asking import asked_of as report_asked_of
from reporting.dashboard import counting, reading, scoring
from reporting.dashboard.asking import asked_of
from reporting.dashboard.charts import HEIGHT, WIDTH, Bin, grouped_bars
from reporting.dashboard.figures import figures
from reporting.dashboard.numbers import span
from reporting.dashboard.reading import Rate
from reporting.mapping import MAPPING
from reporting.models import DayCount, Scorecard
from reporting.reading import count_of
from reporting.tasks import count_all_days, count_recent_days
from sellers.models import OutboxMessage, SellerAccount
from simulation.models import SimulationCapture, SimulationMinute
from simulation.tallying import BOUNDS_MS
from tests.builders import a_seller, an_order
from tests.reporting.past import a_past_order
from tests.reporting.stuck import a_message

ZONE = ZoneInfo("America/Sao_Paulo")
MONDAY = date(2026, 3, 9)
HOME = "/admin/"
WEEK = "?since=2026-03-09&until=2026-03-15"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """On the n-th day of the week, on the account's clocks."""
    return datetime.combine(MONDAY + day * DAY, time(hour, minute), ZONE)


@pytest.fixture
def week(db: None) -> SellerAccount:
    """Ten orders of one week and two of the week before, each counted by hand below."""
    # Handed over in time, delivered; 2 h to the invoice, 30 min to the carrier.
    for day in (0, 1, 2):
        a_past_order(
            placed=at(day, 9),
            paid=at(day, 10),
            due=at(day, 14),
            invoiced=at(day, 12),
            shipped=at(day, 12, 30),
            delivered=at(day + 2, 15),
            cents=10_000,
        )
    # Late by an hour, without tracking, and came back.
    a_past_order(
        placed=at(0, 9),
        paid=at(0, 10),
        due=at(0, 14),
        invoiced=at(0, 14, 30),
        shipped=at(0, 15),
        tracked=False,
        returned=True,
        cents=20_000,
    )
    # Handed over the day after its time.
    a_past_order(
        placed=at(3, 9),
        paid=at(3, 10),
        due=at(3, 14),
        invoiced=at(4, 10),
        shipped=at(4, 11),
        cents=5_000,
    )
    # Overdue to this day.
    a_past_order(placed=at(4, 9), paid=at(4, 10), due=at(4, 14), cents=5_000)
    # Cancelled after the payment: by us for stock, by us as the shopper wished, by the marketplace.
    a_past_order(
        placed=at(1, 9),
        paid=at(1, 10),
        due=at(1, 14),
        cancelled=at(2, 9),
        by="us",
        reason="Out of stock: fell off the shelf",
        cents=7_000,
    )
    a_past_order(
        placed=at(1, 9),
        paid=at(1, 10),
        due=at(1, 14),
        cancelled=at(2, 9),
        by="us",
        reason="Pedido pelo cliente",
        cents=7_000,
    )
    a_past_order(
        placed=at(1, 9),
        paid=at(1, 10),
        due=at(1, 14),
        cancelled=at(1, 11),
        by="marketplace",
        reason="Comprei por engano",
        cents=7_000,
    )
    # Never paid.
    a_past_order(placed=at(5, 9), cancelled=at(6, 9), reason="Pagamento não aprovado", cents=9_000)
    # The week before: one in time, one just before midnight of its last day.
    a_past_order(
        placed=at(-7, 9),
        paid=at(-7, 10),
        due=at(-7, 14),
        invoiced=at(-7, 11),
        shipped=at(-7, 12),
        cents=10_000,
    )
    a_past_order(placed=at(-1, 23, 59), cents=1_000)
    account = a_seller()
    counting.count(account, now=at(6, 12))
    return account


def _home(client: Client, query: str = WEEK):
    return client.get(HOME + query).context["home"]


def test_the_scorecard_equals_a_hand_count(week: SellerAccount, manager: Client):
    [card] = _home(manager).cards
    told = {
        score.title: (score.part, score.whole, score.percent, score.before) for score in card.scores
    }
    assert told == {
        "Late hand-overs": (3, 6, "50.0\u00a0%", "0.0\u00a0%"),
        "Cancelled by us": (1, 9, "11.1\u00a0%", "0.0\u00a0%"),
        "Valid tracking": (4, 5, "80.0\u00a0%", "100.0\u00a0%"),
        "Returns": (1, 5, "20.0\u00a0%", "0.0\u00a0%"),
    }


def test_the_other_numbers_equal_a_hand_count(week: SellerAccount, manager: Client):
    home = _home(manager)
    told = {each.title: (each.value, each.note, each.before) for each in home.numbers}
    assert told == {
        "Orders placed": ("10", "R$ 900,00", "2"),
        "Orders handed over": ("5", "R$ 550,00", "1"),
        "From payment to invoice": ("2 h 00 min", "nine in ten within 24 h 00 min", "60 min"),
        "From invoice to hand-over": ("30 min", "nine in ten within 60 min", "60 min"),
    }
    assert {bar.title: (bar.count, bar.before) for bar in home.states} == {
        "reserved, not paid": (0, 1),
        "ready to pick": (1, 0),
        "handed over": (2, 1),
        "delivered": (3, 0),
        "cancelled": (4, 0),
    }
    assert {bar.title: (bar.count, bar.before) for bar in home.cancellations} == {
        "by us: Out of stock": (1, 0),
        "by us: Asked for by the shopper": (1, 0),
        "by the marketplace": (1, 0),
    }
    assert [number.value for number in home.stock] == ["0", "0", "1"]
    assert [(each.label, list(each.values)) for each in home.chart_rows] == [
        ("9 Mar", [2, 2, 1]),
        ("10 Mar", [4, 1, 0]),
        ("11 Mar", [1, 1, 0]),
        ("12 Mar", [1, 0, 1]),
        ("13 Mar", [1, 1, 1]),
        ("14 Mar", [1, 0, 0]),
        ("15 Mar", [0, 0, 0]),
    ]


def _links(home) -> list[tuple[str, int]]:
    scores = [score for card in home.cards for score in card.scores]
    bars = [*home.states, *home.cancellations]
    placed, gone, *_times = home.numbers
    numbers = [placed, gone, *home.stock[1:]]
    return [
        *((score.part_link, score.part) for score in scores),
        *((score.whole_link, score.whole) for score in scores),
        *((bar.link, bar.count) for bar in bars),
        *((each.link, int(each.value)) for each in numbers),
        *((link, value) for each in home.chart_rows for value, link in each.cells),
        *((bar.before_link, bar.before) for bar in bars),
        *((each.before_link, int(each.before)) for each in numbers),
    ]


def test_every_number_leads_to_the_rows_it_counts(week: SellerAccount, manager: Client):
    links = dict(_links(_home(manager)))
    assert len(links) > 40
    for link, count in links.items():
        asked = report_asked_of(MAPPING, dict(parse_qsl(urlsplit(link).query)), now=timezone.now())
        assert count_of(asked).rows == count, link


def test_the_rows_of_a_number_are_on_a_page(week: SellerAccount, manager: Client):
    home = _home(manager)
    for number in (home.numbers[0], home.numbers[2]):
        for link in (number.link, number.before_link):
            assert manager.get(link).context["rows"], link


def test_a_day_is_the_accounts_own(week: SellerAccount, manager: Client):
    assert _home(manager, "?since=2026-03-08&until=2026-03-08").numbers[0].value == "1"


def test_another_sellers_orders_are_its_own(week: SellerAccount, manager: Client):
    rival = a_seller("rival")
    a_past_order(placed=at(0, 9), paid=at(0, 10), due=at(0, 14), account=rival)
    counting.count(rival, now=at(6, 12))
    both = _home(manager)
    assert [card.account for card in both.cards] == ["Acme", "Rival"]
    assert both.numbers[0].value == "11"
    alone = _home(manager, f"{WEEK}&account={rival.pk}")
    assert (alone.numbers[0].value, alone.cards[0].scores[0].percent) == ("1", "100.0\u00a0%")
    assert all(f"account={rival.pk}" in link for link, _count in _links(alone))


def test_amounts_of_two_currencies_are_not_added(week: SellerAccount, manager: Client):
    abroad = a_seller("abroad", currency="ARS")
    a_past_order(placed=at(0, 9), account=abroad, cents=100)
    counting.count(abroad, now=at(6, 12))
    assert _home(manager).numbers[0].note == "ARS 1.00 · R$ 900,00"


# --- the counts are the rows ----------------------------------------------------------------------


def _truth(account: SellerAccount, figure: str, key: str, since: date, until: date) -> int:
    """What the rows themselves say, by the order mapping."""
    asked = {
        "time": figures()[figure].time,
        "since": since.isoformat(),
        "until": until.isoformat(),
        "figure": f"{figure}.{key}" if key else figure,
        "account": str(account.pk),
    }
    return count_of(report_asked_of(MAPPING, asked, now=timezone.now())).rows


def _random_order(rng: random.Random, account: SellerAccount) -> None:
    placed = at(0, 0) + rng.random() * 20 * DAY
    moments = [placed + step * rng.random() * 2 * DAY for step in range(1, 6)]
    paid, invoiced, shipped, delivered, cancelled = sorted(moments)
    reach = rng.randint(0, 4)
    a_past_order(
        account=account,
        placed=placed,
        paid=paid if reach > 0 else None,
        due=paid + rng.random() * 2 * DAY if reach > 0 else None,
        invoiced=invoiced if reach > 1 else None,
        shipped=shipped if reach > 2 else None,
        delivered=delivered if reach > 3 else None,
        cancelled=cancelled if rng.random() < 0.3 else None,
        by=rng.choice(("us", "shopper", "marketplace")),
        reason=rng.choice(("Out of stock", "Sem estoque: nada", "Suspected fraud", "other", "")),
        tracked=rng.random() < 0.7,
        returned=rng.random() < 0.3,
        cents=rng.randint(100, 9_999),
    )


def _change_something(rng: random.Random, account: SellerAccount) -> None:
    """What happens to orders after they were counted, also in ways no use case would take."""
    orders = list(Order.objects.filter(account=account))
    for order in rng.sample(orders, 8):
        Order.objects.filter(pk=order.pk).update(
            **rng.choice(
                (
                    {"due_at": order.placed_at + rng.random() * 9 * DAY},
                    {"invoiced_at": None},
                    {"shipped_at": order.placed_at + 3 * DAY},
                    {"status": Status.CANCELLED, "cancelled_at": order.placed_at + 2 * DAY},
                    {"payment_value_cents": 77},
                )
            )
        )
    OutboxMessage.objects.filter(pk__in=OutboxMessage.objects.values("pk")[:3]).update(
        status="rejected"
    )


def _assert_counts_are_the_rows(account: SellerAccount) -> None:
    begin, end = MONDAY - 5 * DAY, MONDAY + 45 * DAY
    sums = reading.sums_of([account.pk], begin, end)[account.pk]
    for code, figure in figures().items():
        assert sums.of(code) == _truth(account, code, "", begin, end), code
        for key in figure.keys:
            assert sums.of(code, key) == _truth(account, code, key, begin, end), (code, key)
        for name in figure.groups:
            keys = figure.keys_of(name)
            assert sums.of(code, *keys) == _truth(account, code, name, begin, end), (code, name)
        assert not figure.keys or sums.by_key(code).keys() <= figure.keys.keys(), code
    placed = Order.objects.filter(account=account)
    assert sums.cents("placed") == sum(placed.values_list("payment_value_cents", flat=True))


@pytest.mark.parametrize("seed", [1, 2])
def test_counted_days_are_what_the_rows_say_however_they_changed(seed: int, db: None):
    rng, account, rival = random.Random(seed), a_seller(), a_seller("rival")
    for _one in range(40):
        _random_order(rng, account)
    _random_order(rng, rival)
    now = at(45, 12)
    counting.count(account, now=now)
    _assert_counts_are_the_rows(account)
    _change_something(rng, account)
    counting.count(account, now=now, days=80)
    _assert_counts_are_the_rows(account)
    assert not DayCount.objects.filter(account=rival).exists()


def test_counting_twice_changes_nothing(week: SellerAccount):
    before = set(DayCount.objects.values_list("account", "day", "figure", "key", "count", "cents"))
    counting.count(week, now=at(6, 13))
    after = set(DayCount.objects.values_list("account", "day", "figure", "key", "count", "cents"))
    assert before == after


def test_the_clock_counts_the_last_weeks_and_at_first_everything(db: None, manager: Client):
    now = timezone.now()
    old = a_past_order(placed=now - 400 * DAY)
    a_past_order(placed=now - HOUR)
    count_recent_days()
    assert sum(DayCount.objects.values_list("count", flat=True)) == 2
    assert _home(manager, "").counted == "counted just now"
    Order.objects.filter(pk=old.pk).update(status=Status.CANCELLED, placed_at=now - 300 * DAY)
    count_recent_days()
    assert DayCount.objects.filter(day__lt=now - 350 * DAY).exists()
    count_all_days()
    assert not DayCount.objects.filter(day__lt=now - 350 * DAY).exists()
    assert sum(DayCount.objects.values_list("count", flat=True)) == 2


def test_a_manager_counts_again_at_once(week: SellerAccount, manager: Client, packer: Client):
    url = reverse("admin:count_days")
    assert packer.post(url).status_code == 403
    assert manager.get(url).status_code == 405
    a_past_order(placed=timezone.now())
    answer = manager.post(url, {"back": f"{HOME}?span=today"}, follow=True)
    assert answer.context["home"].numbers[0].value == "1"
    assert manager.post(url, {"back": "https://evil.example"})["Location"] == HOME


# --- the simulation, the line, the differences ----------------------------------------------------


def _minute(account: SellerAccount, moment: datetime, **facts) -> None:
    durations = [0] * (len(BOUNDS_MS) + 1)
    durations[3], durations[6] = 95, 5
    SimulationMinute.objects.create(
        account=account, minute=moment, durations=durations, **{"calls": 100, **facts}
    )


def _recorded(account: SellerAccount, moment: datetime, **facts: Any) -> SimulationCapture:
    usual = {"status": 200, "causes": [], "refs": [], "took_us": 1_000}
    usual |= {"payload": b"", "answer": b""}
    return SimulationCapture.objects.create(account=account, at=moment, **(usual | facts))


def test_simulations_are_summed_with_their_causes(db: None, manager: Client):
    account = a_seller()
    _minute(account, at(0, 9), unavailable=7, causes={"out-of-stock": 5, "no-delivery": 4})
    _minute(account, at(1, 9), unavailable=3, unanswered=2, failed=1, causes={"out-of-stock": 1})
    _minute(account, at(-3, 9), unavailable=20)
    counting.count(account, now=at(6, 12))
    home = _home(manager)
    told = {each.title: (each.value, each.before) for each in home.simulations}
    assert told == {
        "Simulations answered": ("197", "100"),
        "95 in 100 within": ("5 ms", "5 ms"),
        "With something unavailable": ("5.0\u00a0%", "20.0\u00a0%"),
        "Not answered": ("3", "0"),
    }
    assert [(bar.title, bar.count, bar.before) for bar in home.refused] == [
        ("out of stock", 6, 0),
        ("no delivery there", 4, 0),
    ]
    assert home.stock[0].value == "6"


def test_refused_calls_are_neither_answers_nor_lines(db: None, manager: Client):
    """100 calls, of which 80 were quotes, 8 of them lacking something: 10 % of the quotes."""
    account = a_seller()
    causes = {"served-in-part": 6, "no-delivery": 2}
    refused = {"invalid-field": 9, "malformed-json": 4, "unauthorised": 2}
    broken = {"database-unavailable": 3, "internal-error": 2}
    facts = {"unavailable": 8, "rejected": 15, "unanswered": 3, "failed": 2}
    _minute(account, at(0, 9), **facts, causes=causes | refused | broken)
    _minute(account, at(-3, 9), rejected=1, causes={"purchase-context-missing": 1})
    counting.count(account, now=at(6, 12))
    home = _home(manager)
    told = {each.title: (each.value, each.before) for each in home.simulations}
    assert told["Simulations answered"] == ("80", "99")
    assert told["Not answered"] == ("20", "1")
    assert told["With something unavailable"][0] == "10.0\u00a0%"
    assert [(bar.title, bar.count, bar.before) for bar in home.refused] == [
        ("fewer than asked", 6, 0),
        ("no delivery there", 2, 0),
    ]


def test_numbers_of_simulations_lead_to_recorded_answers(db: None, manager: Client):
    account = a_seller()
    recorded = [
        _recorded(account, at(0, 0), causes=["out-of-stock"]),
        _recorded(account, at(6, 23, 59), causes=["no-delivery"]),
        _recorded(account, at(3, 9), took_us=5_000),
        _recorded(account, at(3, 9), causes=["database-unavailable"], status=503),
        _recorded(account, at(-1, 23, 59), causes=["out-of-stock"]),
    ]
    _minute(account, at(0, 9), causes={"out-of-stock": 5, "no-delivery": 4})
    _minute(account, at(-3, 9), causes={"out-of-stock": 5})
    counting.count(account, now=at(6, 12))
    home = _home(manager)
    answered, pace, lacking, lost = home.simulations
    shown = {
        answered.link: [1, 2, 3, 0],
        pace.link: [2],
        lacking.link: [1, 3, 0],
        lost.link: [3],
        home.refused[0].link: [0],
        home.refused[0].before_link: [4],
        home.stock[0].link: [0],
    }
    for link, rows in shown.items():
        found = {row["capture"].pk for row in manager.get(link).context["rows"]}
        assert found == {recorded[row].pk for row in rows}, link


def test_counts_of_simulations_outlive_the_minutes_they_were_counted_from(db: None, settings):
    account = a_seller()
    _minute(account, at(0, 9), unavailable=7)
    counting.count(account, now=at(6, 12))
    SimulationMinute.objects.all().delete()
    a_past_order(placed=at(0, 9))
    counting.count(account, now=at(settings.SIMULATION_MINUTE_DAYS + 1, 12))
    counts = dict(DayCount.objects.values_list("figure", "count").filter(key=""))
    assert counts == {"simulations": 100}
    counting.count(account, now=at(6, 12))
    assert not DayCount.objects.filter(figure="simulations").exists()


def test_tells_what_waits_for_the_marketplace_now(week: SellerAccount, manager: Client):
    OutboxMessage.objects.all().delete()
    order = an_order()
    a_message(order, now=timezone.now(), created_at=timezone.now() - 3 * HOUR)
    a_message(order, now=timezone.now(), status="rejected")
    line = _home(manager).line
    assert (line.waiting, line.oldest.replace("\xa0", " "), line.refused) == ("1", "3 hours", "1")
    assert manager.get(line.oldest_link).status_code == 200
    for link in (line.waiting_link, line.refused_link):
        assert len(manager.get(link).context["cl"].result_list) == 1


def test_shows_the_largest_differences_first(db: None, manager: Client):
    for pays in (1_000, 1_700, 9_000):
        order = a_past_order(placed=at(0, 9), paid=at(0, 10), cents=1_700)
        Order.objects.filter(pk=order.pk).update(payment_value_cents=pays, items_cents=1_700)
    differences = _home(manager).differences
    assert [row.amount for row in differences.rows] == ["R$ 73,00", "-R$ 7,00"]
    assert differences.count == "2"
    assert manager.get(differences.rows[0].cents_link).status_code == 200
    assert len(manager.get(differences.link).context["rows"]) == 2


# --- what is asked --------------------------------------------------------------------------------


def test_spans_and_days_and_the_period_before(db: None):
    now = at(2, 12)
    a_seller()
    usual = asked_of({}, now=now)
    assert (usual.since, usual.until) == (MONDAY - 4 * DAY, MONDAY + 2 * DAY)
    assert usual.before == (MONDAY - 11 * DAY, MONDAY - 5 * DAY)
    month = asked_of({"span": "last-month"}, now=now)
    assert (month.since, month.until, month.days) == (date(2026, 2, 1), date(2026, 2, 28), 28)
    own = asked_of({"since": "2026-03-02", "until": "2026-03-04"}, now=now)
    assert own.before == (date(2026, 2, 27), date(2026, 3, 1))
    assert own.query(span="today") == "span=today"


@pytest.mark.parametrize(
    "query",
    [
        "since=yesterday",
        "since=2026-02-30&until=2026-03-01",
        "since=2026-03-09&until=2026-03-01",
        "since=1999-01-01&until=2026-01-01",
        "since=0001-01-01&until=0001-01-02",
        "since=9999-12-31&until=9999-12-31",
    ],
)
def test_what_can_not_be_meant_is_told_and_the_usual_shown(query: str, manager: Client):
    a_seller()
    home = _home(manager, f"?{query}")
    assert home.asked.problem and home.asked.span == "last-7-days"


@pytest.mark.parametrize("query", ["account=x", "account=99999", "span=ever", "p=1"])
def test_an_old_address_shows_the_usual(query: str, manager: Client):
    a_seller()
    assert _home(manager, f"?{query}").asked.account is None


# --- thresholds -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "whole", "limit", "is_least", "verdict"),
    [
        (0, 0, "4", False, "none"),
        (3, 100, "4", False, "good"),
        (33, 1000, "4", False, "near"),
        (4, 100, "4", False, "near"),
        (401, 10_000, "4", False, "over"),
        (0, 10, "0", False, "good"),
        (1, 10, "0", False, "over"),
        (100, 100, "95", True, "good"),
        (9_550, 10_000, "95", True, "near"),
        (95, 100, "95", True, "near"),
        (9_499, 10_000, "95", True, "over"),
        (100, 100, "100", True, "good"),
    ],
)
def test_judges_a_rate_by_its_limit(part, whole, limit, is_least, verdict):
    assert scoring.judge(Rate(part, whole), Decimal(limit), is_least=is_least) == verdict


def test_a_manager_sets_the_thresholds_of_a_marketplace(week: SellerAccount, manager: Client):
    link = _home(manager).cards[0].limits_link
    page = manager.get(link, follow=True)
    form = page.context["adminform"].form
    assert str(form.initial["account"]) == str(week.pk)
    values = {"account": week.pk, "most_late": "60", "most_cancelled": "2.5"}
    values |= {"least_tracked": "95", "most_returned": "8"}
    assert manager.post(page.request["PATH_INFO"], values).status_code == 302
    verdicts = [score.verdict for score in _home(manager).cards[0].scores]
    assert verdicts == ["near", "over", "over", "over"]
    assert manager.get(link)["Location"].endswith(f"/scorecard/{week.pk}/change/")
    assert Scorecard.objects.get().most_late == 60


def test_the_warehouse_has_no_dashboard_and_sets_nothing(week: SellerAccount, packer: Client):
    page = packer.get(HOME + WEEK)
    assert "home" not in page.context
    assert "R$" not in page.content.decode()
    assert packer.get(reverse("admin:reporting_scorecard_changelist")).status_code == 403
    add = packer.get(reverse("admin:scorecard", args=[week.pk]), follow=True)
    assert add.status_code == 403


# --- how much it costs ----------------------------------------------------------------------------


def test_orders_are_not_read_to_show_a_year_of_them(week: SellerAccount, manager: Client):
    year = "?since=2025-04-01&until=2026-03-31"
    manager.get(HOME + year)

    def asked(query: str) -> list[str]:
        with CaptureQueriesContext(connection) as queries:
            manager.get(HOME + query)
        return [each["sql"] for each in queries]

    statements = asked(year)
    assert len(statements) == len(asked("?span=today"))
    whole = [sql for sql in statements if "orders_order" in sql and "LIMIT" not in sql]
    assert whole == []


# --- arithmetic -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "step"),
    [
        (0, 0),
        (1, 1),
        (60, 1),
        (61, 2),
        (7200, 120),
        (7201, 125),
        (86_400, 1440),
        (86_401, 1470),
        (604_800, 10_080),
        (604_801, 10_440),
    ],
)
def test_times_are_counted_in_steps_that_suit_their_size(seconds: int, step: int, db: None):
    paid = at(0, 0)
    a_past_order(placed=paid, paid=paid, invoiced=paid + timedelta(seconds=seconds))
    counting.count(a_seller(), now=at(30, 0))
    assert DayCount.objects.get(figure="to-invoiced").key == str(step)


@given(st.lists(st.integers(0, 120), min_size=1, max_size=50), st.sampled_from([0.5, 0.9]))
def test_the_share_of_orders_does_not_exceed_the_time(minutes: list[int], share: float):
    rows = [("to-invoiced", str(each), minutes.count(each), 0) for each in set(minutes)]
    found = reading.minutes(reading.Sums(rows), "to-invoiced", share)
    assert found is not None
    within = sum(each <= found for each in minutes)
    assert within >= share * len(minutes)
    assert sum(each < found for each in minutes) < share * len(minutes)


@pytest.mark.parametrize(
    ("minutes", "told"),
    [
        (None, "–"),
        (0, "0 min"),
        (119, "119 min"),
        (120, "2 h 00 min"),
        (2879, "47 h 59 min"),
        (2880, "2 d 0 h"),
        (4_500, "3 d 3 h"),
    ],
)
def test_tells_minutes_as_people_say_them(minutes: int | None, told: str):
    assert span(minutes) == told


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), max_size=400))
def test_a_chart_stays_within_its_frame_and_its_labels_apart(values: list[tuple[int, int]]):
    bins = [Bin(f"{n}", f"{n}", pair) for n, pair in enumerate(values)]
    chart = grouped_bars(bins, ("a", "b"))
    for column in chart.columns:
        for bar in column.bars:
            assert bar.x >= 0 and bar.x + bar.width <= WIDTH
            assert bar.y >= 0 and bar.y + bar.height <= HEIGHT
    labelled = [column.middle for column in chart.columns if column.label]
    assert all(b - a >= 50 for a, b in pairwise(labelled))
    tallest = max((max(pair) for pair in values), default=0)
    assert int(chart.grid[-1].label) >= tallest


def test_problem_entries_without_stock_are_counted(db: None, manager: Client):
    order = a_past_order(placed=at(0, 9))
    Order.objects.filter(pk=order.pk).update(status=Status.EXPIRED)
    for _twice in range(2):
        TimelineEntry.objects.create(
            order=order, at=at(1, 9), kind="problem", code="paid-without-stock"
        )
    counting.count(a_seller(), now=at(6, 12))
    assert _home(manager).stock[1].value == "1"
