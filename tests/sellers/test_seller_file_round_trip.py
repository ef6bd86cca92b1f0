"""What is exported loads again to the very same seller, whatever the seller looks like."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from sellers.models import SellerAccount
from sellers.pickup_ids import mixed_up
from sellers.seller_file.exporting import export_seller
from sellers.seller_file.importing import import_seller
from tests.sellers.seller_files import a_policy, a_seller_file, a_sku, an_account, dump, load

SECRETS = {"app_token", "inbound_app_token", "endpoint_key", "hook_header_value"}

words = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
names = words.filter(lambda word: word.strip())
refs = st.text("abcXYZ019-._", min_size=1, max_size=8)
cents = st.integers(1, 10**12)
estimates = st.builds(
    str.__add__, st.integers(1, 9999).map(str), st.sampled_from(["m", "h", "d", "bd"])
)
moments = st.datetimes(timezones=st.just(UTC)).map(
    lambda moment: moment.isoformat().replace("+00:00", "Z")
)
countries = st.sampled_from(["BRA", "ARG", "PRT"])


def some(entry: st.SearchStrategy[Any], by: str, most: int = 4) -> st.SearchStrategy[list[Any]]:
    return st.lists(entry, max_size=most, unique_by=lambda row: row[by])


@st.composite
def priced(draw: st.DrawFn) -> dict[str, Any]:
    price = draw(cents)
    return {"price": price, "list_price": draw(st.none() | st.integers(price, 10**12))}


@st.composite
def skus(draw: st.DrawFn) -> dict[str, Any]:
    offering = st.fixed_dictionaries({"type": names, "id": refs, "name": names, "price": cents})
    channel_price = st.builds(
        lambda channel, prices: {"sales_channel": channel} | prices, refs, priced()
    )
    case = st.fixed_dictionaries({"barcode": refs, "units": st.integers(1, 9999)})
    cases = draw(some(case, "barcode", 2))
    sizes = st.decimals(0, 1000, places=2).map(float)
    return {
        "id": draw(refs),
        "name": draw(names),
        "ref_id": draw(words),
        "ean": draw(st.text("0123456789", max_size=14)),
        "weight_g": draw(st.integers(0, 2**31 - 1)),
        "height_cm": draw(sizes),
        "width_cm": draw(sizes),
        "length_cm": draw(sizes),
        **draw(priced() | st.just({"price": None, "list_price": None})),
        "price_valid_until": draw(st.none() | moments),
        "measurement_unit": draw(names),
        "unit_multiplier": draw(st.decimals("0.0001", 1000, places=4).map(float)),
        "active": draw(st.booleans()),
        "offerings": draw(some(offering, "id", 2)),
        "sales_channel_prices": draw(some(channel_price, "sales_channel", 3)),
        **({"case_barcodes": cases} if cases else {}),
    }


@st.composite
def rates(draw: st.DrawFn) -> list[dict[str, Any]]:
    edges = sorted(draw(st.sets(st.integers(0, 99_999), max_size=8)))
    pairs = list(zip(edges[::2], edges[1::2], strict=False))
    bands = draw(st.sets(st.none() | st.integers(0, 30_000), max_size=3))
    return [
        {
            "country": draw(countries),
            "postal_from": f"{first:05d}",
            "postal_to": f"{last:05d}",
            "max_weight_g": band,
            "price": draw(cents),
            "estimate": draw(estimates),
        }
        for first, last in pairs
        for band in bands
    ]


@st.composite
def windows(draw: st.DrawFn) -> list[dict[str, Any]]:
    starts = draw(st.sets(st.integers(0, 1000), max_size=3))
    origin = datetime(2031, 1, 1, tzinfo=UTC)
    return [
        {
            "start": f"{origin + timedelta(hours=hour):%Y-%m-%dT%H:%M:%SZ}",
            "end": f"{origin + timedelta(hours=hour + draw(st.integers(1, 9))):%Y-%m-%dT%H:%M:%SZ}",
            "price": draw(cents),
        }
        for hour in starts
    ]


@st.composite
def policies(draw: st.DrawFn, warehouses: list[str], points: list[str]) -> dict[str, Any]:
    pickup = draw(st.booleans()) if points else False
    return {
        "id": draw(refs),
        "name": draw(names),
        "channel": "pickup-in-point" if pickup else "delivery",
        "warehouses": draw(st.permutations(warehouses))[: draw(st.integers(0, 3))],
        "pickup_point": draw(st.sampled_from(points)) if pickup else None,
        "rates": draw(rates()),
        "delivery_windows": draw(windows()),
    }


@st.composite
def points(draw: st.DrawFn) -> dict[str, Any]:
    text_keys = ("number", "neighborhood", "complement", "reference")
    coordinate = st.floats(-90, 90)
    return {
        "id": draw(st.text("abc019-", min_size=1, max_size=8)),
        "friendly_name": draw(names),
        "additional_info": draw(words),
        "address": {
            **{key: draw(names) for key in ("postal_code", "city", "state", "street")},
            **{key: draw(words) for key in text_keys},
            "country": draw(countries),
            "geo_coordinates": draw(st.none() | st.lists(coordinate, min_size=2, max_size=2)),
        },
    }


def told_apart(pickup_points: list[dict[str, Any]]) -> bool:
    return not mixed_up([row["id"] for row in pickup_points])


@st.composite
def seller_files(draw: st.DrawFn) -> dict[str, Any]:
    warehouse = st.fixed_dictionaries(
        {
            "code": refs,
            "name": names,
            "postal_code": words,
            "country": countries,
            "priority": st.integers(-5, 5),
            "cutoff": st.times().map(lambda at: f"{at:%H:%M}"),
            "handling_days": st.integers(0, 30),
        }
    )
    warehouses = draw(some(warehouse, "code", 3))
    codes = [row["code"] for row in warehouses]
    pickup_points = draw(some(points(), "id", 2).filter(told_apart))
    catalogue = draw(some(skus(), "id"))
    pairs = [(sku["id"], code) for sku in catalogue for code in codes]
    policy = policies(codes, [row["id"] for row in pickup_points])
    return {
        "format": 1,
        "account": an_account(name=draw(names), country=draw(countries), app_token=draw(words)),
        "warehouses": warehouses,
        "pickup_points": pickup_points,
        "skus": catalogue,
        "stock": [
            {
                "sku": sku,
                "warehouse": code,
                "on_hand": draw(st.integers(0, 2**31 - 1)),
                "safety": draw(st.integers(0, 9)),
            }
            for sku, code in draw(st.permutations(pairs))
        ],
        "shipping_policies": draw(some(policy, "id", 3)),
    }


def ordered(document: dict[str, Any]) -> dict[str, Any]:
    """The document with its lists in the order of an export."""

    def rank(value: Any) -> tuple[bool, Any]:
        return (value is None, value if value is not None else 0)

    def sort(rows: list[dict[str, Any]], *keys: str) -> list[dict[str, Any]]:
        return sorted(rows, key=lambda row: [rank(row[key]) for key in keys])

    lists = {
        "warehouses": sort(document["warehouses"], "code"),
        "pickup_points": sort(document["pickup_points"], "id"),
        "skus": [
            sku
            | {"sales_channel_prices": sort(sku["sales_channel_prices"], "sales_channel")}
            | {key: sort(sku[key], "barcode") for key in ("case_barcodes",) if key in sku}
            for sku in sort(document["skus"], "id")
        ],
        "stock": sort(document["stock"], "sku", "warehouse"),
        "shipping_policies": [
            policy
            | {
                "rates": sort(
                    policy["rates"], "country", "postal_from", "postal_to", "max_weight_g"
                ),
                "delivery_windows": sort(policy["delivery_windows"], "start", "end"),
            }
            for policy in sort(document["shipping_policies"], "id")
        ],
    }
    return document | lists


class TestRoundTrip(TestCase):
    @given(seller_files())
    @settings(max_examples=16, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def test_exports_what_was_imported_and_imports_it_again_without_a_change(self, document):
        import_seller(document, now=timezone.now())
        account = SellerAccount.objects.get()
        exported = export_seller(account, with_secrets=True)

        assert ordered(json.loads(json.dumps(exported))) == ordered(document)
        assert import_seller(exported, now=timezone.now()).changed == 0
        assert export_seller(account, with_secrets=True) == exported

    @given(seller_files(), seller_files())
    @settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def test_updates_any_seller_to_any_other(self, first, second):
        assume(told_apart(first["pickup_points"] + second["pickup_points"]))
        import_seller(first, now=timezone.now())
        import_seller(second, now=timezone.now())

        exported = export_seller(SellerAccount.objects.get(), with_secrets=True)
        for key in ("account", "warehouses", "shipping_policies"):
            assert ordered(second | {key: exported[key]}) == ordered(second)
        assert import_seller(second, now=timezone.now()).changed == 0


@pytest.mark.django_db
def test_leaves_secrets_out_unless_asked(tmp_path):
    load(a_seller_file(), tmp_path)

    assert not SECRETS & dump("acme")["account"].keys()
    assert dump("acme", "--with-secrets")["account"] == an_account()


@pytest.mark.django_db
def test_says_on_standard_error_that_secrets_are_left_out(tmp_path):
    load(a_seller_file(), tmp_path)
    err = io.StringIO()

    call_command("export_seller", "acme", "-o", str(tmp_path / "out.json"), stderr=err)

    assert "Secrets are left out" in err.getvalue()
    assert json.loads((tmp_path / "out.json").read_text())["account"]["slug"] == "acme"


@pytest.mark.django_db
def test_writes_a_file_that_its_owner_alone_can_read(tmp_path):
    load(a_seller_file(), tmp_path)

    call_command("export_seller", "acme", "--with-secrets", "-o", str(tmp_path / "out.json"))

    assert (tmp_path / "out.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.django_db
def test_writes_the_same_bytes_each_time(tmp_path):
    document = a_seller_file(
        skus=[a_sku(ref) for ref in ("b", "a", "Z", "á", "0123", "mug-1")],
        shipping_policies=[a_policy("z"), a_policy("a")],
    )
    load(document, tmp_path)
    for name in ("one.json", "two.json"):
        call_command("export_seller", "acme", "-o", str(tmp_path / name), stderr=io.StringIO())

    one = (tmp_path / "one.json").read_bytes()
    assert one == (tmp_path / "two.json").read_bytes()
    assert [s["id"] for s in json.loads(one)["skus"]] == ["0123", "Z", "a", "b", "mug-1", "á"]


@pytest.mark.django_db
def test_leaves_retired_warehouses_and_policies_out(tmp_path):
    load(a_seller_file(), tmp_path)
    load(
        a_seller_file(
            warehouses=a_seller_file()["warehouses"][:1], stock=None, shipping_policies=None
        ),
        tmp_path,
    )

    document = dump("acme", "--with-secrets")

    assert [row["code"] for row in document["warehouses"]] == ["SP"]
    assert [row["warehouse"] for row in document["stock"]] == ["SP"]
    assert document["shipping_policies"][1]["warehouses"] == ["SP"]
    assert "Nothing to change." in load(document, tmp_path)


@pytest.mark.django_db
def test_a_sku_without_case_barcodes_is_written_as_it_was_before_there_were_any(tmp_path):
    cases = [{"barcode": "17891234567892", "units": 6}]
    load(a_seller_file(skus=[a_sku("0123"), a_sku("mug-1", case_barcodes=cases)]), tmp_path)

    loose, boxed = dump("acme")["skus"]

    assert "case_barcodes" not in loose
    assert boxed["case_barcodes"] == cases


@pytest.mark.django_db
def test_names_the_accounts_there_are_when_asked_for_another(tmp_path):
    load(a_seller_file(), tmp_path)

    with pytest.raises(CommandError, match=r"No account “acne”\. There are: acme"):
        dump("acne")
