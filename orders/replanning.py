"""What a change does to an order's lines, to the unit and to the cent. Pure but for its types.

A plan is worked out once, when the change arrives, and carried out as it stands once both sides
have agreed: nothing but a change alters lines, and only one is open at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal
from typing import Any, NamedTuple

from orders.models import OrderLine
from orders.modifications import Addition, Modification, Removal, Swap
from sellers.errors import Conflict, DomainError
from sellers.money import Cents, line_total, split


class Offered(NamedTuple):
    """A SKU of ours and what we ask for it; None: nothing."""

    sku_id: int
    name: str
    price_cents: Cents | None


@dataclass(frozen=True, slots=True)
class Lowered:
    """A line that loses units: what it had, what is left, and what that is worth."""

    line: int
    ref: str
    before: int
    quantity: int
    items_cents: Cents
    discount_cents: Cents
    services_cents: Cents
    freight_cents: Cents


@dataclass(frozen=True, slots=True)
class Added:
    """A new line. `like` is the line it takes its delivery from."""

    line: int
    like: int
    ref: str
    sku: int
    name: str
    unique_id: str
    seller: str
    quantity: int
    price_cents: Cents
    unit_multiplier: str
    items_cents: Cents
    discount_cents: Cents
    services_cents: Cents
    freight_cents: Cents
    policy_ref: str
    channel: str


@dataclass(frozen=True, slots=True)
class Kept:
    """Units of a lowered line that stay with the order, on an added line of the same SKU."""

    line: int
    to: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The change; its amounts are differences to the order's. `manual_cents` is beside the lines,
    below zero for a discount."""

    lowered: tuple[Lowered, ...]
    added: tuple[Added, ...]
    kept: tuple[Kept, ...]
    items_cents: Cents
    discounts_cents: Cents
    services_cents: Cents
    freight_cents: Cents
    manual_cents: Cents

    @property
    def payment_cents(self) -> Cents:
        """By how much what the marketplace pays changes."""
        lines = self.items_cents - self.discounts_cents + self.services_cents + self.freight_cents
        return lines + self.manual_cents

    def to_hold(self, added: Added) -> int:
        """Units of an added line that the order does not hold yet."""
        return added.quantity - sum(kept.quantity for kept in self.kept if kept.to == added.line)

    def to_release(self, lowered: Lowered) -> int:
        """Units of a lowered line that go back to the shelf."""
        kept = sum(kept.quantity for kept in self.kept if kept.line == lowered.line)
        return lowered.before - lowered.quantity - kept

    def document(self) -> dict[str, Any]:
        return asdict(self)


def plan_from(document: Mapping[str, Any]) -> Plan:
    """The plan that `Plan.document` gave."""
    rows = {
        "lowered": tuple(Lowered(**row) for row in document["lowered"]),
        "added": tuple(Added(**row) for row in document["added"]),
        "kept": tuple(Kept(**row) for row in document["kept"]),
    }
    return Plan(**{**document, **rows})


def plan_of(
    lines: Sequence[OrderLine],
    modification: Modification,
    *,
    offered: Mapping[str, Offered],
    pays: Cents,
) -> Plan:
    """What `modification` does to an order of these lines for which the marketplace `pays`.

    Raises DomainError for what is not in the order or can't be told apart, Conflict for more units
    than a line has, for SKUs without a price and when nothing would be left to sell or to pay.
    """
    drawing = _Drawing(lines, offered)
    for swap in modification.swaps:
        drawing.swap(swap)
    plan = drawing.plan(modification.manual_cents)
    units = sum(line.quantity for line in drawing.lines.values())
    if units + sum(added.quantity for added in plan.added) == 0:
        raise Conflict("nothing-left", "The change leaves nothing of the order: cancel it instead.")
    if pays + plan.payment_cents < 1:
        raise Conflict("nothing-to-pay", "The change leaves nothing to pay, so nothing to invoice.")
    return plan


