"""Package labels in ZPL II, the language of label printers: the same as the PDF's, in dots."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from django.utils.translation import gettext as _
from PIL import Image, ImageDraw, ImageFont

from invoicing.printing import codes
from invoicing.printing.facts import PackageFacts
from invoicing.printing.sheets import REGULAR

_WIDTH, _HEIGHT = 100.0, 150.0
_MM_PER_POINT = 25.4 / 72
#: The printer's own font, scalable; a sign of it is about so wide for its height.
_ASPECT = 0.55
#: Beyond these (Latin with all its accents) the printer's own font may have nothing: drawn by us.
_PRINTERS_OWN = 0x017F


def zpl_labels(
    labels: Iterable[PackageFacts], *, after_each: Callable[[], None] = lambda: None
) -> bytes:
    """One format a label, in UTF-8 (`^CI28`): accents arrive as they are."""
    parts = []
    for label in labels:
        parts.append("\n".join(_label(label)))
        after_each()
    return "\n".join(parts).encode()


class _Dots:
    """Millimetres and points as the printer's dots."""

    def __init__(self, label: PackageFacts) -> None:
        paper = label.paper
        self.per_mm = paper.dots_per_mm
        self.width, self.height = paper.label_width_mm, paper.label_height_mm
        self.margin = paper.label_margin_mm
        self.scale = min(self.width / _WIDTH, self.height / _HEIGHT)

    @property
    def inner(self) -> float:
        return self.width - 2 * self.margin

    def of(self, millimetres: float) -> int:
        return round(millimetres * self.per_mm)

    def text(
        self, text: str, x: float, y: float, width: float, *, points: float, lines: int = 1,
        align: str = "L",
    ) -> str:  # fmt: skip
        """Within `lines` lines of `width`, smaller if it would not fit."""
        height = points * self.scale * _MM_PER_POINT
        text = " ".join(text.split())
        room = width * lines * 0.92
        height = min(height, room / max(1, len(text)) / _ASPECT)
        at = f"^FO{self.of(x)},{self.of(y)}"
        if any(ord(sign) > _PRINTERS_OWN for sign in text):
            return at + _drawn(text, height=self.of(height), width=self.of(width)) + "^FS"
        dots = self.of(height)
        block = f"^FB{self.of(width)},{lines},0,{align},0"
        return f"{at}^A0N,{dots},{dots}{block}^FH_^FD{_escaped(text)}^FS"

    def rule(self, y: float) -> str:
        return f"^FO{self.of(self.margin)},{self.of(y)}^GB{self.of(self.inner)},0,2^FS"


def _escaped(text: str) -> str:
    """Signs that are commands, as hexadecimal."""
    commands = {"_": "_5F", "^": "_5E", "~": "_7E", "\\": "_5C"}
    return "".join(commands.get(sign, sign) for sign in text if sign.isprintable())


def _label(label: PackageFacts) -> Iterator[str]:
    dots = _Dots(label)
    yield "^XA^CI28^LH0,0^MNY"
    yield f"^PW{dots.of(dots.width)}^LL{dots.of(dots.height)}"
    top = dots.margin + 21.5 * dots.scale
    bottom = dots.height - dots.margin
    codes_top = bottom - 24 * dots.scale
    facts_top = codes_top - 30 * dots.scale
    yield from _head(dots, label)
    yield dots.rule(top)
    yield from _receiver(dots, label, top, facts_top)
    yield dots.rule(facts_top)
    yield from _facts(dots, label, facts_top)
    yield dots.rule(codes_top)
    yield from _code(dots, label, codes_top)
    yield "^PQ1^XZ"


