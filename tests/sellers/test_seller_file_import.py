from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, time
from decimal import Decimal

import pytest
from django.core.management import CommandError
from django.db import connection

from sellers.models import (
    CaseBarcode,
    FreightRate,
    Hold,
    PickupPoint,
    SalesChannelPrice,
    SellerAccount,
    ShippingPolicy,
    Sku,
    StockLevel,
    StockMovement,
    Warehouse,
)
from tests.sellers.seller_files import (
    a_pickup_point,
    a_policy,
    a_rate,
    a_seller_file,
    a_sku,
    an_account,
    dump,
    load,
    load_bytes,
)

pytestmark = pytest.mark.django_db


def the_account() -> SellerAccount:
    return SellerAccount.objects.get(slug="acme")


def the_whole_database() -> list[tuple[str, list[tuple[object, ...]]]]:
    with connection.cursor() as cursor:
        tables = [
            t for t in connection.introspection.table_names(cursor) if t.startswith("sellers")
        ]
        found = []
        for table in tables:
            cursor.execute(f'SELECT * FROM "{table}" ORDER BY 1')  # noqa: S608 (our own tables)
            found.append((table, cursor.fetchall()))
    return found


def test_loads_a_whole_seller(tmp_path):
    load(a_seller_file(), tmp_path)

    account = the_account()
    assert (account.name, account.seller_id, account.affiliate_id) == ("Acme", "acme01", "ACM")
    assert (account.app_token, account.inbound_app_token) == ("outbound-token", "inbound-token")
    recife = Warehouse.objects.get(account=account, code="PE")
    assert (recife.cutoff, recife.handling_days, recife.country) == (time(11, 30), 1, "BRA")
    sku = Sku.objects.get(account=account, ref="0123")
    assert (sku.price_cents, sku.list_price_cents, sku.weight_g) == (1250, 1500, 300)
    point = PickupPoint.objects.get(account=account)
    assert (point.longitude, point.latitude) == (-46.65, -23.56)
    counter = ShippingPolicy.objects.get(account=account, ref="counter")
    assert counter.pickup_point == point
    economy = ShippingPolicy.objects.get(account=account, ref="economy")
    served = economy.served_by.order_by("position").values_list("warehouse__code", flat=True)
    assert list(served) == ["SP", "PE"]
    assert economy.rates.count() == 2
    level = StockLevel.objects.get(sku__ref="mug-1")
    assert (level.warehouse.code, level.on_hand, level.safety) == ("SP", 10, 2)


def test_says_what_it_did_and_which_endpoint_to_register(tmp_path):
    said = load(a_seller_file(), tmp_path, "--host", "portal.example.com").splitlines()

    assert said[1].split() == ["account", "1", "0", "0", "0"]
    assert ["rates", "2", "0", "0", "0"] in [line.split() for line in said]
    assert said[-1].endswith("https://portal.example.com/api/Ab3d9kQ2mN5pR8sT1vW4")


def test_writes_the_opening_stock_to_the_ledger(tmp_path):
    load(a_seller_file(), tmp_path)

    movements = StockMovement.objects.order_by("on_hand_change")
    assert [(m.kind, m.on_hand_change) for m in movements] == [("opening", 7), ("opening", 10)]
    assert all(m.cause.startswith("import:") for m in movements)


def test_changes_nothing_when_loaded_again_and_says_so(tmp_path):
    load(a_seller_file(), tmp_path)
    before = the_whole_database()

    said = load(a_seller_file(), tmp_path)

    assert "Nothing to change." in said
    assert the_whole_database() == before


def test_changes_only_what_differs(tmp_path):
    load(a_seller_file(), tmp_path)
    revision = the_account().tariff_revision

    said = load(a_seller_file(skus=[a_sku("mug-1", price=5990), a_sku("new")]), tmp_path)

    rows = {line.split()[0]: line.split()[1:] for line in said.splitlines()}
    assert rows["skus"] == ["1", "1", "0", "0"]
    assert rows["rates"] == ["0", "0", "2", "0"]
    assert Sku.objects.get(ref="mug-1").price_cents == 5990
    assert the_account().tariff_revision == revision


