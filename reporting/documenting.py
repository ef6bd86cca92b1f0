"""The tables of docs/managing.md, from the definitions themselves."""

from __future__ import annotations

from django.utils import translation

from reporting.attention.causes import CAUSES
from reporting.dashboard.figures import figures


def causes_as_markdown() -> str:
    """Every cause with its remedy, in the order of the code."""
    with translation.override("en"):
        rows = [
            f"| {cause.title} | {cause.area.label} | {cause.remedy} |" for cause in CAUSES.values()
        ]
    return "\n".join(["| cause | where | what to do |", "|---|---|---|", *rows])


def figures_as_markdown() -> str:
    """What is said of each figure, and what it comes to."""
    with translation.override("en"):
        rows = [
            f"| {each.title} | {each.meaning} | {'; '.join(map(str, each.keys.values())) or '–'} |"
            for each in figures().values()
        ]
    return "\n".join(["| figure | counted | under |", "|---|---|---|", *rows])
