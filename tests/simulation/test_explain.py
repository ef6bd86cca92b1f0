"""“Why?”: every decision in words, from the core's own trace, for people who may see prices."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn, get_args

import orjson
import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from sellers import tariffs
from sellers.capacity import book
from sellers.errors import Unavailable
from sellers.models import SellerAccount, ShippingPolicy, StockLevel
from sellers.seller_file.importing import import_seller
from simulation import capturing, core, database, recording, wire
from simulation.explain import Explanation, explain
from simulation.models import SimulationCapture
from simulation.notes import REFUSALS, Code
from simulation.sentences import CAUSES, SENTENCES, Voice, sentences, spell
from tests.builders import staff
from tests.simulation.stage import (
    a_level,
    a_policy,
    a_rate,
    a_sku,
    a_warehouse,
    address,
    ask,
    open_shop,
)

pytestmark = pytest.mark.django_db

GOLDEN = Path(__file__).parent / "golden"
NOW = datetime(2026, 3, 10, 13, tzinfo=UTC)  # a Tuesday, 10:00 in São Paulo
WHY = "/admin/simulation/simulationcapture/why/"


@pytest.fixture(autouse=True)
def _at_one_moment(monkeypatch: pytest.MonkeyPatch, settings: LazySettings) -> None:
    settings.SIMULATION_CAPTURE_SAMPLE = 1.0
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.fixture
def manager(client: Client) -> Client:
    client.force_login(staff("marta", role="Manager"))
    return client


def told(client: Client, *items: Any, **fields: Any) -> Explanation:
    """What the last of these requests was answered from, explained."""
    ask(client, *items, **fields)
    kept = capturing.waiting[-1]
    assert kept.cart is not None
    assert kept.snapshot is not None
    return explain(kept.cart, kept.snapshot, NOW, currency="BRL")


def text(story: Any) -> str:
    return " ".join(story.steps)


# --- every reason has words -----------------------------------------------------------------------


def test_every_code_has_a_sentence_and_no_sentence_is_without_code() -> None:
    assert set(SENTENCES) == set(get_args(Code))
    assert set(CAUSES) >= REFUSALS


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda path: path.stem)
def test_says_every_decision_of_a_golden_case_in_both_languages(
    path: Path, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = json.loads(path.read_text())
    now = datetime.fromisoformat(case["now"])
    import_seller(case["seller"], now=now)
    monkeypatch.setattr(timezone, "now", lambda: now)
    client.post(address(), case["request"], content_type="application/json")
    (kept,) = capturing.waiting
    assert kept.cart is not None
    assert kept.snapshot is not None
    voice = Voice(currency="BRL", zone=kept.snapshot.zone)
    for each in core.simulate(kept.cart, kept.snapshot, now, trace=True).decisions:
        english = sentences(each.code, each.facts, voice)
        with translation.override("pt-br"):
            portuguese = sentences(each.code, each.facts, voice)
        assert english
        assert all(a != b for a, b in zip(english, portuguese, strict=True))
        assert not any("%(" in sentence for sentence in english + portuguese)


@pytest.mark.parametrize("code", sorted(CAUSES))
def test_every_cause_has_words_in_both_languages(code: str) -> None:
    english = str(CAUSES[code])
    with translation.override("pt-br"):
        assert str(CAUSES[code]) != english


@pytest.mark.parametrize(
    ("estimate", "english"),
    [("1bd", "1 business day"), ("3d", "3 days"), ("1h", "1 hour"), ("90m", "90 minutes")],
)
def test_estimates_are_spelled(estimate: str, english: str) -> None:
    assert spell(estimate) == english


# --- the reasons themselves -----------------------------------------------------------------------


def test_says_at_a_glance_what_can_be_sold_and_sent(client: Client) -> None:
    express = a_policy("express", rates=[a_rate("01000000", "09999999")])
    open_shop(
        NOW,
        stock=[a_level("mug", "SP", 3)],
        shipping_policies=[a_policy("economy"), express],
    )
    answer = told(client, ("mug", 5), postalCode="22270-030", country="BRA")
    assert answer.verdict == "Can be sold: 3 of 5 requested, 1 of 2 delivery options"
    assert answer.tone == "warning"
    (line,) = answer.lines
    assert [(each.ref, each.is_offered) for each in line.options] == [
        ("economy", True),
        ("express", False),
    ]
    assert text(line.options[1]) == "No rate for postal code 22270-030."


def test_explains_the_bytes_that_were_sent(client: Client) -> None:
    open_shop(NOW)
    explained = told(client, ("mug", 2), postalCode="22270-030", country="BRA")
    assert explained.answer == capturing.waiting[-1].body


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"active": False}, "SKU “mug” is switched off."),
        ({"price": None}, "SKU “mug” has no price, so it is not for sale."),
        (
            {"price_valid_until": "2026-03-10T12:00:00+00:00"},
            "The price of SKU “mug” was valid until Tue 10 Mar, 09:00.",
        ),
    ],
)
def test_says_why_a_sku_is_not_for_sale(client: Client, changes: dict[str, Any], said: str) -> None:
    open_shop(NOW, skus=[a_sku("mug", **changes)])
    (line,) = told(client, "mug").lines
    assert line.steps == [said]
    assert (line.tone, line.served) == ("danger", 0)


def test_says_where_the_price_comes_from(client: Client) -> None:
    own = [{"sales_channel": "2", "price": 3990}]
    valid = "2026-03-31T23:59:00-03:00"
    open_shop(NOW, skus=[a_sku("mug", sales_channel_prices=own, price_valid_until=valid)])
    (general,) = told(client, "mug").lines
    (special,) = told(client, "mug", sc="2").lines
    until = "Valid until Tue 31 Mar, 23:59."
    assert f"Price R$ 49,90, the SKU's general price. {until}" in general.steps
    assert f"Price R$ 39,90, the sales channel's own. {until}" in special.steps


def test_says_that_a_sku_is_unknown(client: Client) -> None:
    open_shop(NOW)
    (line,) = told(client, "0mug").lines
    assert line.verdict == "Can't be sold: unknown SKU"
    assert "no SKU “0mug” in this account" in text(line)


def test_shows_the_stock_arithmetic_of_every_warehouse(client: Client) -> None:
    open_shop(
        NOW,
        warehouses=[a_warehouse("SP"), a_warehouse("RJ")],
        stock=[a_level("mug", "SP", 10, safety=2), a_level("mug", "RJ", 4)],
    )
    StockLevel.objects.filter(warehouse__code="SP").update(held=3)
    (line,) = told(client, "mug", postalCode="22270-030").lines
    shelves = {shelf.warehouse: shelf for shelf in line.shelves}
    shelf = shelves["SP"]
    assert (shelf.on_hand, shelf.held, shelf.expired, shelf.safety) == (10, 3, 0, 2)
    assert (shelf.available, shelf.counts) == (5, True)
    assert shelves["RJ"].counts is False
    assert line.available == 5


def test_says_which_warehouse_serves_and_whom_it_passed_over(client: Client) -> None:
    open_shop(
        NOW,
        warehouses=[a_warehouse("SP"), a_warehouse("RJ")],
        stock=[a_level("mug", "SP", 1), a_level("mug", "RJ", 4)],
        shipping_policies=[a_policy("economy", warehouses=["SP", "RJ"])],
    )
    one, three, five = (
        told(client, ("mug", quantity), postalCode="22270-030").lines[0].options[0]
        for quantity in (1, 3, 5)
    )
    assert "Warehouse SP serves: it is preferred and has all units." in one.steps
    said = "Warehouse RJ serves in one parcel. Preferred, but short: SP (1)."
    assert said in three.steps
    assert "No warehouse has all units: 2 parcels, from SP × 1, RJ × 4." in five.steps


def test_leads_from_the_order_to_the_day_it_arrives(client: Client) -> None:
    open_shop(NOW, warehouses=[a_warehouse("SP", cutoff="09:00", handling_days=2)])
    (option,) = told(client, "mug", postalCode="22270-030").lines[0].options
    assert (
        "SP: Tue 10 Mar, 10:00 is after the cut-off at 09:00: next day. "
        "2 business days of handling. Handed over on Fri 13 Mar." in option.steps
    )
    assert (
        "The rate says 2 business days on the way: there by Tue 17 Mar, 23:59, told as "
        "5 business days. No business days: Sat 14 Mar, Sun 15 Mar." in option.steps
    )
    assert (option.estimate, option.by) == ("5 business days", "Tue 17 Mar, 23:59")


def test_names_the_range_and_the_weight_band(client: Client) -> None:
    rates = [
        a_rate("22000000", "22999999", max_weight_g=1000, price=1500),
        a_rate("22000000", "22999999", max_weight_g=5000, price=2500),
    ]
    open_shop(NOW, shipping_policies=[a_policy("economy", rates=rates)])
    light, heavy, full = (
        told(client, ("mug", quantity), postalCode="22270030").lines[0].options[0]
        for quantity in (2, 3, 10)
    )
    assert light.steps[0] == "Postal codes 22000-000 – 22999-999 match."
    assert light.steps[1] == "The line weighs 1 kg; the rate up to 1 kg is R$ 15,00."
    assert heavy.steps[1] == "The line weighs 1.5 kg; the rate up to 5 kg is R$ 25,00."
    assert full.steps[1] == "The line weighs 5 kg; the rate up to 5 kg is R$ 25,00."
    StockLevel.objects.update(on_hand=11)
    over = told(client, ("mug", 11), postalCode="22270030").lines[0].options[0]
    assert over.steps[-1] == "Too heavy: the line weighs 5.5 kg, the rates end at 5 kg."
    assert not over.is_offered


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"postalCode": "22270-030", "country": "ARG"}, "Does not go to ARG."),
        (
            {"postalCode": "22270", "country": "BRA"},
            "Its postal codes for BRA have 8 digits, not 5.",
        ),
        ({"postalCode": "99999-999", "country": "BRA"}, "No rate for postal code 99999-999."),
    ],
)
def test_says_why_an_option_does_not_go_there(
    client: Client, fields: dict[str, str], said: str
) -> None:
    rates = [a_rate("00000000", "89999999")]
    open_shop(NOW, shipping_policies=[a_policy("economy", rates=rates)])
    answer = told(client, "mug", **fields)
    assert answer.lines[0].options[0].steps == [said]
    assert answer.verdict == "Can be sold: 1 of 1 requested, 0 of 1 delivery options"
    assert answer.tone == "danger"


def test_counts_what_is_booked_of_the_day(client: Client) -> None:
    account = open_shop(NOW)
    ShippingPolicy.objects.update(daily_capacity=1)
    tariffs.bump(account.pk)
    before = told(client, "mug", postalCode="22270-030").lines[0].options[0]
    assert "Today 0 of 1 orders are taken." in before.steps
    book(policy=ShippingPolicy.objects.get(account=account), at=NOW)
    after = told(client, "mug", postalCode="22270-030").lines[0].options[0]
    assert after.steps == ["Full for today: 1 of 1 orders are taken."]


def test_says_which_windows_are_not_offered_and_why(client: Client) -> None:
    start, slot = NOW + timedelta(days=1), timedelta(hours=4)
    account = open_shop(NOW)
    policy = ShippingPolicy.objects.get(account=account)
    for moment, capacity in (
        (NOW - slot / 4, None),
        (start, 1),
        (start + slot, 0),
        (start + slot * 2, None),
    ):
        policy.windows.create(starts_at=moment, ends_at=moment + slot, capacity=capacity)
    book(policy=policy, at=NOW, window=(start, start + slot))
    tariffs.bump(account.pk)

    (option,) = told(client, "mug", postalCode="22270-030").lines[0].options
    assert option.steps[1:4] == [
        "Window of Tue 10 Mar, 09:00: it has begun.",
        "Window of Wed 11 Mar, 10:00: full, 1 of 1 orders.",
        "Window of Wed 11 Mar, 14:00: its capacity is 0.",
    ]
    assert option.steps[-1] == "1 delivery window is open."


def test_says_that_an_option_must_carry_the_whole_line(client: Client) -> None:
    open_shop(
        NOW,
        warehouses=[a_warehouse("SP"), a_warehouse("RJ")],
        stock=[a_level("mug", "SP", 2), a_level("mug", "RJ", 4)],
        shipping_policies=[a_policy("economy"), a_policy("other", warehouses=["RJ"])],
    )
    (line,) = told(client, ("mug", 4), postalCode="22270-030").lines
    assert [option.ref for option in line.options] == ["other", "economy"]
    said = "Its warehouses have 2 of the 4 units; an option must carry all of them."
    assert line.options[1].steps[-1] == said


def test_counts_what_earlier_lines_of_the_sku_were_promised(client: Client) -> None:
    open_shop(NOW, stock=[a_level("mug", "SP", 3)])
    _first, second = told(client, ("mug", 2), ("mug", 2)).lines
    said = "Earlier lines of this SKU in the same request were promised 2 units."
    assert said in second.steps
    assert second.served == 1


# --- the page -------------------------------------------------------------------------------------


def test_page_answers_a_sku_and_a_postal_code(manager: Client) -> None:
    account = open_shop(NOW)
    level = StockLevel.objects.get()
    page = manager.get(f"{WHY}?account={account.pk}&sku=mug&quantity=12&postal_code=22270-030")
    shown = page.content.decode()
    assert "Can be sold: 10 of 12 requested, 1 of 1 delivery options" in shown
    assert reverse("admin:sellers_stocklevel_change", args=[level.pk]) in shown
    assert f"/stockmovement/?level={level.pk}" in shown
    assert "&quot;stockBalance&quot;: 10" in shown


def test_page_answers_a_pasted_request_and_stores_nothing_of_it(manager: Client) -> None:
    account = open_shop(NOW)
    body = {
        "items": [{"id": "mug", "quantity": 1, "seller": "acme01"}],
        "postalCode": "22270-030",
        "country": "BRA",
        "clientProfileData": {"email": "filomena@example.com"},
    }
    page = manager.post(WHY, {"account": account.pk, "body": json.dumps(body)})
    assert "1 of 1 delivery options" in page.content.decode()
    recording.flush()
    assert not SimulationCapture.objects.exists()


def test_page_shows_the_refusal_of_an_unreadable_request(manager: Client) -> None:
    account = open_shop(NOW)
    page = manager.post(WHY, {"account": account.pk, "body": '{"items": "mug"}'})
    assert "Refused with HTTP 400" in page.content.decode()
    assert "items: must be a list" in page.content.decode()


def test_page_shows_that_a_paused_account_is_refused(manager: Client) -> None:
    account = open_shop(NOW)
    SellerAccount.objects.update(is_active=False)
    page = manager.get(f"{WHY}?account={account.pk}&sku=mug")
    assert "Refused with HTTP 404" in page.content.decode()


def test_page_asks_for_a_sku_when_nothing_is_given(manager: Client) -> None:
    account = open_shop(NOW)
    page = manager.get(f"{WHY}?account={account.pk}&postal_code=22270-030")
    assert "Give a SKU id, or paste a request." in page.content.decode()


@pytest.mark.parametrize("role", ["Warehouse"])
def test_pages_are_closed_to_who_may_not_see_prices(client: Client, role: str) -> None:
    open_shop(NOW)
    ask(client, ("mug", 11))
    recording.flush()
    client.force_login(staff("wanda", role=role))
    capture = SimulationCapture.objects.get()
    pages = [
        WHY,
        reverse("admin:simulation_simulationcapture_changelist"),
        reverse("admin:simulation_simulationcapture_change", args=[capture.pk]),
    ]
    assert [client.get(page).status_code for page in pages] == [403, 403, 403]
    assert WHY not in client.get(reverse("admin:index")).content.decode()


# --- why was it unavailable at 14:02? -------------------------------------------------------------

RECORDED = "/admin/simulation/simulationcapture/"


def test_finds_what_was_recorded_by_sku_and_time(
    manager: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_shop(NOW, skus=[a_sku("mug"), a_sku("cup")], stock=[a_level("mug", "SP", 1)])
    at = {"mug": NOW, "cup": NOW, "later": NOW + timedelta(minutes=20)}
    ask(manager, ("mug", 2))
    ask(manager, "cup")
    monkeypatch.setattr(timezone, "now", lambda: at["later"])
    ask(manager, ("mug", 3))
    ask(manager, "mug")  # in full, and so only shown when asked for
    recording.flush()

    def found(**query: Any) -> list[str]:
        shown = manager.get(RECORDED, query).context["rows"]
        return [f"{row['lines'][0]['ref']} {row['lines'][0]['asked']}" for row in shown]

    assert found() == ["mug 3", "cup 1", "mug 2"]
    assert found(sku="mug") == ["mug 3", "mug 2"]
    assert found(sku="mug", everything="on") == ["mug 1", "mug 3", "mug 2"]
    assert found(sku="mug", at="2026-03-10T10:02", within="5") == ["mug 2"]
    assert found(sku="mug", at="2026-03-10T10:02", within="60") == ["mug 3", "mug 2"]
    assert found(sku="mu") == []


@pytest.mark.parametrize(
    "query",
    [
        "since=0001-01-01",
        "until=9999-12-31",
        "at=0001-01-01T00:00",
        "at=9999-12-31T23:00&within=720",
    ],
)
def test_a_day_at_the_ends_of_the_calendar_is_refused_in_words(query: str, manager: Client) -> None:
    shown = manager.get(f"{RECORDED}?{query}")
    assert shown.status_code == 200
    assert shown.context["form"].errors


def test_shows_earlier_answers_page_by_page(
    manager: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from simulation.admin import finding

    open_shop(NOW)
    for quantity in range(11, 16):
        ask(manager, ("mug", quantity))
    recording.flush()
    monkeypatch.setattr(finding, "PAGE", 2)
    asked, query = [], "sku=mug"
    while query:
        context = manager.get(f"{RECORDED}?{query}").context
        asked += [row["lines"][0]["asked"] for row in context["rows"]]
        query = context["more"]
    assert asked == [15, 14, 13, 12, 11]


def test_a_recorded_answer_shows_what_was_true_then_and_that_it_is_given_again(
    manager: Client,
) -> None:
    open_shop(NOW, stock=[a_level("mug", "SP", 3)])
    ask(manager, ("mug", 5), postalCode="22270-030", country="BRA")
    recording.flush()
    open_shop(NOW, stock=[a_level("mug", "SP", 100)])
    capture = SimulationCapture.objects.get()

    page = manager.get(f"{RECORDED}{capture.pk}/change/").content.decode()

    assert "Can be sold: 3 of 5 requested, 1 of 1 delivery options" in page
    assert "byte for byte" in page


def test_a_rule_that_has_changed_since_shows_the_difference(
    manager: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_shop(NOW, stock=[a_level("mug", "SP", 3)])
    ask(manager, ("mug", 5))
    recording.flush()
    today = wire.render
    monkeypatch.setattr(
        wire, "render", lambda given: today(given).replace(b'"quantity":3', b'"quantity":2')
    )

    page = manager.get(f"{RECORDED}{SimulationCapture.objects.get().pk}/change/")

    assert '-      "quantity": 3,' in page.context["found"].difference
    assert '+      "quantity": 2,' in page.context["found"].difference
    assert "answer differently" in page.content.decode()


def out_of_reach(*_question: Any, **_limits: Any) -> NoReturn:
    raise Unavailable("database-unavailable", "The seller can't answer just now. Try again.")


def test_a_request_that_met_no_database_can_be_asked_again(
    manager: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_shop(NOW)
    with monkeypatch.context() as patch:
        patch.setattr(database, "read", out_of_reach)
        body = {"items": [{"id": "mug", "quantity": 2}]}
        answer = manager.post(address(), body, content_type="application/json")
    assert answer.status_code == 503
    recording.flush()
    capture = SimulationCapture.objects.get()
    assert (capture.status, capture.causes, capture.refs) == (
        503,
        ["database-unavailable"],
        ["mug"],
    )

    page = manager.get(f"{RECORDED}{capture.pk}/change/")

    assert "Refused with HTTP 503" in page.content.decode()
    again = orjson.loads(page.context["again"])
    assert again["items"] == [{"id": "mug", "quantity": 2, "seller": None}]


def test_the_list_counts_the_last_hour(manager: Client) -> None:
    open_shop(NOW)
    ask(manager, "mug")
    ask(manager, ("mug", 11))
    recording.flush()
    hour = manager.get(RECORDED).context["hour"]
    assert (hour.calls, hour.unavailable, hour.unanswered, hour.dropped) == (2, 1, 0, 0)
    assert hour.p50_ms is not None


@pytest.mark.parametrize(
    ("page", "lit"),
    [(WHY, "Why?"), (RECORDED, "Recorded answers"), ("/admin/", "Today")],
)
def test_one_entry_of_the_menu_is_lit(manager: Client, page: str, lit: str) -> None:
    open_shop(NOW)
    groups = manager.get(page).context["sidebar_navigation"]
    items = [item for group in groups for item in group["items"]]
    assert [str(item["title"]) for item in items if item["active"]] == [lit]