@pytest.mark.parametrize(
    "changes",
    [
        {"account": an_account(timezone="America/Recife")},
        {"warehouses": [{"code": "SP", "name": "São Paulo"}, {"code": "PE", "name": "Olinda"}]},
        {"pickup_points": [a_pickup_point(friendly_name="Balcão")]},
        {"shipping_policies": [a_policy("economy")]},
        {"shipping_policies": [a_policy("economy", warehouses=["PE", "SP"])]},
        {"shipping_policies": [a_policy("economy", rates=[a_rate("50000000", price=1)])]},
        {
            "shipping_policies": [
                a_policy(
                    "economy",
                    delivery_windows=[
                        {"start": "2031-01-02T11:00:00Z", "end": "2031-01-02T15:00:00Z"}
                    ],
                )
            ]
        },
    ],
)
def test_raises_the_tariff_revision_with_what_quotes_depend_on(tmp_path, changes):
    load(a_seller_file(), tmp_path)
    revision = the_account().tariff_revision

    load(a_seller_file(**changes), tmp_path)

    assert the_account().tariff_revision == revision + 1


def test_leaves_absent_lists_alone(tmp_path):
    load(a_seller_file(), tmp_path)

    said = load({"format": 1, "account": {"slug": "acme"}}, tmp_path)

    assert "Nothing to change." in said
    assert the_account().app_token == "outbound-token"
    assert FreightRate.objects.count() == 2


def test_keeps_stored_credentials_that_the_file_does_not_name(tmp_path):
    load(a_seller_file(), tmp_path)

    load({"format": 1, "account": {"slug": "acme", "name": "Acme Casa"}}, tmp_path)

    account = the_account()
    assert (account.name, account.app_token) == ("Acme Casa", "outbound-token")
    assert (account.endpoint_key, account.hook_header_value) == (
        "Ab3d9kQ2mN5pR8sT1vW4",
        "hook-secret",
    )


def test_makes_an_endpoint_key_for_a_new_account_and_keeps_it(tmp_path):
    account = an_account()
    del account["endpoint_key"]

    load(a_seller_file(account=account), tmp_path)
    made = the_account().endpoint_key
    said = load(a_seller_file(account=account), tmp_path)

    assert len(made) >= 16
    assert said.rstrip().endswith(f"http://127.0.0.1:8000/api/{made}")


def test_keeps_skus_that_the_file_leaves_out_and_retires_those_it_says_are_inactive(tmp_path):
    load(a_seller_file(), tmp_path)

    load(a_seller_file(skus=[a_sku("mug-1", active=False)], stock=None), tmp_path)

    assert dict(Sku.objects.values_list("ref", "is_active")) == {"mug-1": False, "0123": True}


def test_retires_warehouses_and_policies_that_a_present_list_leaves_out(tmp_path):
    load(a_seller_file(), tmp_path)

    load(
        a_seller_file(
            warehouses=[{"code": "SP", "name": "São Paulo"}],
            shipping_policies=[a_policy("economy", warehouses=["SP"])],
            stock=None,
        ),
        tmp_path,
    )

    assert dict(Warehouse.objects.values_list("code", "is_active")) == {"SP": True, "PE": False}
    assert dict(ShippingPolicy.objects.values_list("ref", "is_active")) == {
        "economy": True,
        "counter": False,
    }
    assert StockLevel.objects.count() == 2


def test_offers_a_retired_policy_again_when_it_is_listed_again(tmp_path):
    load(a_seller_file(), tmp_path)
    load(a_seller_file(shipping_policies=[]), tmp_path)

    load(a_seller_file(), tmp_path)

    assert ShippingPolicy.objects.filter(is_active=True).count() == 2


