"""Command barcodes: what a sheet on the wall can do instead of a keyboard.

Letters and digits only: every other sign becomes another one when scanner and computer disagree
about the keyboard. Screens get `BY_CODE` with their page, so that the codes are said once.
"""

from __future__ import annotations

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from orders.short_reasons import ShortReason

#: No code of a seller's own should begin like this.
PREFIX = "CMD"
MOST_TIMES = 12


class Command(NamedTuple):
    """`name` is what screens and gestures call it; `key` does the same on an empty scan box."""

    name: str
    title: Promise
    key: str = ""

    @property
    def code(self) -> str:
        return PREFIX + self.name.replace("-", "").upper()


COMMANDS = (
    Command("ok", _("Understood: go on"), "Enter"),
    Command("next", _("Open the next order"), "G"),
    Command("new", _("New package"), "N"),
    Command("switch", _("Next open package"), "S"),
    Command("move", _("Move the last unit to the next package"), "M"),
    Command("undo", _("Undo the last scan"), "U"),
    Command("close", _("Close the package"), "C"),
    Command("short", _("Units are missing"), "K"),
    Command("scrap", _("Returns: to scrap"), "X"),
    Command("shelf", _("Returns: to the shelf"), "S"),
    Command("print", _("Print the papers"), "P"),
    Command("reopen", _("Open the package again"), "R"),
    Command("take-over", _("Take this order over"), "T"),
    Command("mute", _("Sound on or off"), "Q"),
)
#: Behind “Units are missing”: why, and the manager is told.
REASONS = tuple(
    Command(f"why-{reason.value}", reason.label)
    for reason in ShortReason
    if reason != ShortReason.OTHER
)
TIMES = tuple(range(2, MOST_TIMES + 1))
BY_CODE: dict[str, str] = {command.code: command.name for command in (*COMMANDS, *REASONS)} | {
    f"{PREFIX}X{times}": f"x{times}" for times in TIMES
}
#: Typed into the scan box of a screen without scripts.
BY_KEY: dict[str, str] = {
    command.key: command.name for command in COMMANDS if len(command.key) == 1
}


def named(code: str) -> str | None:
    """The command that a scanned or typed code stands for, if it is one."""
    return BY_CODE.get(code.upper()) or BY_KEY.get(code.upper())
