"""A PDF in millimetres, in letters that everybody's name can be written with."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from fontTools.ttLib import TTFont
from fpdf import FPDF
from fpdf.enums import Align, MethodReturnValue

from invoicing.printing import codes

FONTS = Path(__file__).resolve().parent.parent / "fonts"
REGULAR = FONTS / "DejaVuSansCondensed.ttf"
BOLD = FONTS / "DejaVuSansCondensed-Bold.ttf"
_MM_PER_POINT = 25.4 / 72
LEADING = 1.18


@cache
def _known() -> frozenset[int]:
    with TTFont(REGULAR, lazy=True) as opened:
        return frozenset(opened.getBestCmap())


def undrawable(text: str) -> str:
    """The signs that our font lacks: on paper they would be empty boxes."""
    return "".join(sorted({one for one in text if one.isprintable() and ord(one) not in _known()}))


class Sheets(FPDF):
    """Pages of one size. Measures are millimetres from the top left corner, font sizes points."""

    def __init__(self, *, width: float, height: float, margin: float, title: str) -> None:
        super().__init__(unit="mm", format=(width, height))
        self.margin = margin
        self.set_auto_page_break(auto=False)
        self.set_margin(0)
        self.c_margin = 0
        self.add_font("paper", "", REGULAR)
        self.add_font("paper", "B", BOLD)
        self.set_title(title)
        self.set_line_width(0.3)

    @property
    def inner(self) -> float:
        return self.w - 2 * self.margin

    def fitted(
        self,
        text: str,
        box: tuple[float, float, float, float],
        *,
        size: float,
        least: float = 5,
        bold: bool = False,
        align: Align = Align.L,
    ) -> float:
        """Writes `text` into `box` (x, y, width, height), smaller and smaller until it fits: an
        address is never cut while it can be read at all. Returns where it ends, in y."""
        x, y, width, height = box
        text = self._visible(text)
        self._font(size, bold=bold)
        while size > least and self._height_of(text, width, size) > height:
            size = max(least, size - 0.5)
            self._font(size, bold=bold)
        self.set_xy(x, y)
        self.multi_cell(width, size * _MM_PER_POINT * LEADING, text, align=align)
        return float(self.get_y())

    def line_of(
        self, text: str, x: float, y: float, width: float, *, size: float, bold: bool = False,
        align: Align = Align.L,
    ) -> float:  # fmt: skip
        """One line, shrunk to fit. Returns where it ends, in y."""
        text = self._visible(" ".join(text.split()))
        self._font(size, bold=bold)
        wide = self.get_string_width(text)
        if wide > width:
            self._font(max(4.0, size * width / wide), bold=bold)
        self.set_xy(x, y)
        height = size * _MM_PER_POINT * LEADING
        self.cell(width, height, text, align=align)
        return y + height

    def _font(self, size: float, *, bold: bool) -> None:
        self.set_font("paper", "B" if bold else "", size)

    def _height_of(self, text: str, width: float, size: float) -> float:
        line = size * _MM_PER_POINT * LEADING
        measured = self.multi_cell(width, line, text, dry_run=True, output=MethodReturnValue.HEIGHT)
        if not isinstance(measured, float | int):
            raise TypeError("A height was asked for.")
        return float(measured)

    def _visible(self, text: str) -> str:
        return "".join(sign for sign in text if sign.isprintable() or sign == "\n")

    def rule(self, y: float, *, thick: bool = False) -> None:
        self.set_line_width(0.5 if thick else 0.2)
        self.line(self.margin, y, self.w - self.margin, y)

    def code128(self, text: str, x: float, y: float, width: float, height: float) -> None:
        """Its quiet zones, ten modules on either side, are part of the width."""
        runs, modules = codes.bars(text)
        module = width / (modules + 20)
        self._dark((x + (10 + at) * module, y, run * module, height) for at, run in runs)

    def qr(self, text: str, x: float, y: float, side: float) -> None:
        """Its quiet zone, four modules around, is part of the side."""
        runs, count = codes.squares(text)
        module = side / (count + 8)
        self._dark(
            (x + (4 + at) * module, y + (4 + row) * module, run * module, module * 1.01)
            for row, at, run in runs
        )

    def _dark(self, boxes: Iterable[tuple[float, float, float, float]]) -> None:
        self.set_fill_color(0)
        for x, y, width, height in boxes:
            self.rect(x, y, width, height, style="F")

    def bytes(self) -> bytes:
        return bytes(self.output())