def test_takes_a_present_rate_list_as_the_whole_truth(tmp_path):
    load(a_seller_file(), tmp_path)

    load(
        a_seller_file(
            shipping_policies=[
                a_policy(
                    "economy",
                    rates=[
                        a_rate("00000000", "49999999", price=990),
                        a_rate("50000000", max_weight_g=1000),
                    ],
                ),
            ]
        ),
        tmp_path,
    )

    rates = FreightRate.objects.order_by("postal_from")
    assert [(r.postal_from, r.max_weight_g, r.price_cents) for r in rates] == [
        ("00000000", None, 990),
        ("50000000", 1000, 1990),
    ]


def test_replaces_sales_channel_prices_of_the_skus_that_name_them(tmp_path):
    prices = [{"sales_channel": "1", "price": 100}, {"sales_channel": "2", "price": 200}]
    skus = [a_sku(ref, sales_channel_prices=prices) for ref in ("a", "b")]
    load(a_seller_file(skus=skus, stock=[]), tmp_path)

    changed = a_sku("a", sales_channel_prices=[{"sales_channel": "2", "price": 300}])
    load(a_seller_file(skus=[changed, a_sku("b")], stock=[]), tmp_path)

    rows = SalesChannelPrice.objects.order_by("sku__ref", "sales_channel")
    assert list(rows.values_list("sku__ref", "sales_channel", "price_cents")) == [
        ("a", "2", 300),
        ("b", "1", 100),
        ("b", "2", 200),
    ]


def test_replaces_case_barcodes_of_the_skus_that_name_them(tmp_path):
    case = {"barcode": "17891234567892", "units": 6}
    skus = [a_sku(ref, case_barcodes=[case]) for ref in ("a", "b", "c")]
    load(a_seller_file(skus=skus, stock=[]), tmp_path)

    changed = a_sku("a", case_barcodes=[{"barcode": "17891234567892", "units": 12}])
    emptied = a_sku("c", case_barcodes=[])
    load(a_seller_file(skus=[changed, a_sku("b"), emptied], stock=[]), tmp_path)

    rows = CaseBarcode.objects.order_by("sku__ref").values_list("sku__ref", "units")
    assert list(rows) == [("a", 12), ("b", 6)]


def test_keeps_offerings_of_skus_that_do_not_name_them(tmp_path):
    wrap = {"type": "giftwrap", "id": "1", "name": "Gift wrap", "price": 500}
    load(a_seller_file(skus=[a_sku("a", offerings=[wrap])], stock=[]), tmp_path)

    load(a_seller_file(skus=[a_sku("a", price=1), a_sku("b")], stock=[]), tmp_path)

    assert dict(Sku.objects.values_list("ref", "offerings")) == {"a": [wrap], "b": []}


def test_takes_unpriced_skus_weighted_goods_and_price_dates(tmp_path):
    sku = a_sku(
        "cheese",
        price=None,
        measurement_unit="kg",
        unit_multiplier=0.5,
        height_cm=12.5,
        price_valid_until="2031-12-31T23:59:59-03:00",
    )
    load(a_seller_file(skus=[sku], stock=[]), tmp_path)

    stored = Sku.objects.get(ref="cheese")
    assert (stored.price_cents, stored.unit_multiplier) == (None, Decimal("0.5"))
    assert stored.height_cm == Decimal("12.5")
    assert stored.price_valid_until == datetime(2032, 1, 1, 2, 59, 59, tzinfo=UTC)


def test_loads_a_file_again_after_stock_has_moved_on(tmp_path):
    load(a_seller_file(), tmp_path)
    load(a_seller_file(stock=[{"sku": "mug-1", "warehouse": "SP", "on_hand": 4}]), tmp_path)

    load(a_seller_file(), tmp_path)

    assert StockLevel.objects.get(sku__ref="mug-1").on_hand == 10
    changes = StockMovement.objects.filter(level__sku__ref="mug-1").order_by("id")
    assert [m.on_hand_change for m in changes] == [10, -6, 6]


