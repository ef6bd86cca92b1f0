"""Every fault of a seller file, with the path it is named by; nothing is changed by any of them."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from sellers.models import Hold, SellerAccount, Sku, StockLevel
from tests.sellers.seller_files import (
    a_pickup_point,
    a_policy,
    a_rate,
    a_seller_file,
    a_sku,
    an_account,
    load,
    load_bytes,
)

pytestmark = pytest.mark.django_db

REMOVED = object()


def refused(document: Any, tmp_path) -> list[str]:
    """The lines of the refusal, the closing sentence left out."""
    with pytest.raises(CommandError) as caught:
        load(document, tmp_path)
    assert caught.value.returncode == 1
    assert not SellerAccount.objects.exists() and not Sku.objects.exists()
    return str(caught.value).splitlines()[:-1]


def changed(path: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    document = copy.deepcopy(a_seller_file())
    inner: Any = document
    for key in path[:-1]:
        inner = inner[key]
    if value is REMOVED:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return document


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("format",), 2, "format: must be 1, got 2"),
        (("format",), True, "format: must be 1, got true"),
        (("format",), REMOVED, "format: is missing"),
        (("account",), REMOVED, "account: is missing"),
        (("account",), [], "account: must be an object, got a list"),
        (("account", "slug"), "a b", "account.slug: must be letters, digits, hyphens"),
        (("account", "name"), REMOVED, "account.name: is missing: the account is new"),
        (("account", "name"), " ", "account.name: must not be empty"),
        (("account", "name"), "a\0b", "account.name: must not contain the character U+0000"),
        (("account", "name"), "n" * 201, "account.name: must have at most 200 characters, has 201"),
        (("account", "seller_id"), " x", "account.seller_id: must not begin or end with a space"),
        (
            ("account", "marketplace_url"),
            "http://a.example.com",
            "account.marketplace_url: must be",
        ),
        (("account", "marketplace_url"), "https://a/?b", "account.marketplace_url: must be an"),
        (("account", "endpoint_key"), "short", "account.endpoint_key: must be 16 to 64 letters"),
        (("account", "country"), "BR", "account.country: must be a three-letter country code"),
        (("account", "currency"), "real", "account.currency: must be a three-letter currency"),
        (
            ("account", "timezone"),
            "America/Sao_Paolo",
            "account.timezone: must be a time zone such as America/Sao_Paulo, "
            'got "America/Sao_Paolo". Did you mean “America/Sao_Paulo”?',
        ),
        (("account", "affiliate_id"), "ABCD", 'account.affiliate_id: must be three letters, got "'),
        (
            ("acount",),
            {},
            "acount: is not a known key.",
        ),
        (("warehouses",), {}, "warehouses: must be a list, got an object"),
        (("warehouses", 1), "PE", 'warehouses[1]: must be an object, got "PE"'),
        (("warehouses", 1, "code"), "SP", "warehouses[1].code: repeats warehouses[0]"),
        (("warehouses", 1, "cutoff"), "24:00", "warehouses[1].cutoff: must be a local time HH:MM"),
        (("warehouses", 0, "priority"), "1", "warehouses[0].priority: must be a whole number"),
        (("pickup_points", 0, "id"), "a b", "pickup_points[0].id: must be letters, digits and"),
        (
            ("pickup_points",),
            [a_pickup_point(id=ref) for ref in ("centro-1", "norte", "centro-12")],
            'pickup_points[2].id: is mixed up with "centro-1" by VTEX: no id may begin with',
        ),
        (
            ("pickup_points", 0, "address", "city"),
            REMOVED,
            "pickup_points[0].address.city: is missing",
        ),
        (
            ("pickup_points", 0, "address", "geo_coordinates"),
            [-23.56, -146.65],
            "pickup_points[0].address.geo_coordinates: must be [longitude, latitude] in degrees",
        ),
        (("skus", 1, "price"), 12.5, "skus[1].price: must be whole cents, got 12.5"),
        (("skus", 1, "price"), 1250.0, "skus[1].price: must be whole cents, got 1250.0"),
        (("skus", 1, "price"), "1250", 'skus[1].price: must be whole cents, got "1250"'),
        (("skus", 1, "price"), True, "skus[1].price: must be whole cents, got true"),
        (("skus", 1, "price"), 0, "skus[1].price: must be from 1 to 1000000000000 cents, got 0"),
        (("skus", 1, "price"), -1, "skus[1].price: must be from 1 to 1000000000000 cents, got -1"),
        (("skus", 1, "price"), 10**30, "skus[1].price: must be"),
        (("skus", 1, "list_price"), 1249, "skus[1].list_price: must not be below the price (1250)"),
        (("skus", 1, "prise"), 1, "skus[1].prise: is not a known key."),
        (("skus", 1, "id"), 123, "skus[1].id: must be a text, got 123"),
        (("skus", 1, "id"), "mug-1", "skus[1].id: repeats skus[0]"),
        (("skus", 1, "weight_g"), -1, "skus[1].weight_g: must be a whole number from 0 to"),
        (("skus", 1, "height_cm"), 1.234, "skus[1].height_cm: must have at most 2 decimals, got"),
        (("skus", 1, "unit_multiplier"), 0, "skus[1].unit_multiplier: must be above 0 and at most"),
        (("skus", 1, "active"), "yes", 'skus[1].active: must be true or false, got "yes"'),
        (
            ("skus", 1, "price_valid_until"),
            "2031-12-31T10:00:00",
            "skus[1].price_valid_until: must be an ISO date and time with its zone",
        ),
        (("skus", 1, "price_valid_until"), "2031-13-31T10:00:00Z", "skus[1].price_valid_until: mu"),
        (("skus", 1, "offerings"), [{}], "skus[1].offerings[0].type: is missing"),
        (
            ("skus", 1, "sales_channel_prices"),
            [{"sales_channel": "1", "price": 2}, {"sales_channel": "1", "price": 2}],
            "skus[1].sales_channel_prices[1].sales_channel: repeats skus[1].sales_channel_price",
        ),
        (
            ("skus", 1, "case_barcodes"),
            [{"barcode": "1", "units": 6}, {"barcode": "1", "units": 4}],
            "skus[1].case_barcodes[1].barcode: repeats skus[1].case_barcodes[0]",
        ),
        (
            ("skus", 1, "case_barcodes"),
            [{"barcode": "1", "units": 0}],
            "skus[1].case_barcodes[0].units: must be a whole number from 1 to 9999",
        ),
        (("stock", 0, "sku"), "mug-2", 'stock[0].sku: no such SKU: "mug-2". Did you mean “mug-1”?'),
        (("stock", 0, "warehouse"), "RJ", 'stock[0].warehouse: no such warehouse: "RJ"'),
        (("stock", 0, "on_hand"), REMOVED, "stock[0].on_hand: is missing"),
        (
            ("stock", 1),
            {"sku": "mug-1", "warehouse": "SP", "on_hand": 1},
            "stock[1]: repeats stock[0]",
        ),
        (
            ("shipping_policies", 0, "warehouses"),
            ["SP", "XX"],
            'shipping_policies[0].warehouses[1]: no such warehouse: "XX"',
        ),
        (
            ("shipping_policies", 0, "warehouses"),
            ["SP", "SP"],
            "shipping_policies[0].warehouses[1]: repeats shipping_policies[0].warehouses[0]",
        ),
        (
            ("shipping_policies", 0, "warehouses"),
            [7],
            "shipping_policies[0].warehouses[0]: must be a text, got 7",
        ),
        (
            ("shipping_policies", 0, "pickup_point"),
            "centro",
            "shipping_policies[0].pickup_point: belongs to the channel pickup-in-point only",
        ),
        (
            ("shipping_policies", 1, "pickup_point"),
            REMOVED,
            "shipping_policies[1].pickup_point: is missing: the channel is pickup-in-point",
        ),
        (
            ("shipping_policies", 1, "pickup_point"),
            "sul",
            'shipping_policies[1].pickup_point: no such pickup point: "sul"',
        ),
        (
            ("shipping_policies", 0, "channel"),
            "post",
            "shipping_policies[0].channel: must be one of delivery, pickup-in-point, got",
        ),
        (
            ("shipping_policies", 0, "rates", 0, "estimate"),
            "0bd",
            "shipping_policies[0].rates[0].estimate: must be 1 to 9999 and bd, d, h or m",
        ),
        (
            ("shipping_policies", 0, "rates", 0, "postal_to"),
            "4999",
            "shipping_policies[0].rates[0].postal_to: must have as many digits as the start",
        ),
        (
            ("shipping_policies", 0, "rates", 0, "postal_from"),
            "50000001",
            "shipping_policies[0].rates[0].postal_to: must not be before the start of the range",
        ),
        (
            ("shipping_policies", 0, "rates", 0, "postal_from"),
            "22270-030",
            "shipping_policies[0].rates[0].postal_from: must be digits only",
        ),
        (
            ("shipping_policies", 0, "rates", 0, "postal_to"),
            "50000000",
            "shipping_policies[0].rates[1]: overlaps shipping_policies[0].rates[0]",
        ),
        (
            ("shipping_policies", 0, "delivery_windows"),
            [{"start": "2031-01-02T15:00:00Z", "end": "2031-01-02T15:00:00Z"}],
            "shipping_policies[0].delivery_windows[0].end: must be after start",
        ),
        (
            ("shipping_policies", 0, "delivery_windows"),
            [{"start": "2031-01-02T15:00:00Z", "end": "2031-01-02T16:00:00Z", "price": 1}] * 2,
            "shipping_policies[0].delivery_windows[1]: repeats",
        ),
    ],
)
def test_names_the_path_of_a_fault_and_changes_nothing(tmp_path, path, value, said):
    assert refused(changed(path, value), tmp_path)[0].startswith(said)


@pytest.mark.parametrize("document", [[], None, 7, "seller"])
def test_refuses_a_document_that_is_no_object(tmp_path, document):
    assert refused(document, tmp_path)[0].startswith("must be an object, got ")


@pytest.mark.parametrize("content", [b"", b"{", b'{"format": NaN}', b"\xff\xfe{}", b"[" * 5000])
def test_says_where_the_json_breaks(tmp_path, content):
    with pytest.raises(CommandError, match=r"not valid JSON: .+ \(line \d+, column \d+\)"):
        load_bytes(content, tmp_path)


def test_says_so_when_there_is_no_such_file(tmp_path):
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_seller", str(tmp_path / "none.json"))


def test_lists_twenty_faults_at_once_and_says_there_may_be_more(tmp_path):
    lines = refused(a_seller_file(skus=[a_sku(f"s{n}", price=0.5) for n in range(50)]), tmp_path)

    assert [line.split(":")[0] for line in lines[:20]] == [f"skus[{n}].price" for n in range(20)]
    assert lines[20:] == ["Only the first 20 faults are listed."]


def test_names_faults_of_several_kinds_together(tmp_path):
    lines = refused(
        a_seller_file(
            account=an_account(country="br"),
            skus=[a_sku("a", price=-1)],
            shipping_policies=[a_policy("e", rates=[a_rate("x")])],
        ),
        tmp_path,
    )

    assert [line.split(":")[0] for line in lines] == [
        "account.country",
        "skus[0].price",
        "shipping_policies[0].rates[0].postal_from",
    ]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"seller_id": "acme01"}, "account.seller_id: is already connected to bigstore by the acc"),
        ({"endpoint_key": "Ab3d9kQ2mN5pR8sT1vW4"}, "account.endpoint_key: is used by another acc"),
    ],
)
def test_refuses_to_connect_what_another_account_is_connected_to(tmp_path, changes, said):
    load(a_seller_file(), tmp_path)
    other = an_account(slug="other", seller_id="other01", endpoint_key="Z" * 20) | changes

    with pytest.raises(CommandError) as caught:
        load(a_seller_file(account=other), tmp_path)

    assert str(caught.value).startswith(said)
    assert not SellerAccount.objects.filter(slug="other").exists()


def test_refuses_stock_of_a_warehouse_that_the_same_file_retires(tmp_path):
    load(a_seller_file(), tmp_path)

    with pytest.raises(CommandError, match=r"^stock\[1\]\.warehouse: no such warehouse"):
        load(
            a_seller_file(warehouses=[{"code": "SP", "name": "SP"}], shipping_policies=None),
            tmp_path,
        )


def test_takes_back_everything_when_the_last_step_refuses(tmp_path):
    load(a_seller_file(), tmp_path)
    level = StockLevel.objects.get(sku__ref="mug-1")
    StockLevel.objects.filter(pk=level.pk).update(held=1)
    Hold.objects.create(
        level=level,
        seller_order_id="R-1",
        line_index=0,
        quantity=1,
        created_at=datetime(2031, 1, 1, tzinfo=UTC),
    )
    emptied = [{"sku": "mug-1", "warehouse": "SP", "on_hand": 0}]

    with pytest.raises(CommandError, match=r"^stock\[0\]\.on_hand"):
        load(a_seller_file(skus=[a_sku("mug-1", price=1)], stock=emptied), tmp_path)

    assert Sku.objects.get(ref="mug-1").price_cents == 4990


def test_finds_one_overlap_among_twenty_thousand_rates(tmp_path, django_assert_max_num_queries):
    rates = [a_rate(f"{n * 10:08d}", f"{n * 10 + 9:08d}") for n in range(20_000)]
    rates[15_000]["postal_to"] = "00150010"

    with django_assert_max_num_queries(20):
        lines = refused(a_seller_file(shipping_policies=[a_policy("e", rates=rates)]), tmp_path)

    assert lines == [
        "shipping_policies[0].rates[15001]: overlaps shipping_policies[0].rates[15000] "
        "(BRA 00150000–00150010, any weight)"
    ]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('{"format": 1, "format": 1}', "format"),
        ('{"format": 1, "account": {"slug": "a", "name": "A", "slug": "b"}}', "account.slug"),
        ('{"skus": [{"id": "a"}, {"id": "b", "price": 1, "price": 2}]}', "skus[1].price"),
        (
            '{"shipping_policies": [{"rates": [{"price": 1, "price": 1}]}]}',
            "shipping_policies[0].rates[0].price",
        ),
    ],
)
def test_names_a_key_that_is_there_twice(tmp_path, text, path):
    with pytest.raises(CommandError) as refusal:
        load_bytes(text.encode(), tmp_path)
    assert str(refusal.value).splitlines()[0] == f"{path}: is there twice"
    assert not SellerAccount.objects.exists()
