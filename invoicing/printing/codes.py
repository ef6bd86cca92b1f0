"""Barcodes as runs of dark modules, for whatever draws them; and the code that names a package."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

import segno
from barcode import Code128
from django.utils.safestring import SafeString, mark_safe

from invoicing.models import Package

#: Letters, digits and hyphens alone: keyboards of every layout and every scanner have them.
_PACKAGE = re.compile(r"(R-[0-9A-Z]{12})-([1-9]\d{0,4})", re.IGNORECASE)


def package_code(package: Package) -> str:
    """What a label's barcodes say: our order id and the package's number."""
    return f"{package.order.seller_order_id}-{package.number}"


def read_package_code(text: str) -> tuple[str, int] | None:
    """Our order id and the package's number, None for any other text."""
    found = _PACKAGE.fullmatch(text.strip())
    return (found[1].upper(), int(found[2])) if found else None


def bars(text: str) -> tuple[list[tuple[int, int]], int]:
    """Code 128: where each dark run begins and how wide it is, and the whole width, in modules."""
    modules = Code128(text).build()[0]
    return list(_runs(modules)), len(modules)


def squares(text: str) -> tuple[list[tuple[int, int, int]], int]:
    """QR: row, column and width of each dark run, and the side, in modules; without its margin."""
    matrix = [
        "".join("1" if dark else "0" for dark in row)
        for row in segno.make_qr(text, error="m").matrix
    ]
    runs = [(row, at, width) for row, line in enumerate(matrix) for at, width in _runs(line)]
    return runs, len(matrix)


def _runs(modules: str) -> Iterator[tuple[int, int]]:
    at = 0
    for sign, group in groupby(modules):
        width = len(list(group))
        if sign == "1":
            yield at, width
        at += width


def code128(text: str) -> SafeString:
    """Code 128 as one SVG path: no inline style, so the strict policy lets it through."""
    runs, width = bars(text)
    path = "".join(f"M{at} 0h{run}v1h-{run}z" for at, run in runs)
    # Only digits and path letters are in it.
    return mark_safe(  # noqa: S308
        f'<svg class="barcode" viewBox="0 0 {width} 1" preserveAspectRatio="none" '
        f'aria-hidden="true"><path d="{path}"/></svg>'
    )


def qr(text: str) -> SafeString:
    """The same for QR."""
    runs, side = squares(text)
    path = "".join(f"M{at} {row}h{run}v1h-{run}z" for row, at, run in runs)
    return mark_safe(  # noqa: S308  # as above
        f'<svg class="qr" viewBox="0 0 {side} {side}" aria-hidden="true"><path d="{path}"/></svg>'
    )
