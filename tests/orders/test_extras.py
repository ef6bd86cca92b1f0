"""Gift wrapping, engravings and the like: kept with their line, for whoever packs it."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from orders.erasing import erase_personal_data
from orders.models import Order, OrderLine, PersonalData
from tests.builders import a_placement

WRAPPING = {"type": "Gift", "id": 7, "name": "Gift wrapping", "price": 0, "quantity": 1}
ENGRAVING = {"name": "Engraving", "content": {"Text": "For Maria", "Font": "Serif", "Colour": None}}


def _placed(vtex: Any, **facts: Any) -> OrderLine:
    placement = a_placement()
    placement["items"][0] |= facts
    answer = vtex.place(placement)
    assert answer.status_code == 200, answer.content
    return OrderLine.objects.get()


@pytest.mark.parametrize(
    ("facts", "extras"),
    [
        ({"bundleItems": [WRAPPING]}, ["Gift wrapping"]),
        ({"bundleItems": [WRAPPING | {"quantity": 2}]}, ["2 × Gift wrapping"]),
        ({"bundleItems": [{"id": "5", "quantity": 1}]}, []),
        ({"bundleItems": [WRAPPING | {"quantity": 0}]}, []),
        ({"itemAttachment": ENGRAVING}, ["Engraving: Text For Maria; Font Serif"]),
        ({"itemsAttachment": [ENGRAVING]}, ["Engraving: Text For Maria; Font Serif"]),
        (
            {"attachments": [ENGRAVING], "itemAttachment": ENGRAVING},
            ["Engraving: Text For Maria; Font Serif"],
        ),
        (
            {"attachments": [{"id": "1", "name": "Photo", "url": "https://x/y.png"}]},
            ["Photo: https://x/y.png"],
        ),
        ({"attachments": ["Ring size 14"]}, ["Ring size 14"]),
        ({"itemAttachment": {"Name": "Card", "Content": "Happy\nyear"}}, ["Card: Happy year"]),
        ({"itemAttachment": {"name": "Message", "content": {}}}, []),
        ({"itemAttachment": {"name": None, "content": None}}, []),
        ({"attachments": [{"name": "Assembly"}]}, ["Assembly"]),
    ],
)
def test_says_what_was_chosen_beside_the_item(vtex, facts, extras):
    assert _placed(vtex, **facts).extras == extras


@pytest.mark.parametrize("odd", [None, [], {}, 5, True, "x", [None, 7, [["deep"]]], [{"name": {}}]])
@pytest.mark.parametrize("key", ["attachments", "itemAttachment", "itemsAttachment"])
def test_turns_no_order_down_for_an_odd_one(vtex, key, odd):
    assert isinstance(_placed(vtex, **{key: odd}).extras, list)


def test_keeps_no_more_than_can_be_read(vtex):
    many = [{"name": f"N{number}", "content": "x" * 900} for number in range(60)]
    extras = _placed(vtex, attachments=many).extras
    assert len(extras) == 20
    assert max(map(len, extras)) == 300


def test_is_erased_with_the_shoppers_data(vtex):
    line = _placed(vtex, itemAttachment=ENGRAVING)
    vtex.cancel(line.order.seller_order_id)
    order = Order.objects.get()
    assert erase_personal_data(order=order, now=timezone.now(), actor=None)
    line.refresh_from_db()
    assert line.extras == []
    assert PersonalData.objects.get().document is None
