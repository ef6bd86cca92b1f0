"""What the marketplace is answered about a change, in the shapes of its own order modifications."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from orders.models import OrderChange
from orders.replanning import Plan, plan_from

_WIRE_STATUS = {
    OrderChange.Status.RECEIVED: "waiting-acknowledgement",
    OrderChange.Status.ACKNOWLEDGED: "waiting-confirmation",
    OrderChange.Status.CONFIRMED: "waiting-confirmation",
    OrderChange.Status.APPLIED: "done",
    OrderChange.Status.REFUSED: "canceled",
    OrderChange.Status.CANCELLED: "canceled",
}


def answer_of(change: OrderChange) -> dict[str, Any]:
    """To the call that asked for the change. `requestId` names it from here on."""
    return {
        **agreement_of(change, None),
        "requestId": change.change_request_id,
        "workflowId": None,
        **_content(plan_from(change.plan), change.document or {}),
    }


def preview_of(plan: Plan, *, document: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    date = now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {**_content(plan, document), "date": date, "origin": None, "settings": None}


def agreement_of(change: OrderChange, agreement: str | None) -> dict[str, Any]:
    """Where the change stands; with `agreement`, that we agree."""
    said = {"agreementType": agreement} if agreement else {}
    return {
        "orderId": change.order.marketplace_order_id,
        "changeRequestId": change.change_request_id,
        **said,
        "status": _WIRE_STATUS[OrderChange.Status(change.status)],
    }


def _content(plan: Plan, document: Mapping[str, Any]) -> dict[str, Any]:
    """What was asked, and the cents it changes by total."""
    asked = {key.casefold(): value for key, value in document.items()}
    totals = (
        ("Items", "Items Total", plan.items_cents),
        ("Discounts", "Discounts Total", -plan.discounts_cents),
        ("Services", "Services Total", plan.services_cents),
        ("Shipping", "Shipping Total", plan.freight_cents),
        ("ManualValues", "Manual Values Total", plan.manual_cents),
    )
    return {
        "reason": asked.get("reason"),
        "manualDiscountValue": asked.get("manualdiscountvalue") or 0,
        "manualIncrementValue": asked.get("manualincrementvalue") or 0,
        "totalChangeValue": plan.payment_cents,
        "totals": [{"id": id_, "name": name, "value": cents} for id_, name, cents in totals],
        "add": asked.get("add"),
        "remove": asked.get("remove"),
        "replace": asked.get("replace"),
    }
