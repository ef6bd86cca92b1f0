"""What a carrier's table says: which columns there are, and what each row is about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

from django.utils.translation import gettext as _

from sellers import tables
from sellers.errors import DomainError
from sellers.tables import Cells, plain

LARGEST = 10 * 1024 * 1024
MOST_ROWS = 50_000
#: What a column may be called, without accents and in small letters.
HEADINGS: dict[str, tuple[str, ...]] = {
    "package": ("package", "package code", "label", "pacote", "volume", "etiqueta"),
    "order": ("order", "order id", "marketplace order id", "pedido", "numero do pedido",
              "no pedido", "no do pedido",
              "pedido marketplace", "our order id", "nosso pedido"),
    "invoice": ("invoice", "invoice number", "invoice key", "access key", "nota", "nota fiscal",
                "numero da nota", "nf", "nfe", "nf e", "chave", "chave de acesso", "chave nfe"),
    "carrier": ("carrier", "courier", "transportadora", "transportador"),
    "tracking": ("tracking", "tracking number", "tracking code", "rastreio", "rastreamento",
                 "codigo de rastreio", "codigo rastreio", "codigo de rastreamento", "objeto",
                 "codigo do objeto", "awb", "etiqueta de postagem"),
    "url": ("url", "link", "tracking url", "tracking address", "link de rastreio",
            "endereco de rastreio"),
    "dispatched": ("dispatched", "dispatched on", "handed over", "handed over on", "postagem",
                   "data de postagem", "data da postagem", "coleta", "data da coleta",
                   "data de envio", "despachado em", "data de despacho"),
    "delivered": ("delivered", "delivered at", "delivered on", "delivery date", "entregue",
                  "entregue em", "data de entrega", "data da entrega"),
}  # fmt: skip
_NAMED = {name: column for column, names in HEADINGS.items() for name in names}


@dataclass(frozen=True)
class Row:
    """`line` as the spreadsheet counts it; values as the file has them, text or moments."""

    line: int
    values: dict[str, Any]

    def text(self, column: str) -> str:
        return tables.text_of(self.values.get(column))

    @property
    def named(self) -> str:
        """What says which package it is."""
        return next(filter(None, (self.text(each) for each in ("package", "invoice", "order"))), "")


@dataclass(frozen=True)
class Table:
    """`columns`: what each recognised column is called in the file; `others` are not used."""

    columns: dict[str, str]
    others: list[str]
    rows: Iterator[Row]


def read(content: IO[bytes]) -> Table:
    """Raises DomainError `bad-file` with what is wrong, `bad-columns` when it is no such table."""
    _require_size(content)
    cells = tables.rows(content)
    heading = next((row for row in cells if not row.is_empty), None)
    if heading is None:
        raise DomainError("bad-file", _("The file is empty."))
    names = [str(cell or "").strip() for cell in heading.values]
    places = _places(names)
    _require_columns(places, names)
    found = {column: names[place] for column, place in places.items()}
    others = [name for place, name in enumerate(names) if name and place not in places.values()]
    return Table(found, others, _rows(cells, places))


def _require_size(content: IO[bytes]) -> None:
    size = content.seek(0, 2)
    content.seek(0)
    if size > LARGEST:
        raise DomainError("bad-file", _("The file is larger than 10 MB."))


def _places(names: list[str]) -> dict[str, int]:
    """Where each column is; the first wins when two have its name."""
    places: dict[str, int] = {}
    for place, name in enumerate(names):
        column = _NAMED.get(plain(name))
        if column:
            places.setdefault(column, place)
    return places


def _require_columns(places: dict[str, int], names: list[str]) -> None:
    read = ", ".join(filter(None, names))[:300]
    if not {"package", "invoice", "order"} & set(places):
        raise DomainError(
            "bad-columns",
            _("No column says which package it is (package, invoice or order). Found: %s") % read,
        )
    if not {"tracking", "delivered"} & set(places):
        raise DomainError(
            "bad-columns",
            _("No column has a tracking number or a day of delivery. Found: %s") % read,
        )


def _rows(cells: Iterator[Cells], places: dict[str, int]) -> Iterator[Row]:
    count = 0
    for row in cells:
        if row.is_empty:
            continue
        count += 1
        if count > MOST_ROWS:
            raise DomainError(
                "bad-file", _("More than %(most)d rows: divide the file.") % {"most": MOST_ROWS}
            )
        values = {name: row.values[at] for name, at in places.items() if at < len(row.values)}
        yield Row(row.line, values)
