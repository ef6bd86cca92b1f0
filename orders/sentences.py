"""What the codes on a timeline mean, in words for staff. Codes are stable, words translated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from orders import short_reasons, status_names
from sellers.money import format_cents

OK, INFO, WARN, BAD = "ok", "info", "warn", "bad"


class Words(NamedTuple):
    title: str | Promise
    tone: str = INFO


WORDS: dict[str, Words] = {
    "placed": Words(gettext_lazy("Placed by the marketplace")),
    "held": Words(gettext_lazy("Stock held")),
    "held-again": Words(gettext_lazy("Stock held again for the late payment"), WARN),
    "expired": Words(gettext_lazy("Not paid in time: stock given back"), WARN),
    "authorized": Words(gettext_lazy("Payment approved: ready to pick"), OK),
    "handling-started": Words(gettext_lazy("Packing began")),
    "taken-over": Words(gettext_lazy("Another packer took the order over")),
    "wrong-item-scanned": Words(gettext_lazy("An item of another order was scanned, not packed")),
    "too-many-scanned": Words(gettext_lazy("One too many was scanned, not packed")),
    "package-opened": Words(gettext_lazy("Package opened")),
    "package-closed": Words(gettext_lazy("Package closed and invoiced"), OK),
    "printed": Words(gettext_lazy("Printed")),
    "package-reopened": Words(gettext_lazy("Package opened again, its invoice voided"), WARN),
    "reopened": Words(gettext_lazy("Back to packing"), WARN),
    "invoiced": Words(gettext_lazy("Everything packed and invoiced"), OK),
    "invoice-corrected": Words(gettext_lazy("Invoice corrected and sent again"), WARN),
    "tracking-entered": Words(gettext_lazy("Tracking entered")),
    "handed-over": Words(gettext_lazy("Package handed over to the carrier")),
    "shipped": Words(gettext_lazy("Handed over to the carrier"), OK),
    "tracking-event": Words(gettext_lazy("News of a package on its way")),
    "package-delivered": Words(gettext_lazy("Package delivered"), OK),
    "delivered": Words(pgettext_lazy("timeline", "Everything delivered"), OK),
    "goods-returned": Words(gettext_lazy("Goods came back")),
    "return-undone": Words(gettext_lazy("A return entered by mistake was taken back"), WARN),
    "return-invoiced": Words(gettext_lazy("Return invoice issued"), OK),
    "returned": Words(gettext_lazy("Everything came back")),
    "cancel-asked": Words(gettext_lazy("The marketplace asks to cancel: please decide"), BAD),
    "cancelled-by-marketplace": Words(gettext_lazy("Cancelled by the marketplace"), BAD),
    "cancelled-by-seller": Words(gettext_lazy("Cancelled by us"), BAD),
    "cancel-accepted": Words(gettext_lazy("Cancellation accepted"), BAD),
    "cancel-refused": Words(gettext_lazy("Cancellation refused: packing goes on"), WARN),
    "cancel-after-invoice": Words(gettext_lazy("Cancellation turned down: already invoiced"), WARN),
    "change-asked": Words(
        gettext_lazy("The marketplace asks to change the order: please decide"), BAD
    ),
    "change-accepted": Words(gettext_lazy("Change accepted: the marketplace is to confirm it")),
    "change-refused": Words(gettext_lazy("Change refused: packing goes on"), WARN),
    "change-withdrawn": Words(gettext_lazy("The change is off"), WARN),
    "change-applied": Words(gettext_lazy("The order was changed"), OK),
    "change-not-applied": Words(
        gettext_lazy("The marketplace confirmed a change that can't be carried out"), BAD
    ),
    "price-differs": Words(gettext_lazy("Placed at other prices than ours"), WARN),
    "total-differs": Words(gettext_lazy("The order does not add up"), WARN),
    "other-content": Words(gettext_lazy("Placed again with other content: turned down"), BAD),
    "placed-after-cancellation": Words(
        gettext_lazy("Placed again after it was cancelled: turned down"), WARN
    ),
    "paid-without-stock": Words(
        gettext_lazy("Paid after the hold expired, and the stock is gone"), BAD
    ),
    "paid-after-cancellation": Words(
        gettext_lazy("Payment approved after the cancellation: turned down"), BAD
    ),
    "paid-after-erasure": Words(
        gettext_lazy("Payment approved after the shopper's data was erased: turned down"), BAD
    ),
    "short-pick": Words(gettext_lazy("Units are missing on the shelf: please decide"), BAD),
    "short-wait": Words(gettext_lazy("Missing units: we wait for stock"), WARN),
    "short-elsewhere": Words(gettext_lazy("Missing units: taken from another warehouse")),
    "short-change": Words(
        gettext_lazy("Missing units: the marketplace is asked to change the order"), WARN
    ),
    "short-found": Words(gettext_lazy("Missing units: found after all"), OK),
    "marketplace-status": Words(gettext_lazy("New status at the marketplace")),
    "over-there": Words(gettext_lazy("Cancelled at the marketplace: stock given back"), BAD),
    "stopped-while-packing": Words(
        gettext_lazy("Cancelled at the marketplace while packing: put the goods back"), BAD
    ),
    "over-there-but-invoiced": Words(
        gettext_lazy("Cancelled at the marketplace, but invoiced here: only a return undoes it"),
        BAD,
    ),
    "replaced": Words(
        gettext_lazy("Another order took its place at the marketplace: stop work on this one"), BAD
    ),
    "personal-data-erased": Words(gettext_lazy("The shopper's personal data was erased")),
    "seen": Words(gettext_lazy("A manager has looked at it"), OK),
}


#: Papers that are printed of an order, by their codes.
PAPERS: dict[str, str | Promise] = {
    "label": gettext_lazy("package label"),
    "slip": gettext_lazy("packing slip"),
    "fiscal": gettext_lazy("invoice print"),
}


def words_for(code: str) -> Words:
    """The words for a code; one this version does not know speaks for itself."""
    return WORDS.get(code) or Words(code.replace("-", " ").capitalize())


def detail_of(facts: Mapping[str, Any], *, currency: str, shows_money: bool) -> str:
    """The facts of a timeline entry in one line; amounts only where money may be seen."""
    parts = [*_places(facts), *told_changes(facts.get("changed", ())), *_plain(facts)]
    if shows_money:
        parts += [*_differences(facts, currency), *_amounts(facts, currency)]
    return " · ".join(parts)


def _places(facts: Mapping[str, Any]) -> list[str]:
    """Which units come from which warehouse, and what was missing where."""
    taken = [
        _("%(quantity)s × %(sku)s from %(warehouse)s") % take for take in facts.get("takes", ())
    ]
    rule = _RULES.get(str(facts.get("rule")))
    short = [
        _("%(sku)s: %(asked)s asked, %(available)s available") % gap
        for gap in facts.get("short", ())
    ]
    return [*taken, *((str(rule),) if rule else ()), *short]


#: Why these warehouses.
_RULES = {
    "one-warehouse": gettext_lazy("all from the first of its warehouses that has everything"),
    "fewest": gettext_lazy("no warehouse has everything: from as few as possible"),
}


def told_changes(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Each SKU of a change, with its units before and after."""
    return [_("%(sku)s: %(before)s → %(after)s") % row for row in rows]


