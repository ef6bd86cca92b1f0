"""Ids of rows, as addresses and forms write them."""

from __future__ import annotations


def is_row_id(text: str) -> bool:
    """Whether it is a number that a row could have; far longer ones Python would not even read."""
    return text.isascii() and text.isdecimal() and len(text) < 19