@dataclass
class _Drawing:
    """The lines while a plan is drawn: swap after swap, each seeing what the one before left."""

    before: Sequence[OrderLine]
    offered: Mapping[str, Offered]
    lines: dict[int, Lowered] = field(init=False)
    added: list[Added] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lines = {line.index: _untouched(line) for line in self.before}

    def swap(self, swap: Swap) -> None:
        removed = [(self._line_of(removal), removal.quantity) for removal in swap.removals]
        removed, additions = _netted(removed, swap.additions)
        freight = sum(self._take_off(line, units) for line, units in removed)
        like = removed[0][0] if removed else self._any_line()
        shares = iter(_shares(freight, additions))
        for addition in additions:
            given = addition.freight_cents
            self._add(addition, like, freight=next(shares) if given is None else given)

    def _line_of(self, removal: Removal) -> OrderLine:
        """By the unique id; else the only line of the SKU, or the only one at that price."""
        live = [line for line in self.before if self.lines[line.index].quantity]
        if removal.unique_id:
            for line in live:
                if line.unique_id == removal.unique_id:
                    return line
        same = [line for line in live if line.ref == removal.ref]
        if len(same) > 1:
            same = [line for line in same if line.price_cents == removal.price_cents]
            if len(same) != 1:
                raise Conflict(
                    "ambiguous-item",
                    f"SKU {removal.ref} is on several lines: name one by its uniqueId "
                    "(SalesOrderSystem026).",
                )
        if not same:
            raise DomainError("not-in-order", f"SKU {removal.ref} is not in the order.")
        return same[0]

    def _take_off(self, line: OrderLine, units: int) -> Cents:
        """Returns the freight that goes with the units."""
        before = self.lines[line.index]
        if units > before.quantity:
            raise Conflict(
                "too-many",
                f"The order has {before.quantity} of SKU {line.ref} on that line, not {units}.",
            )
        after = _lowered(before, line, before.quantity - units)
        self.lines[line.index] = after
        return before.freight_cents - after.freight_cents

    def _any_line(self) -> OrderLine:
        live = [line for line in self.before if self.lines[line.index].quantity]
        return (live or list(self.before))[0]

    def _add(self, addition: Addition, like: OrderLine, *, freight: Cents) -> None:
        offered = self.offered[addition.ref]
        price = self._price_of(addition, offered)
        multiplier = addition.unit_multiplier or _multiplier_of(addition.ref, self.before)
        self.added.append(
            Added(
                line=max(self.lines) + len(self.added) + 1,
                like=like.index,
                ref=addition.ref,
                sku=offered.sku_id,
                name=offered.name,
                unique_id=addition.unique_id,
                seller=addition.seller or like.seller,
                quantity=addition.quantity,
                price_cents=price,
                unit_multiplier=str(multiplier),
                items_cents=line_total(
                    price_cents=price, quantity=addition.quantity, unit_multiplier=multiplier
                ),
                discount_cents=addition.discount_cents,
                services_cents=addition.services_cents,
                freight_cents=freight,
                policy_ref=addition.policy_ref or like.policy_ref,
                channel=addition.channel or like.channel,
            )
        )

    def _price_of(self, addition: Addition, offered: Offered) -> Cents:
        """What the marketplace says, else what the order pays for this SKU, else our own price."""
        if addition.price_cents is not None:
            return addition.price_cents
        for line in self.before:
            if line.ref == addition.ref:
                return line.price_cents
        if offered.price_cents is None:
            raise Conflict("no-price", f"SKU {addition.ref} has no price.")
        return offered.price_cents

    def plan(self, manual_cents: Cents) -> Plan:
        changed = [
            self.lines[line.index]
            for line in self.before
            if self.lines[line.index].quantity != line.quantity
        ]
        by_index = {line.index: line for line in self.before}
        old = [_untouched(by_index[row.line]) for row in changed]
        new: list[Lowered | Added] = [*changed, *self.added]
        return Plan(
            lowered=tuple(changed),
            added=tuple(self.added),
            kept=tuple(_kept(changed, self.added, by_index)),
            items_cents=sum(r.items_cents for r in new) - sum(r.items_cents for r in old),
            discounts_cents=sum(r.discount_cents for r in new) - sum(r.discount_cents for r in old),
            services_cents=sum(r.services_cents for r in new) - sum(r.services_cents for r in old),
            freight_cents=sum(r.freight_cents for r in new) - sum(r.freight_cents for r in old),
            manual_cents=manual_cents,
        )


def _untouched(line: OrderLine) -> Lowered:
    return Lowered(
        line=line.index,
        ref=line.ref,
        before=line.quantity,
        quantity=line.quantity,
        items_cents=line.items_cents,
        discount_cents=line.discount_cents,
        services_cents=line.services_cents,
        freight_cents=line.freight_cents,
    )


def _lowered(row: Lowered, line: OrderLine, left: int) -> Lowered:
    """Goods are priced anew; the rest is the share of the units that stay, to the cent."""
    weights = [left, row.quantity - left]
    return replace(
        row,
        quantity=left,
        items_cents=line_total(
            price_cents=line.price_cents, quantity=left, unit_multiplier=line.unit_multiplier
        ),
        discount_cents=split(row.discount_cents, weights)[0],
        services_cents=split(row.services_cents, weights)[0],
        freight_cents=split(row.freight_cents, weights)[0],
    )


def _netted(
    removed: Sequence[tuple[OrderLine, int]], additions: Sequence[Addition]
) -> tuple[list[tuple[OrderLine, int]], list[Addition]]:
    """Without the units that come back just as they went: five for three of one SKU is two less."""
    left = dict(enumerate(removed))
    rest: list[Addition] = []
    for addition in additions:
        for position, (line, units) in left.items():
            if _same_terms(addition, line) and addition.quantity:
                common = min(units, addition.quantity)
                left[position] = (line, units - common)
                addition = replace(addition, quantity=addition.quantity - common)
        if addition.quantity:
            rest.append(addition)
    return [(line, units) for line, units in left.values() if units], rest


def _same_terms(addition: Addition, line: OrderLine) -> bool:
    return (
        addition.ref == line.ref
        and addition.price_cents in (None, line.price_cents)
        and addition.unit_multiplier in (None, line.unit_multiplier)
        and addition.policy_ref in ("", line.policy_ref)
        and addition.freight_cents is None
        and not addition.discount_cents
        and not addition.services_cents
    )


def _shares(freight: Cents, additions: Sequence[Addition]) -> list[Cents]:
    """The freight of what went, shared by those who came without one of their own."""
    weights = [each.quantity for each in additions if each.freight_cents is None]
    return split(freight, weights) if weights else []


def _multiplier_of(ref: str, lines: Sequence[OrderLine]) -> Decimal:
    return next((line.unit_multiplier for line in lines if line.ref == ref), Decimal(1))


def _kept(
    lowered: Sequence[Lowered], added: Sequence[Added], lines: Mapping[int, OrderLine]
) -> list[Kept]:
    """Which units the order holds already, for an added line of the same SKU and delivery."""
    free = {row.line: row.before - row.quantity for row in lowered}
    kept = []
    for new in added:
        wanted = new.quantity
        for index in free:
            line = lines[index]
            units = min(free[index], wanted)
            if units and (line.sku_id, line.policy_ref) == (new.sku, new.policy_ref):
                kept.append(Kept(index, new.line, units))
                free[index] -= units
                wanted -= units
    return kept
