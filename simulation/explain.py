"""Why an answer is what it is: the core's own trace, arranged for a person to read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from simulation import core, wire
from simulation.capturing import shortfalls
from simulation.notes import price_facts, stock_facts
from simulation.sentences import Voice, cause, sentences, spell
from simulation.types import Cart, Decision, Item, Policy, Quote, Row, Simulation, Snapshot

GOOD, SOME, BAD = "success", "warning", "danger"


@dataclass(frozen=True)
class ShelfStory:
    """The stock arithmetic of one warehouse; the ids lead to the stock level."""

    warehouse: str
    sku_id: int
    warehouse_id: int
    on_hand: int
    held: int
    expired: int
    safety: int
    available: int
    counts: bool


@dataclass(frozen=True)
class OptionStory:
    """One delivery option for one line: offered at a price by a date, or why not."""

    ref: str
    name: str
    is_offered: bool
    price: str
    estimate: str
    by: str
    steps: Sequence[str]


@dataclass(frozen=True)
class LineStory:
    ref: str
    asked: int
    served: int
    verdict: str
    tone: str
    steps: Sequence[str]
    shelves: Sequence[ShelfStory]
    options: Sequence[OptionStory]

    @property
    def available(self) -> int:
        """Over the shelves that count for the destination."""
        return sum(shelf.available for shelf in self.shelves if shelf.counts)


@dataclass(frozen=True)
class Explanation:
    verdict: str
    tone: str
    steps: Sequence[str]
    lines: Sequence[LineStory]
    answer: bytes


def explain(cart: Cart, snapshot: Snapshot, now: datetime, *, currency: str) -> Explanation:
    """The answer to a cart with the reason of everything in it, in the active language."""
    simulation = core.simulate(cart, snapshot, now, trace=True)
    teller = _Teller(simulation, snapshot, Voice(currency=currency, zone=snapshot.zone))
    lines = tuple(teller.line(item) for item in cart.items)
    verdict, tone = _overall(lines)
    steps = [teller.voice.moment(now), *_where(cart), *teller.said(teller.of(None, None))]
    return Explanation(verdict, tone, steps, lines, wire.render(simulation))


class _Teller:
    """Finds what was decided about a line, and says it."""

    def __init__(self, simulation: Simulation, snapshot: Snapshot, voice: Voice) -> None:
        self.simulation = simulation
        self.snapshot = snapshot
        self.voice = voice
        self.rows = {row.item.position: row for row in simulation.rows}
        self.causes = shortfalls(simulation)

    def of(self, item: int | None, policy: str | None) -> list[Decision]:
        made = self.simulation.decisions
        return [each for each in made if each.item == item and each.policy == policy]

    def said(self, decisions: Iterable[Decision]) -> list[str]:
        return [
            sentence
            for each in decisions
            for sentence in sentences(each.code, self._facts(each), self.voice)
        ]

    def _facts(self, decision: Decision) -> Mapping[str, Any]:
        offer = self.snapshot.offers.get(decision.facts.get("sku", ""))
        if decision.code == "price-expired" and offer:
            return {**decision.facts, **price_facts(offer)}
        return decision.facts

    def line(self, item: Item) -> LineStory:
        row = self.rows.get(item.position)
        served = row.quantity if row else 0
        options = tuple(self._options(item, row)) if served else ()
        why = self.causes.get(item.position, "")
        verdict, tone = _judge(item, served, options, why)
        return LineStory(
            ref=item.ref,
            asked=item.quantity,
            served=served,
            verdict=verdict,
            tone=tone,
            steps=self.said(self.of(item.position, None)),
            shelves=tuple(self._shelves(item)),
            options=options,
        )

    def _shelves(self, item: Item) -> Iterable[ShelfStory]:
        """As noted with the decision; a line refused before its stock was looked at has no note."""
        offer = self.snapshot.offers.get(item.ref)
        if offer is None:
            return
        depots = self.snapshot.tariff.depots
        ids = {depot.code: depot.id for depot in depots.values()}
        nothing = stock_facts(offer, depots=depots, counting=(), earlier_lines=0)
        facts = [each.facts for each in self.of(item.position, None) if "shelves" in each.facts]
        for shelf in [*facts, nothing][0]["shelves"]:
            yield ShelfStory(sku_id=offer.id, warehouse_id=ids[shelf["warehouse"]], **shelf)

    def _options(self, item: Item, row: Row | None) -> Iterable[OptionStory]:
        quotes = {quote.policy.ref: quote for quote in row.quotes} if row else {}
        if not any(each.policy for each in self.simulation.decisions):
            return  # without a destination nothing was asked of them
        policies = self.snapshot.tariff.policies
        for policy in sorted(policies, key=lambda each: _place(each, quotes)):
            yield self._option(item, policy, quotes.get(policy.ref))

    def _option(self, item: Item, policy: Policy, quote: Quote | None) -> OptionStory:
        decisions = [*self.of(None, policy.ref), *self.of(item.position, policy.ref)]
        return OptionStory(
            ref=policy.ref,
            name=policy.name,
            is_offered=quote is not None,
            price=self.voice.money(quote.price) if quote else "",
            estimate=spell(quote.promise.estimate) if quote else "",
            by=self.voice.moment(quote.promise.by) if quote else "",
            steps=self.said(decisions),
        )


def _place(policy: Policy, quotes: Mapping[str, Quote]) -> tuple[int, str]:
    """The offered ones first, in the order of the answer."""
    refs = list(quotes)
    return (refs.index(policy.ref) if policy.ref in quotes else len(refs), policy.ref)


# --- the verdict ----------------------------------------------------------------------------------


def _judge(item: Item, served: int, options: Sequence[OptionStory], why: str) -> tuple[str, str]:
    if not served:
        return _("Can't be sold: %(cause)s") % {"cause": cause(why)}, BAD
    offered = sum(option.is_offered for option in options)
    known = {
        "served": served,
        "asked": item.quantity,
        "offered": offered,
        "options": len(options),
    }
    tone = SOME if why else GOOD
    if not options:
        return _("Can be sold: %(served)s of %(asked)s requested") % known, tone
    told = _(
        "Can be sold: %(served)s of %(asked)s requested, "
        "%(offered)s of %(options)s delivery options"
    )
    return told % known, tone if offered else BAD


def _overall(lines: Sequence[LineStory]) -> tuple[str, str]:
    if not lines:
        return _("Nothing was asked for."), SOME
    if len(lines) == 1:
        return lines[0].verdict, lines[0].tone
    known = {
        "full": sum(line.tone == GOOD for line in lines),
        "lines": len(lines),
    }
    if known["full"] == known["lines"]:
        return _("Can be sold: all %(lines)s lines in full") % known, GOOD
    if not any(line.served for line in lines):
        return _("Can't be sold: none of %(lines)s lines") % known, BAD
    return _("Can be sold: %(full)s of %(lines)s lines in full") % known, SOME


def _where(cart: Cart) -> list[str]:
    if not cart.postal_code:
        return []
    known = {"code": cart.postal_code, "country": cart.country or ""}
    return [(_("To %(code)s %(country)s") % known).strip()]
