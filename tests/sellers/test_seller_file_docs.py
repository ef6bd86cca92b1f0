"""What docs/seller-file.md shows is what the command takes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from sellers.seller_file import schema
from sellers.seller_file.reading import Entries, Part, Shape
from tests.sellers.seller_files import load

DOCS = Path(__file__).parents[2] / "docs" / "seller-file.md"
TEXT = DOCS.read_text(encoding="utf-8")


@pytest.mark.django_db
def test_the_example_loads_and_loads_again_without_a_change(tmp_path):
    example = re.search(r"```json\n(.*?)```", TEXT, re.DOTALL)
    assert example
    document = json.loads(example[1])

    load(document, tmp_path)

    assert "Nothing to change." in load(document, tmp_path)


def test_every_key_of_the_format_is_described():
    missing = [key for key in keys_of(schema.DOCUMENT) if f"`{key}`" not in TEXT]

    assert missing == []


def keys_of(shape: Shape) -> set[str]:
    keys = set(shape.keys)
    for key in shape.keys.values():
        if isinstance(key, Part | Entries) and key.shape:
            keys |= keys_of(key.shape)
    return keys
