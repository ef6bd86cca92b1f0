"""Brings locale/ up to date with the sources: `make messages`.

Needs no GNU gettext: Babel reads Python and what Django makes of the templates, and writes both
the catalogue and its compiled form. What the admin theme says and Django does not translate is
ours to translate too. Ends with 1 and the list when something is left to translate.
"""

from __future__ import annotations

import gettext
import io
import sys
from collections.abc import Iterator
from pathlib import Path

import django
import unfold
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
LANGUAGE = "pt_BR"
FOLDER = ROOT / "locale" / LANGUAGE / "LC_MESSAGES"
PO, MO = FOLDER / "django.po", FOLDER / "django.mo"
OURS = (
    "config",
    "jobs",
    "sellers",
    "simulation",
    "orders",
    "invoicing",
    "reporting",
    "demo",
    "rehearsal",
    "templates",
)
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
#: Header lines that Babel would fill with sample text.
UNASKED = (
    b'"Report-Msgid-Bugs-To',
    b'"PO-Revision-Date',
    b'"Last-Translator',
    b'"Language-Team',
    b'"Generated-By',
)
#: Where Django's own translations are, for the strings it shares with the theme.
DJANGO = [
    Path(django.__file__).parent / place / "locale"
    for place in ("conf", "contrib/admin", "contrib/auth", "contrib/contenttypes")
]


def template() -> Catalog:
    """Every message of the sources, untranslated, in the order of the files."""
    catalog = Catalog(locale=LANGUAGE)
    for folder in OURS:
        _add(catalog, ROOT / folder, ROOT)
    theme = Catalog(locale=LANGUAGE)
    package = Path(unfold.__file__).parent
    _add(theme, package, package.parent)
    known = _translated_by_django()
    for message in theme:
        if message.id and _key(message) not in known and message.id not in catalog:
            catalog[message.id] = message
    return catalog


def _add(catalog: Catalog, folder: Path, base: Path) -> None:
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(base)
        if path.suffix in (".py", ".html", ".txt") and not _unused(inside):
            for message, context in _messages(path):
                catalog.add(message, context=context, locations=[(str(inside), 0)])


def _unused(inside: Path) -> bool:
    """Parts of the theme that are not installed here."""
    parts = inside.parts
    return parts[:2] == ("unfold", "contrib") and parts[2] not in ("filters", "forms")


def _messages(path: Path) -> Iterator[tuple[str | tuple[str, ...], str | None]]:
    source = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        source = _as_python(source, str(path))
    found = extract("python", io.BytesIO(source.encode()), KEYWORDS, options={"encoding": "utf-8"})
    for _line, message, _comments, context in found:
        if message:
            yield message, context


def _as_python(source: str, origin: str) -> str:
    """A template as calls of gettext; unindented, as its indentation is not Python's."""
    from django.utils.translation.template import templatize

    lines = templatize(source, origin=origin).splitlines()
    return "\n".join(line.strip() for line in lines) + "\n"


def _translated_by_django() -> set[str]:
    known: set[str] = set()
    for place in DJANGO:
        with (place / LANGUAGE / "LC_MESSAGES" / "django.mo").open("rb") as compiled:
            entries = gettext.GNUTranslations(compiled)._catalog  # type: ignore[attr-defined]  # the only way to list them
        known |= {key if isinstance(key, str) else key[0] for key in entries}
    return known


def _key(message: Message) -> str:
    first = message.id if isinstance(message.id, str) else message.id[0]
    return f"{message.context}\x04{first}" if message.context else str(first)


def merged(stored: Catalog, wanted: Catalog) -> Catalog:
    """What the sources say, with the translations there are; what nobody says is gone."""
    result = Catalog(
        locale=LANGUAGE,
        project="seller-portal",
        version="1",
        header_comment="# Brazilian Portuguese. Kept up to date by `make messages`.",
        creation_date=stored.creation_date,
        fuzzy=False,
    )
    for message in wanted:
        if not message.id:
            continue
        known = stored.get(message.id, message.context)
        places = sorted({place for place, _line in message.locations})
        result.add(
            message.id,
            known.string if known else None,
            locations=[(place, 0) for place in places],
            context=message.context,
            flags=(known.flags if known else set()) | message.flags,
        )
    return result


def read() -> Catalog:
    if not PO.exists():
        return Catalog(locale=LANGUAGE)
    with PO.open("rb") as stored:
        return read_po(stored, locale=LANGUAGE)


def compiled(catalog: Catalog) -> bytes:
    buffer = io.BytesIO()
    write_mo(buffer, catalog)
    return buffer.getvalue()


def as_text(catalog: Catalog) -> bytes:
    buffer = io.BytesIO()
    write_po(buffer, catalog, width=100, include_lineno=False, ignore_obsolete=True)
    lines = buffer.getvalue().splitlines(keepends=True)
    return b"".join(line for line in lines if not line.startswith(UNASKED))


def untranslated(catalog: Catalog) -> list[Message]:
    return [
        message
        for message in catalog
        if message.id and (message.fuzzy or not all(_strings(message)))
    ]


def _strings(message: Message) -> list[str]:
    found = message.string
    return list(found) if isinstance(found, (list, tuple)) else [found or ""]


def main() -> int:
    catalog = merged(read(), template())
    FOLDER.mkdir(parents=True, exist_ok=True)
    PO.write_bytes(as_text(catalog))
    MO.write_bytes(compiled(read()))
    missing = untranslated(catalog)
    for message in missing:
        print(f"to translate: {message.id!r}")
    print(f"{len(catalog)} messages, {len(missing)} to translate")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
