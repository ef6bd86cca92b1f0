"""A settlement file as the marketplace would send it, about orders of the demonstration."""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path

from reporting import reading
from reporting.asking import asked_of
from reporting.payouts.report import PAYOUTS
from sellers.models import SellerAccount
from sellers.money import Cents, format_cents

_ORDERS = 40
_HEADINGS = ("Pedido", "Valor líquido", "Comissão")


def write_settlement(account: SellerAccount, *, target: Path, now: datetime) -> int:
    """All as expected but the last: one order 5.00 short, one twice, one that is nobody's.

    Returns how many rows it has; none, and no file, while nothing waits for its payment.
    """
    asked = {"blocker": "none", "account": str(account.pk)}
    columns = [PAYOUTS.column(key) for key in ("marketplace_order_id", "expected", "commissions")]
    page = reading.page_of(asked_of(PAYOUTS, asked, now=now), columns, size=_ORDERS)
    rows = [
        (str(row["marketplace_order_id"]), row["expected"], row["commissions"]) for row in page.rows
    ]
    if len(rows) < 2:
        return 0
    short, twice = rows[-1], rows[-2]
    rows[-1] = (short[0], short[1] - 500, short[2])
    rows += [twice, ("1000000000000-01", 4990, 750)]
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(_HEADINGS)
        writer.writerows((order, _amount(paid), _amount(off)) for order, paid, off in rows)
    return len(rows)


def _amount(cents: Cents) -> str:
    return format_cents(cents).replace("R$ ", "")
