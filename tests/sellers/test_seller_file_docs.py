"""What docs/seller-file.md shows is what the command takes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.core.management import CommandError

from sellers.seller_file import schema
from sellers.seller_file.reading import Entries, Part, Shape
from tests.sellers.seller_files import a_policy, a_rate, a_seller_file, a_sku, load

DOCS = Path(__file__).parents[2] / "docs" / "seller-file.md"
TEXT = DOCS.read_text(encoding="utf-8")


@pytest.mark.django_db
def test_the_example_loads_and_loads_again_without_a_change(tmp_path):
    example = re.search(r"```json\n(.*?)```", TEXT, re.DOTALL)
    assert example
    document = json.loads(example[1])

    load(document, tmp_path)

    assert "Nothing to change." in load(document, tmp_path)


@pytest.mark.django_db
def test_faults_are_listed_as_they_are_shown(tmp_path):
    skus = [a_sku(f"s{number}") for number in range(17)]
    wrong = a_sku("s18")
    wrong["prise"] = wrong.pop("price")
    first = a_seller_file(skus=[*skus, a_sku("s17", price=12.5), wrong])
    places = [{"code": code, "name": code} for code in ("SAO", "REC")]
    level = {"on_hand": 1, "sku": "s0"}
    stock = [level | {"sku": f"s{at}", "warehouse": "SAO"} for at in range(3)]
    rates = [a_rate(f"{at:02}000000", f"{at:02}999999") for at in range(2, 42)]
    policy = a_policy("economy", warehouses=["SAO"])
    policy["rates"] = [*rates, a_rate("01000000", "01999999"), a_rate("01500000", "01600000")]
    second = a_seller_file(
        warehouses=places,
        skus=skus,
        stock=[*stock, level | {"warehouse": "SA0"}],
        shipping_policies=[policy],
    )
    shown = re.findall(
        r"^    CommandError: (.*?refused; nothing was changed\.)$", TEXT, re.M | re.S
    )
    assert len(shown) == 2
    for document, listing in zip((first, second), shown, strict=True):
        with pytest.raises(CommandError) as refusal:
            load(document, tmp_path)
        told = str(refusal.value).replace(f"{tmp_path}/", "").splitlines()
        assert told == [line.strip() for line in listing.splitlines()]


def test_every_key_of_the_format_is_described():
    missing = [key for key in keys_of(schema.DOCUMENT) if f"`{key}`" not in TEXT]

    assert missing == []


def keys_of(shape: Shape) -> set[str]:
    keys = set(shape.keys)
    for key in shape.keys.values():
        if isinstance(key, Part | Entries) and key.shape:
            keys |= keys_of(key.shape)
    return keys