def test_refuses_stock_below_what_is_held_for_orders(tmp_path):
    load(a_seller_file(), tmp_path)
    level = StockLevel.objects.get(sku__ref="mug-1")
    StockLevel.objects.filter(pk=level.pk).update(held=6)
    now = datetime(2031, 1, 1, tzinfo=UTC)
    Hold.objects.create(
        level=level, seller_order_id="R-1", line_index=0, quantity=6, created_at=now
    )
    before = the_whole_database()

    with pytest.raises(CommandError, match=r"^stock\[0\]\.on_hand: must not be below the 6 units"):
        load(a_seller_file(stock=[{"sku": "mug-1", "warehouse": "SP", "on_hand": 5}]), tmp_path)

    assert the_whole_database() == before


def test_counts_no_holds_that_have_expired_against_the_stock_of_a_file(tmp_path):
    load(a_seller_file(), tmp_path)
    level = StockLevel.objects.get(sku__ref="mug-1")
    StockLevel.objects.filter(pk=level.pk).update(held=6)
    past = datetime(2001, 1, 1, tzinfo=UTC)
    Hold.objects.create(
        level=level,
        seller_order_id="R-1",
        line_index=0,
        quantity=6,
        created_at=past,
        expires_at=past,
    )

    load(a_seller_file(stock=[{"sku": "mug-1", "warehouse": "SP", "on_hand": 5}]), tmp_path)

    level.refresh_from_db()
    assert (level.on_hand, level.held) == (5, 0)


def test_changes_nothing_in_a_dry_run_and_says_what_would_change(tmp_path):
    load(a_seller_file(), tmp_path)
    before = the_whole_database()

    said = load(a_seller_file(skus=[a_sku("mug-1", price=1), a_sku("new")]), tmp_path, "--dry-run")

    assert ["skus", "1", "1", "0", "0"] in [line.split() for line in said.splitlines()]
    assert "Dry run: nothing was changed." in said
    assert the_whole_database() == before


def test_prints_no_endpoint_in_a_dry_run_of_a_new_account(tmp_path):
    said = load(a_seller_file(), tmp_path, "--dry-run")

    assert "/api/" not in said
    assert not SellerAccount.objects.exists()


def test_touches_nobody_else(tmp_path):
    rival = an_account(slug="rival", seller_id="rival01", endpoint_key="R" * 20)
    load(a_seller_file(account=rival), tmp_path)
    before = dump("rival", "--with-secrets")

    load(a_seller_file(), tmp_path)
    load(
        a_seller_file(
            skus=[a_sku("mug-1", price=1)], stock=None, warehouses=[], shipping_policies=[]
        ),
        tmp_path,
    )

    assert dump("rival", "--with-secrets") == before


def test_takes_a_file_that_begins_with_a_byte_order_mark(tmp_path):
    load_bytes(b'\xef\xbb\xbf{"format": 1, "account": ' + ACCOUNT + b"}", tmp_path)

    assert SellerAccount.objects.get().slug == "bom"


ACCOUNT = (
    b'{"slug": "bom", "name": "Bom", "seller_id": "b", "marketplace_account": "m",'
    b' "marketplace_url": "https://m.example.com/"}'
)


def test_ends_with_code_1_and_the_paths_on_standard_error(tmp_path):
    file = tmp_path / "seller.json"
    file.write_text('{"format": 1, "account": {"slug": "acme", "nmae": "Acme"}}')

    ended = subprocess.run(
        [sys.executable, "manage.py", "import_seller", str(file)],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
        check=False,
    )

    assert ended.returncode == 1
    assert "account.nmae: is not a known key. Did you mean “name”?" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_says_when_the_host_it_prints_is_nobodys_choice(tmp_path, monkeypatch):
    monkeypatch.delenv("PORTAL_URL", raising=False)
    assert "The host below is a default of this machine: set PORTAL_URL" in load(
        a_seller_file(), tmp_path
    )
    assert "--host" not in load(a_seller_file(), tmp_path, "--host", "portal.example.com")
    monkeypatch.setenv("PORTAL_URL", "https://portal.example.com")
    assert "--host" not in load(a_seller_file(), tmp_path)
