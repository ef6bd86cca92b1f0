"""What is on a printed page: its words, and its barcodes as a scanner reads them."""

from __future__ import annotations

import pypdfium2
import zxingcpp


def pages(content: bytes) -> list[str]:
    """The words of each page."""
    document = pypdfium2.PdfDocument(content)
    return [page.get_textpage().get_text_range() for page in document]


def sizes_mm(content: bytes) -> list[tuple[int, int]]:
    document = pypdfium2.PdfDocument(content)
    return [
        (round(width * 25.4 / 72), round(height * 25.4 / 72))
        for width, height in (page.get_size() for page in document)
    ]


def scanned(content: bytes, page: int = 0, *, dpi: int = 203) -> dict[str, str]:
    """Barcodes by their symbology, from a picture as coarse as a label printer's."""
    picture = pypdfium2.PdfDocument(content)[page].render(scale=dpi / 72).to_pil()
    return {code.format.name: code.text for code in zxingcpp.read_barcodes(picture)}


def codes(content: bytes, page: int = 0, *, dpi: int = 300) -> set[str]:
    """What all its barcodes say."""
    picture = pypdfium2.PdfDocument(content)[page].render(scale=dpi / 72).to_pil()
    return {code.text for code in zxingcpp.read_barcodes(picture)}
