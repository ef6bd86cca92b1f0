"""Every decision of the core in staff's language, and every cause in two words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from sellers.money import Cents, format_cents

#: Why a line, or a whole call, fell short: of recorded answers and of counts.
CAUSES: dict[str, Promise] = {
    "unknown-sku": gettext_lazy("unknown SKU"),
    "inactive-sku": gettext_lazy("SKU switched off"),
    "no-price": gettext_lazy("no price"),
    "price-expired": gettext_lazy("price expired"),
    "out-of-stock": gettext_lazy("out of stock"),
    "no-stock-for-destination": gettext_lazy("no stock for this destination"),
    "served-in-part": gettext_lazy("fewer than asked"),
    "no-delivery": gettext_lazy("no delivery there"),
    "no-postal-code": gettext_lazy("coordinates without postal code"),
    "malformed-json": gettext_lazy("unreadable request"),
    "invalid-field": gettext_lazy("wrong field in the request"),
    "too-many-items": gettext_lazy("too many lines"),
    "body-too-large": gettext_lazy("request too large"),
    "unsupported-encoding": gettext_lazy("request compressed"),
    "length-required": gettext_lazy("request of unknown length"),
    "purchase-context-missing": gettext_lazy("request missing"),
    "unauthorised": gettext_lazy("wrong credentials"),
    "unknown-endpoint": gettext_lazy("unknown address"),
    "database-unavailable": gettext_lazy("database did not answer"),
    "tariff-compiling": gettext_lazy("freight tables were loading"),
    "internal-error": gettext_lazy("fault of the portal"),
}


def cause(code: str) -> str:
    return str(CAUSES.get(code, code))


class Voice:
    """How values are said: the money and the clock of the account."""

    def __init__(self, *, currency: str, zone: ZoneInfo) -> None:
        self.currency = currency
        self.zone = zone

    def money(self, cents: Cents) -> str:
        return format_cents(cents, self.currency)

    def moment(self, value: str | datetime) -> str:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        return date_format(timezone.localtime(moment, self.zone), "D j M, H:i")

    def day(self, value: str) -> str:
        return date_format(date.fromisoformat(value), "D j M")

    def days(self, values: Sequence[str]) -> str:
        return ", ".join(self.day(value) for value in values)

    def weight(self, grams: int) -> str:
        if grams < 1_000:
            return f"{grams} g"
        return f"{number_format(grams / 1_000, use_l10n=True).rstrip('0').rstrip(',.')} kg"

    def postal_code(self, code: str) -> str:
        return f"{code[:5]}-{code[5:]}" if len(code) == 8 and code.isdigit() else code


Facts = Mapping[str, Any]
Say = Callable[[Facts, Voice], list[str]]


def sentences(code: str, facts: Facts, voice: Voice) -> list[str]:
    """What a decision says; of a code of later days, the code."""
    say = SENTENCES.get(code)
    return say(facts, voice) if say else [code]


# --- about a line ---------------------------------------------------------------------------------


def _unknown_sku(facts: Facts, voice: Voice) -> list[str]:
    told = _("There is no SKU “%(sku)s” in this account. Every letter counts: 0123 is not 123.")
    return [told % facts]


def _inactive_sku(facts: Facts, voice: Voice) -> list[str]:
    return [_("SKU “%(sku)s” is switched off.") % facts]


def _no_price(facts: Facts, voice: Voice) -> list[str]:
    return [_("SKU “%(sku)s” has no price, so it is not for sale.") % facts]


def _price_expired(facts: Facts, voice: Voice) -> list[str]:
    if not facts.get("valid_until"):
        return [_("The price of SKU “%(sku)s” is no longer valid.") % facts]
    known = {"sku": facts["sku"], "moment": voice.moment(facts["valid_until"])}
    return [_("The price of SKU “%(sku)s” was valid until %(moment)s.") % known]


def _out_of_stock(facts: Facts, voice: Voice) -> list[str]:
    return [_("No warehouse has a unit left to sell."), *_earlier(facts)]


def _no_stock_there(facts: Facts, voice: Voice) -> list[str]:
    told = _("There are units, but in no warehouse that serves this destination.")
    return [told, *_earlier(facts)]


def _earlier(facts: Facts) -> list[str]:
    units = facts["earlier_lines"]
    if not units:
        return []
    told = ngettext(
        "Earlier lines of this SKU in the same request were promised %(units)d unit.",
        "Earlier lines of this SKU in the same request were promised %(units)d units.",
        units,
    )
    return [told % {"units": units}]


def _priced(facts: Facts, voice: Voice) -> list[str]:
    price = {"price": voice.money(facts["price"])}
    if facts["source"] == "sales-channel":
        told = _("Price %(price)s, the sales channel's own.") % price
    else:
        told = _("Price %(price)s, the SKU's general price.") % price
    if facts["valid_until"]:
        told += " " + _("Valid until %(moment)s.") % {"moment": voice.moment(facts["valid_until"])}
    return [told]


def _served(facts: Facts, voice: Voice) -> list[str]:
    return [_("There is stock for all %(asked)s requested.") % facts, *_earlier(facts)]


def _served_in_part(facts: Facts, voice: Voice) -> list[str]:
    told = _(
        "There is stock for %(quantity)s of %(asked)s requested: the most that one delivery "
        "option can send, or all there is."
    )
    return [told % facts, *_earlier(facts)]


# --- about a delivery option ----------------------------------------------------------------------


def _no_range(facts: Facts, voice: Voice) -> list[str]:
    known = {
        "country": facts["country"],
        "code": voice.postal_code(facts["postal_code"]),
        "digits": len(facts["postal_code"]),
        "known": ", ".join(str(each) for each in facts["digits"]),
    }
    if not facts["goes_to_country"]:
        return [_("Does not go to %(country)s.") % known]
    if known["digits"] not in facts["digits"]:
        told = _("Its postal codes for %(country)s have %(known)s digits, not %(digits)s.")
        return [told % known]
    return [_("No rate for postal code %(code)s.") % known]


def _capacity_full(facts: Facts, voice: Voice) -> list[str]:
    if not facts["capacity"]:
        return [_("Its daily capacity is 0: it takes no orders.")]
    return [_("Full for today: %(taken)s of %(capacity)s orders are taken.") % facts]


def _no_window(facts: Facts, voice: Voice) -> list[str]:
    told = _("It delivers in windows only, and none is open.")
    return [told, *_closed_windows(facts, voice)]


def _closed_windows(facts: Facts, voice: Voice) -> list[str]:
    return [_closed_window(each, voice) for each in facts["closed_windows"]]


def _closed_window(window: Facts, voice: Voice) -> str:
    known = {"start": voice.moment(window["starts_at"]), "taken": window["taken"]}
    if window["why"] == "begun":
        return _("Window of %(start)s: it has begun.") % known
    if not window["capacity"]:
        return _("Window of %(start)s: its capacity is 0.") % known
    known["capacity"] = window["capacity"]
    return _("Window of %(start)s: full, %(taken)s of %(capacity)s orders.") % known


def _serves(facts: Facts, voice: Voice) -> list[str]:
    told = [_ranges(facts, voice)]
    if facts["capacity"] is not None:
        told.append(_("Today %(taken)s of %(capacity)s orders are taken.") % facts)
    return told + _closed_windows(facts, voice)


def _ranges(facts: Facts, voice: Voice) -> str:
    spans = dict.fromkeys((band["first"], band["last"]) for band in facts["bands"])
    told = ", ".join(
        f"{voice.postal_code(first)} – {voice.postal_code(last)}" for first, last in spans
    )
    return _("Postal codes %(ranges)s match.") % {"ranges": told}


def _short(facts: Facts, voice: Voice) -> list[str]:
    told = _(
        "Its warehouses have %(units)s of the %(quantity)s units; an option must carry all of them."
    )
    return [told % facts]


def _too_heavy(facts: Facts, voice: Voice) -> list[str]:
    known = {
        "weight": voice.weight(facts["weight_g"]),
        "heaviest": voice.weight(facts["heaviest_g"]),
    }
    return [_("Too heavy: the line weighs %(weight)s, the rates end at %(heaviest)s.") % known]


def _quoted(facts: Facts, voice: Voice) -> list[str]:
    told = [_weight(facts, voice), _who_serves(facts)]
    for warehouse in facts["warehouses"]:
        told += _hand_over(warehouse, voice)
    told.append(_arrival(facts, voice))
    if facts["windows"]:
        open_windows = ngettext(
            "%(windows)d delivery window is open.",
            "%(windows)d delivery windows are open.",
            facts["windows"],
        )
        told.append(open_windows % {"windows": facts["windows"]})
    return told


def _weight(facts: Facts, voice: Voice) -> str:
    known = {"weight": voice.weight(facts["weight_g"]), "price": voice.money(facts["price"])}
    if facts["up_to_g"] is None:
        return _("The line weighs %(weight)s; the rate for any weight is %(price)s.") % known
    known["band"] = voice.weight(facts["up_to_g"])
    return _("The line weighs %(weight)s; the rate up to %(band)s is %(price)s.") % known


def _who_serves(facts: Facts) -> str:
    takes = facts["warehouses"]
    if len(takes) > 1:
        parts = ", ".join(f"{take['warehouse']} × {take['quantity']}" for take in takes)
        known = {"count": len(takes), "parts": parts}
        return _("No warehouse has all units: %(count)s parcels, from %(parts)s.") % known
    chosen = takes[0]["warehouse"]
    passed = _passed_over(chosen, facts["preference"])
    known = {"chosen": chosen, "passed": passed}
    if not passed:
        return _("Warehouse %(chosen)s serves: it is preferred and has all units.") % known
    told = _("Warehouse %(chosen)s serves in one parcel. Preferred, but short: %(passed)s.")
    return told % known


def _passed_over(chosen: str, preference: Sequence[Facts]) -> str:
    """The warehouses that would come before the chosen one, with what they have."""
    codes = [each["warehouse"] for each in preference]
    before = preference[: codes.index(chosen)] if chosen in codes else ()
    return ", ".join(f"{each['warehouse']} ({each['available']})" for each in before)


def _hand_over(facts: Facts, voice: Voice) -> list[str]:
    known = {
        "warehouse": facts["warehouse"],
        "ordered": voice.moment(facts["ordered"]),
        "cutoff": facts["cutoff"],
        "ready": voice.day(facts["ready"]),
    }
    if facts["after_cutoff"]:
        told = [_("%(warehouse)s: %(ordered)s is after the cut-off at %(cutoff)s: next day.")]
    else:
        told = [_("%(warehouse)s: %(ordered)s is within the cut-off at %(cutoff)s: same day.")]
    if facts["handling_days"]:
        told.append(
            ngettext(
                "%(days)d business day of handling.",
                "%(days)d business days of handling.",
                facts["handling_days"],
            )
        )
    if facts["closed"]:
        told.append(_("Not worked: %(closed)s."))
    told.append(_("Handed over on %(ready)s."))
    known |= {"days": facts["handling_days"], "closed": voice.days(facts["closed"])}
    return [" ".join(told) % known]


def _arrival(facts: Facts, voice: Voice) -> str:
    known = {
        "rate": spell(facts["rate_estimate"]),
        "estimate": spell(facts["estimate"]),
        "by": voice.moment(facts["by"]),
    }
    told = _("The rate says %(rate)s on the way: there by %(by)s, told as %(estimate)s.") % known
    closed = sorted({day for each in facts["warehouses"] for day in each["closed_on_the_way"]})
    if closed and facts["rate_estimate"].endswith("bd"):
        told += " " + _("No business days: %(closed)s.") % {"closed": voice.days(closed)}
    return told


def spell(estimate: str) -> str:
    """VTEX's short form in words."""
    unit = estimate.lstrip("0123456789")
    count = int(estimate[: -len(unit)])
    told = {
        "bd": ngettext("%(count)d business day", "%(count)d business days", count),
        "d": ngettext("%(count)d day", "%(count)d days", count),
        "h": ngettext("%(count)d hour", "%(count)d hours", count),
        "m": ngettext("%(count)d minute", "%(count)d minutes", count),
    }[unit]
    return told % {"count": count}


def _no_destination(facts: Facts, voice: Voice) -> list[str]:
    return [_("The request names no postal code, so all stock counts and no delivery is quoted.")]


SENTENCES: dict[str, Say] = {
    "unknown-sku": _unknown_sku,
    "inactive-sku": _inactive_sku,
    "no-price": _no_price,
    "price-expired": _price_expired,
    "out-of-stock": _out_of_stock,
    "no-stock-for-destination": _no_stock_there,
    "priced": _priced,
    "served": _served,
    "served-in-part": _served_in_part,
    "no-range": _no_range,
    "capacity-full": _capacity_full,
    "no-window": _no_window,
    "serves": _serves,
    "short": _short,
    "too-heavy": _too_heavy,
    "quoted": _quoted,
    "no-destination": _no_destination,
}
