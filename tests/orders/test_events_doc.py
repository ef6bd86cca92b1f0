"""docs/events.md says what the code does with each status.

`UPDATE_EVENTS_DOC=1 pytest tests/orders/test_events_doc.py` writes its table anew.
"""

from __future__ import annotations

import os

from config.env import BASE_DIR
from orders import statuses

DOC = BASE_DIR / "docs" / "events.md"
BEGIN, END = "<!-- statuses -->\n", "<!-- /statuses -->"


def test_the_documented_table_of_statuses_is_the_codes():
    head, rest = DOC.read_text().split(BEGIN)
    shown, tail = rest.split(END)
    table = f"{statuses.as_markdown()}\n"
    if os.environ.get("UPDATE_EVENTS_DOC"):
        DOC.write_text(f"{head}{BEGIN}{table}{END}{tail}")
        shown = table
    assert shown == table


def test_the_effects_are_explained_in_the_codes_words():
    text = " ".join(DOC.read_text().split())
    for effect, words in statuses.EFFECTS.items():
        assert f"*{effect}*: {words}." in text
