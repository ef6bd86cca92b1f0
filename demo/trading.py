"""Real traffic through the protocol: quotes, orders, payments, cancellations, and some packing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from django.utils import timezone

from demo.leaving import load_vans
from demo.people import LOGINS
from demo.preparing import SLUG
from demo.scenarios import Fate, Scenario, number_of, scenarios
from demo.stand_in import StandIn, StandInRefused
from invoicing import contents, packing, tracking
from invoicing.models import Package
from orders.models import Order, OrderLine, PersonalData
from orders.states import Status
from sellers.errors import DomainError
from sellers.models import OutboxMessage, SellerAccount, Sku, User

INDEXED_AT_ONCE = 20
CHECKOUTS = 5
DELIVERY_SECONDS = 12.0


@dataclass
class Report:
    """What the traffic came to."""

    placed: int = 0
    found: int = 0
    faults: list[str] = field(default_factory=list)


def trade(stand_in: StandIn, *, advance: Callable[[str], None]) -> Report:
    """Bring about every scenario that is not there yet; `advance` is called after each step.

    Raises StandInRefused when the stand-in does not answer. What the portal or the marketplace
    refuses becomes a fault of the report and holds nothing else up.
    """
    account, report = SellerAccount.objects.get(slug=SLUG), Report()
    known = _known_orders(account)
    report.found = len(known)
    if len(known) < len(scenarios()):
        _browse(stand_in, account, report, advance)
    for scenario in scenarios():
        try:
            _bring_about(stand_in, scenario, known.get(scenario.number), report)
        except DomainError as error:
            if error.code == "unreachable":
                raise
            report.faults.append(f"{scenario.note}: {error.message}")
        advance("orders")
    load_vans(now=timezone.now())
    return report


def steps() -> int:
    """How often `advance` is called at most."""
    skus = Sku.objects.filter(account__slug=SLUG).count()
    return -(-skus // INDEXED_AT_ONCE) + CHECKOUTS + len(scenarios())


def _known_orders(account: SellerAccount) -> dict[int, Order]:
    remarks = PersonalData.objects.filter(order__account=account).values_list(
        "document__openTextField", "order_id"
    )
    numbers = {number_of(note): order_id for note, order_id in remarks}
    orders = Order.objects.in_bulk([pk for number, pk in numbers.items() if number])
    return {number: orders[pk] for number, pk in numbers.items() if number and pk in orders}


def _browse(
    stand_in: StandIn, account: SellerAccount, report: Report, advance: Callable[[str], None]
) -> None:
    """What shoppers do before they buy: the shop window is filled, carts are quoted."""
    refs = list(Sku.objects.filter(account=account).values_list("ref", flat=True))
    for start in range(0, len(refs), INDEXED_AT_ONCE):
        answer = stand_in.indexation(refs[start : start + INDEXED_AT_ONCE])
        report.faults += answer["faults"]
        advance("indexation")
    for scenario in scenarios()[:CHECKOUTS]:
        report.faults += stand_in.checkout(scenario.cart())["faults"]
        advance("checkout")


def _bring_about(
    stand_in: StandIn, scenario: Scenario, order: Order | None, report: Report
) -> None:
    """Place the order unless it is there, and take it as far as it should go from where it is."""
    if order is None:
        marketplace_id = stand_in.place(scenario.cart())
        order = Order.objects.get(account__slug=SLUG, marketplace_order_id=marketplace_id)
        report.placed += 1
    if order.status == Status.RESERVED:
        _decide(stand_in, scenario, order)
        order.refresh_from_db()
    if order.status == Status.AUTHORIZED:
        _work(stand_in, scenario, order)


def _decide(stand_in: StandIn, scenario: Scenario, order: Order) -> None:
    if scenario.fate is Fate.CANCELLED:
        answer = stand_in.cancel(order.marketplace_order_id, reason="Pagamento não aprovado")
    elif scenario.fate is not Fate.RESERVED:
        answer = stand_in.fulfill(order.marketplace_order_id)
    else:
        return
    _require_ok(answer)


def _require_ok(answer: dict[str, object]) -> None:
    if answer["httpStatus"] != 200:
        raise StandInRefused("refused", f"the portal answered HTTP {answer['httpStatus']}")


def _work(stand_in: StandIn, scenario: Scenario, order: Order) -> None:
    if scenario.fate is Fate.CANCELLED_PAID:
        _require_ok(stand_in.cancel(order.marketplace_order_id, reason="Comprei por engano"))
    elif scenario.fate is not Fate.AUTHORIZED:
        _pack(order, scenario.fate, User.objects.get(username=LOGINS[0].username))


# --- at the packing table ----------------------------------------------------------------------


def _pack(order: Order, fate: Fate, packer: User) -> None:
    package = packing.open_package(order=order, now=timezone.now(), actor=packer)
    for line, quantity in _picked(order, fate):
        packing.put(package=package, line=line, quantity=quantity, now=timezone.now(), actor=packer)
    if fate is Fate.BEGUN:
        return
    packing.close(package=package, now=timezone.now(), actor=packer)
    if fate in (Fate.SHIPPED, Fate.DELIVERED):
        package = _hand_over(package, packer)
    if fate is Fate.DELIVERED:
        now = timezone.now()
        tracking.deliver(package=package, delivered_at=now, now=now, actor=packer)


def _picked(order: Order, fate: Fate) -> Iterator[tuple[OrderLine, int]]:
    """Everything, or as much as the fate leaves for whoever tries the portal."""
    left = contents.remaining(order)
    for line in order.lines.order_by("index"):
        if fate is Fate.BEGUN:
            yield line, 1
            return
        yield line, (left[line.pk] + 1) // 2 if fate is Fate.PARTLY else left[line.pk]


def _hand_over(package: Package, packer: User) -> Package:
    now = timezone.now()
    number = f"CA{package.pk:09d}BR"
    return tracking.enter_tracking(
        package=package,
        courier="Rápido Aurora",
        number=number,
        url=f"https://rastreio.example.com/{number}",
        dispatched_on=timezone.localdate(now, package.order.account.zone),
        now=now,
        actor=packer,
    )


def await_deliveries() -> int:
    """Until the marketplace has heard of it all, or a while; returns the messages still waiting."""
    waiting = OutboxMessage.objects.filter(account__slug=SLUG, status=OutboxMessage.Status.PENDING)
    deadline = time.monotonic() + DELIVERY_SECONDS
    while (count := waiting.count()) and time.monotonic() < deadline:
        time.sleep(0.25)
    return count
