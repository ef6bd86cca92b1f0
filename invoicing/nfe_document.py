"""Reads a Brazilian invoice's XML (NF-e, model 55 or 65). Pure.

The file comes from outside: it is bounded, and a document type declaration, which is where XML's
entities and outside files come from, ends the reading at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from django.utils.translation import gettext as _

from invoicing import nfe
from sellers.errors import DomainError
from sellers.money import Cents

LONGEST = 512 * 1024
_DEEPEST = 30
#: What an invoice is written in; also what its text is sent on as.
_ENCODINGS = {"utf-8", "us-ascii", "iso-8859-1"}


@dataclass(frozen=True)
class DocumentItem:
    """A row of the document; `code` is the issuer's own, `ean` empty without one."""

    code: str
    ean: str
    name: str
    quantity: Decimal


@dataclass(frozen=True)
class Document:
    """What the document says of itself; `text` is the whole of it, to be sent on."""

    key: nfe.AccessKey
    number: int
    series: int
    issuer: str
    issued_at: datetime
    total_cents: Cents
    items: tuple[DocumentItem, ...]
    is_sale: bool
    text: str


def read(content: bytes) -> Document:
    """Raises DomainError `bad-document`, saying what is wrong, and `bad-access-key`."""
    if len(content) > LONGEST:
        raise _bad(_("The file is larger than %(kb)d kB.") % {"kb": LONGEST // 1024})
    root, encoding = _parsed(content)
    note = next((each for each in root.iter() if each.tag == "infNFe"), None)
    if note is None:
        raise _bad(_("This is not an NF-e: it has no infNFe."))
    try:
        return _document(note, content.decode(encoding).lstrip("\ufeff"))
    except (ValueError, InvalidOperation, UnicodeDecodeError):
        raise _bad(_("A number or date in the file can't be read.")) from None


def _bad(reason: str) -> DomainError:
    return DomainError("bad-document", _("The invoice's XML can't be used. %s") % reason)


def _parsed(content: bytes) -> tuple[Element, str]:
    """The tree, its tags without namespaces, and the encoding it says it has."""
    builder, depth, said = TreeBuilder(), [0], ["utf-8"]

    def start(tag: str, attributes: dict[str, str]) -> None:
        depth[0] += 1
        if depth[0] > _DEEPEST:
            raise _bad(_("It is nested too deep."))
        builder.start(_plain(tag), attributes)

    def end(tag: str) -> None:
        depth[0] -= 1
        builder.end(_plain(tag))

    def declared(_version: str, encoding: str | None, _standalone: int) -> None:
        said[0] = (encoding or "utf-8").lower()

    def refused(*_facts: object) -> None:
        raise _bad(_("It declares a document type, which no invoice does."))

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = builder.data
    parser.XmlDeclHandler = declared
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refused
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, ValueError, LookupError):
        raise _bad(_("It is not well-formed XML.")) from None
    if said[0] not in _ENCODINGS:
        raise _bad(_("It is not written in UTF-8 or ISO-8859-1."))
    return builder.close(), said[0]


def _plain(tag: str) -> str:
    return tag.rpartition(" ")[2]


def _document(note: Element, text: str) -> Document:
    issued = _said(note, "ide/dhEmi") or f"{_said(note, 'ide/dEmi')}T12:00:00-03:00"
    issued_at = datetime.fromisoformat(issued)
    if issued_at.tzinfo is None:
        raise ValueError(issued)
    return Document(
        key=nfe.parse(note.get("Id", "").removeprefix("NFe")),
        number=int(_said(note, "ide/nNF")),
        series=int(_said(note, "ide/serie")),
        issuer=_said(note, "emit/CNPJ"),
        issued_at=issued_at,
        total_cents=_cents(_said(note, "total/ICMSTot/vNF")),
        items=tuple(_items(note)),
        is_sale=_said(note, "ide/tpNF") != "0",
        text=text,
    )


def _said(within: Element, path: str) -> str:
    return (within.findtext(path) or "").strip()


def _cents(amount: str) -> Cents:
    cents = Decimal(amount) * 100
    if not cents.is_finite() or cents != cents.to_integral_value():
        raise ValueError(amount)
    return int(cents)


def _items(note: Element) -> Iterator[DocumentItem]:
    for row in note.findall("det/prod"):
        quantity = Decimal(_said(row, "qCom"))
        if not quantity.is_finite():
            raise ValueError(quantity)
        ean = _said(row, "cEAN")
        yield DocumentItem(
            code=_said(row, "cProd"),
            ean=ean if ean.isdecimal() else "",
            name=_said(row, "xProd"),
            quantity=quantity,
        )
