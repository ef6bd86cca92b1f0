"""What the shopper chose for a line beside the item: gift wrapping, an engraving, a warranty.

VTEX calls these bundle items and attachments, and writes the latter in four ways. They are for the
person who packs; nothing in them ever turns an order down. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

MOST = 20
_LONGEST = 300


def extras_of(item: Mapping[str, Any]) -> list[str]:
    """Each in one line, as `shapes.ITEM` reads an item. May name a person."""
    found = [*_bundles(item)]
    for key in ("item_attachment", "items_attachment", "attachments"):
        given = item.get(key)
        for each in given if isinstance(given, list) else [given]:
            found += _attachment(each)
    return list(dict.fromkeys(line[:_LONGEST] for line in found))[:MOST]


def _bundles(item: Mapping[str, Any]) -> Iterator[str]:
    for bundle in item.get("bundle_items") or ():
        name, quantity = _text(bundle.get("name")), bundle.get("quantity")
        if name and quantity != 0:
            yield name if quantity in (None, 1) else f"{quantity} × {name}"


def _attachment(given: Any) -> Iterator[str]:
    """`{name, content}`, `{id, name, url}` or bare text; empty ones say nothing."""
    if not isinstance(given, Mapping):
        given = {"content": given}
    known = {str(key).casefold(): value for key, value in given.items()}
    name, content = _text(known.get("name")), known.get("content", known.get("url"))
    said = _content(content)
    if said:
        yield f"{name}: {said}" if name else said
    elif name and not isinstance(content, Mapping):
        yield name


def _content(content: Any) -> str:
    if not isinstance(content, Mapping):
        return _text(content)
    pairs = [(str(key).strip(), _text(value)) for key, value in content.items()]
    return "; ".join(f"{key} {value}".strip() for key, value in pairs if value)


def _text(value: Any) -> str:
    plain = isinstance(value, (str, int, float)) and not isinstance(value, bool)
    return " ".join(str(value).split()) if plain else ""
