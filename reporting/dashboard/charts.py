"""Charts as shapes, worked out on the server: the template only draws them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

#: The drawing's own units; it grows and shrinks with the page.
WIDTH, HEIGHT = 760, 230
LEFT, RIGHT, TOP, BOTTOM = 44, 8, 12, 30
#: A label below the axis needs so much room.
_LABEL_WIDTH = 58


@dataclass(frozen=True)
class Bin:
    """What stands at one place of the axis: `values` by series, in the order of the series, and
    the rows behind each."""

    label: str
    title: str
    values: Sequence[int]
    links: Sequence[str] = ()

    @property
    def cells(self) -> list[tuple[int, str]]:
        return list(zip(self.values, self.links, strict=True))


@dataclass(frozen=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    series: str
    link: str


@dataclass(frozen=True)
class Column:
    """One bin drawn; its whole strip can be pointed at, and leads where its first series does."""

    x: float
    width: float
    middle: float
    title: str
    link: str
    label: str
    bars: Sequence[Bar]


@dataclass(frozen=True)
class Line:
    y: float
    label: str


@dataclass(frozen=True)
class Chart:
    """`grid` are the lines across, with their numbers at the left."""

    columns: Sequence[Column]
    grid: Sequence[Line]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    floor: int = HEIGHT - BOTTOM


def grouped_bars(bins: Sequence[Bin], series: Sequence[str]) -> Chart:
    """Bars of several series side by side in each bin."""
    top = _round_up(max((value for each in bins for value in each.values), default=0))
    room = HEIGHT - TOP - BOTTOM
    strip = (WIDTH - LEFT - RIGHT) / max(1, len(bins))
    every = max(1, ceil(_LABEL_WIDTH / strip))
    columns = [
        _column(each, at, series, strip=strip, scale=room / top, labelled=at % every == 0)
        for at, each in enumerate(bins)
    ]
    lines = [Line(HEIGHT - BOTTOM - room * part / 4, f"{top * part // 4}") for part in range(5)]
    return Chart(columns, lines if top >= 4 else [lines[0], lines[4]])


def _column(
    each: Bin, at: int, series: Sequence[str], *, strip: float, scale: float, labelled: bool
) -> Column:
    x, gap = LEFT + at * strip, min(6.0, strip * 0.2)
    links = each.links or [""] * len(series)
    width = (strip - gap) / len(series)
    bars = [
        Bar(
            x=round(x + gap / 2 + place * width, 2),
            y=round(HEIGHT - BOTTOM - value * scale, 2),
            width=round(max(0.5, width - 0.5), 2),
            height=round(value * scale, 2),
            series=name,
            link=link,
        )
        for place, (name, value, link) in enumerate(zip(series, each.values, links, strict=True))
        if value
    ]
    label = each.label if labelled else ""
    return Column(
        round(x, 2), round(strip, 2), round(x + strip / 2, 2), each.title, links[0], label, bars
    )


def _round_up(value: int) -> int:
    """The next number that divides well into four: 4, 8, 20, 40, 80, 200, 400, 800…"""
    top = 1
    while True:
        for step in (4, 8, 20):
            if value <= step * top:
                return step * top
        top *= 10