def _plain(facts: Mapping[str, Any]) -> list[str]:
    labels = {
        "why": "%s",
        "package": _("package %s"),
        "invoice": _("invoice %s"),
        "return": _("return %s"),
        "courier": "%s",
        "tracking_number": "%s",
        "reason": _("reason: %s"),
        "item": "%s",
        "note": "%s",
        "state": "%s",
        "receipt": _("receipt %s"),
        "paper": "%s",
        "copy": _("copy %s"),
        "manifest": _("manifest %s"),
    }
    known = {name: facts[name] for name in labels if facts.get(name)}
    if "state" in known:
        known["state"] = status_names.told(str(known["state"]))
    if "paper" in known:
        known["paper"] = PAPERS.get(str(known["paper"]), known["paper"])
    return [*_short_reason(facts), *(labels[name] % fact for name, fact in known.items())]


def _short_reason(facts: Mapping[str, Any]) -> list[str]:
    code = facts.get("short_reason")
    return [short_reasons.told(code, facts.get("short_words", ""))] if code else []


def _differences(facts: Mapping[str, Any], currency: str) -> list[str]:
    return [
        _("%(what)s: %(placed)s placed, %(ours)s ours")
        % {
            "what": _subject(row),
            "placed": format_cents(row["placed_cents"], currency),
            "ours": _("none") if row["ours_cents"] is None else _cents(row, currency),
        }
        for row in facts.get("differences", ())
    ]


def _cents(row: Mapping[str, Any], currency: str) -> str:
    return format_cents(row["ours_cents"], currency)


def _subject(row: Mapping[str, Any]) -> str:
    names = {"price": _("price"), "freight": _("freight"), "total": _("total")}
    name = names.get(row["what"], row["what"])
    return f"{row['sku']}, {name}" if row.get("sku") else name


def _amounts(facts: Mapping[str, Any], currency: str) -> list[str]:
    return [format_cents(facts["value_cents"], currency)] if facts.get("value_cents") else []
