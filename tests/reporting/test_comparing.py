"""Two sides of an order: what differs, by how many cents, and what kind of difference it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.states import Status
from orders.statuses import STATUSES
from reporting.reconciling import documents
from reporting.reconciling.comparing import CONTRADICTIONS, compare
from reporting.reconciling.documents import Paper, Side

OURS = Side(
    status=Status.INVOICED,
    total=5_990,
    items=6_000,
    discounts=-500,
    freight=490,
    units={"1001": 2, "1002": 1},
    lines=3,
    papers={
        "NF1": Paper("NF1", "Output", 5_990, "AA1", message_id=7, package_id=8),
    },
)
THEIRS = replace(OURS, status="invoiced", papers={"NF1": Paper("NF1", "Output", 5_990, "AA1")})


def _found(**changes: Any) -> list[tuple[str, str, int]]:
    rows = compare(OURS, replace(THEIRS, **changes), currency="BRL")
    return [(row.field, row.bucket, row.cents) for row in rows]


def test_two_sides_that_agree_differ_in_nothing():
    assert _found() == []


@pytest.mark.parametrize(
    ("changes", "rows"),
    [
        ({"freight": 500, "total": 6_000}, [("freight", "freight", 10)]),
        ({"discounts": -400, "total": 6_090}, [("discounts", "discount", 100)]),
        ({"items": 6_003, "total": 5_993}, [("items", "rounding", 3)]),
        ({"items": 6_004, "total": 5_994}, [("items", "price", 4)]),
        ({"total": 5_991}, [("total", "rounding", 1)]),
        ({"total": 7_000}, [("total", "price", 1_010)]),
        (
            {"units": {"1001": 1, "1002": 1}, "items": 4_000, "total": 3_990},
            [("items", "quantity", -2_000), ("quantity", "quantity", 0)],
        ),
        ({"units": {"1001": 2, "1002": 1, "1003": 0}}, []),
        (
            {"freight": 400, "discounts": -400},
            [("discounts", "discount", 100), ("freight", "freight", -90), ("total", "price", -10)],
        ),
        ({"papers": {}}, [("invoice-missing", "invoice", -5_990)]),
        (
            {"papers": {"NF1": Paper("NF1", "Output", 5_989, "AA1")}},
            [("invoice-value", "rounding", -1)],
        ),
        (
            {"papers": {"NF1": Paper("NF1", "Output", 9_990, "AA1")}},
            [("invoice-value", "invoice", 4_000)],
        ),
        (
            {"papers": {**THEIRS.papers, "X": Paper("X", "Output", 10)}},
            [("invoice-foreign", "invoice", 10)],
        ),
        ({"papers": {"NF1": Paper("NF1", "Output", 5_990)}}, [("tracking", "progress", 0)]),
        ({"status": "handling"}, [("status", "progress", 0)]),
        ({"status": "something-new"}, []),
    ],
)
def test_tells_what_differs_and_of_which_kind_it_is(changes: dict[str, Any], rows: list[Any]):
    assert _found(**changes) == rows


def test_says_both_sides_in_words_and_where_it_is_mended():
    row = compare(OURS, replace(THEIRS, papers={}), currency="BRL")[0]
    assert (row.ours, row.theirs, row.about) == ("NF1: R$ 59,90", "–", 7)
    row = compare(OURS, replace(THEIRS, freight=500, total=6_000), currency="BRL")[0]
    assert (row.ours, row.theirs) == ("R$ 4,90", "R$ 5,00")


CENTS = st.integers(-10_000, 10_000)


@given(CENTS, CENTS, CENTS, CENTS)
def test_the_money_rows_add_up_to_the_difference_of_the_totals(items, discounts, freight, total):
    theirs = replace(THEIRS, items=items, discounts=discounts, freight=freight, total=total)
    rows = compare(OURS, theirs, currency="BRL")
    money = [row for row in rows if row.field in ("items", "discounts", "freight", "total")]
    assert sum(row.cents for row in money) == total - OURS.total


def test_every_status_has_its_contradictions_and_they_are_statuses_there():
    assert CONTRADICTIONS.keys() == {str(status) for status in Status}
    assert set().union(*CONTRADICTIONS.values()) <= STATUSES.keys()


# --- documents from outside -----------------------------------------------------------------------


def a_document(**facts: Any) -> dict[str, Any]:
    return {
        "status": "invoiced",
        "value": 5_990,
        "totals": [
            {"id": "Items", "value": 6_000},
            {"id": "Discounts", "value": -500},
            {"id": "Shipping", "value": "490"},
            {"id": "Tax", "value": 0},
        ],
        "items": [
            {"id": "77", "sellerSku": "1001", "quantity": 1},
            {"id": "77", "sellerSku": "1001", "quantity": 1},
            {"id": "1002", "quantity": 1, "seller": "acme"},
        ],
        "packageAttachment": {
            "packages": [
                {
                    "invoiceNumber": "NF1",
                    "invoiceValue": "5990",
                    "type": "Output",
                    "trackingNumber": "AA1",
                }
            ]
        },
        "clientProfileData": {"firstName": "Filomena"},
    } | facts


def test_reads_a_document_of_the_marketplace():
    assert documents.read(a_document()) == THEIRS
    assert documents.sellers_of(a_document()) == {"None", "acme"}
    assert documents.sellers_of(a_document(sellers=[{"id": "acme"}])) == {"acme"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from(["status", "value", "totals", "items", "packageAttachment", "sellers"]),
        JSON,
    )
)
def test_whatever_stands_in_a_document_is_read_or_reads_as_nothing(document: dict[str, Any]):
    documents.sellers_of(document)
    compare(OURS, documents.read(document), currency="BRL")