def _head(dots: _Dots, label: PackageFacts) -> Iterator[str]:
    left, top, scale = dots.margin, dots.margin, dots.scale
    box = 34 * scale
    wide = dots.inner - box - 2 * scale
    name, *rest = label.sender
    yield dots.text(name, left, top, wide, points=11)
    for row, text in enumerate(rest):
        yield dots.text(text, left, top + (5 + row * 3.6) * scale, wide, points=8)
    x = dots.width - dots.margin - box
    yield f"^FO{dots.of(x)},{dots.of(top)}^GB{dots.of(box)},{dots.of(20 * scale)},4^FS"
    yield dots.text(label.of_how_many, x, top + 3 * scale, box, points=28, align="C")
    yield dots.text(_("package"), x, top + 15 * scale, box, points=8, align="C")


def _receiver(dots: _Dots, label: PackageFacts, y: float, end: float) -> Iterator[str]:
    left, wide, scale = dots.margin, dots.inner, dots.scale
    yield dots.text(_("Deliver to"), left, y + 1 * scale, wide, points=7.5)
    if label.receiver is None:
        gone = _("The shopper's data was erased.")
        yield dots.text(gone, left, y + 5 * scale, wide, points=12, lines=2)
        return
    yield dots.text(label.receiver.name, left, y + 4.5 * scale, wide, points=17, lines=2)
    y += 18 * scale
    for text in label.receiver.lines:
        yield dots.text(text, left, y, wide, points=12.5, lines=2)
        y += (10.5 if _is_long(text, wide, scale) else 5.5) * scale
    if label.receiver.postal_code:
        code = label.receiver.postal_code
        yield dots.text(code, left, end - 10 * scale, wide, points=24, align="R")


def _is_long(text: str, width: float, scale: float) -> bool:
    return len(text) * 12.5 * scale * _MM_PER_POINT * _ASPECT > width


def _facts(dots: _Dots, label: PackageFacts, y: float) -> Iterator[str]:
    side, scale = 28 * dots.scale, dots.scale
    _runs, modules = codes.squares(label.code)
    # Its magnification is whole dots a module, from 1 to 10.
    module = max(1, min(10, dots.of(side) // (modules + 4)))
    x = dots.width - dots.margin - (modules + 2) * module / dots.per_mm
    yield f"^FO{dots.of(x)},{dots.of(y + 2 * scale)}^BQN,2,{module}^FDMA,{label.code}^FS"
    wide = dots.inner - side - 2 * scale
    yield dots.text(label.service, dots.margin, y + 2 * scale, wide, points=14)
    for row, text in enumerate(label.said):
        yield dots.text(text, dots.margin, y + (8.5 + row * 4.4) * scale, wide, points=10)


def _code(dots: _Dots, label: PackageFacts, y: float) -> Iterator[str]:
    _runs, modules = codes.bars(label.code)
    module = max(1, min(10, dots.of(dots.inner) // (modules + 20)))
    x = (dots.width - modules * module / dots.per_mm) / 2
    height = dots.of(17 * dots.scale)
    where = f"^FO{dots.of(x)},{dots.of(y + 1.5 * dots.scale)}"
    yield f"{where}^BY{module}^BCN,{height},N,N,N,A^FD{label.code}^FS"
    below = y + 19.5 * dots.scale
    yield dots.text(label.code, dots.margin, below, dots.inner, points=10, align="C")


# Text that the printer has no letters for, as a picture


def _drawn(text: str, *, height: int, width: int) -> str:
    """`^GFA`: black and white, a bit for a dot."""
    font = _font(max(8, height))
    left, top, right, bottom = font.getbbox(text)
    size = (max(1, min(width, int(right - left) + 1)), max(1, int(bottom - top) + 1))
    picture = Image.new("1", size, 1)
    ImageDraw.Draw(picture).text((-left, -top), text, font=font, fill=0)
    row = (size[0] + 7) // 8
    data = bytes(byte ^ 0xFF for byte in picture.tobytes())
    return f"^GFA,{len(data)},{len(data)},{row},{data.hex().upper()}"


@lru_cache(maxsize=16)
def _font(height: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(REGULAR, height)
