"""The outbox's stage: an account, messages, a clock moved by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

from sellers.marketplace import outbox
from sellers.marketplace.draining import drain
from sellers.models import OutboxMessage, SellerAccount

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ORDER = "1138342255777-01"
HOST = "https://bigstore.vtexcommercestable.com.br"
ORDER_URL = f"{HOST}/api/oms/pvt/orders/{ORDER}"
INVOICE_URL = f"{ORDER_URL}/invoice"
RECEIPT = {"date": "2026-03-02T12:00:00Z", "orderId": ORDER, "receipt": "b7d3" * 8}
Kind, Status = OutboxMessage.Kind, OutboxMessage.Status


class Hands:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


def an_account(slug: str = "acme", **facts: Any) -> SellerAccount:
    return SellerAccount.objects.create(
        **{
            "slug": slug,
            "name": slug.title(),
            "seller_id": slug,
            "marketplace_account": "bigstore",
            "marketplace_url": HOST,
            "app_key": f"{slug}-key",
            "app_token": f"{slug}-token",
        }
        | facts
    )


def promise(account: SellerAccount, **facts: Any) -> OutboxMessage:
    subject = facts.get("subject", ORDER)
    with transaction.atomic():
        return outbox.enqueue(
            **{
                "account": account,
                "subject": subject,
                "kind": Kind.INVOICE,
                "key": f"{facts.get('kind', 'invoice')}:{subject}",
                "method": "POST",
                "path": f"/api/oms/pvt/orders/{subject}/invoice",
                "payload": {"type": "Output", "invoiceNumber": "NF-1", "invoiceValue": 9508},
                "now": NOW,
            }
            | facts
        )


def start_handling(account: SellerAccount, **facts: Any) -> OutboxMessage:
    path = f"/api/oms/pvt/orders/{ORDER}/start-handling"
    return promise(account, kind=Kind.START_HANDLING, path=path, payload=None, **facts)


def run(clock: Hands) -> int:
    """Until nothing is due by `clock`; the budget is for a run that never ends."""
    return drain(clock=clock, budget_seconds=120)


def now_of(message: OutboxMessage) -> OutboxMessage:
    message.refresh_from_db()
    return message


def outcomes(message: OutboxMessage) -> list[tuple[str, int | None]]:
    return [(attempt.outcome, attempt.http_status) for attempt in message.attempts.all()]
