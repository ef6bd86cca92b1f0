"""Reads the order document to learn whether something we said has arrived."""

from __future__ import annotations

from enum import Enum
from typing import Any
from urllib.parse import quote, unquote

import orjson

from sellers.marketplace.models import OutboxMessage

Kind = OutboxMessage.Kind

#: Kinds whose repetition could do harm, and whose arrival the order document shows.
#: The others are the same when they are said twice.
SETTLED_BY_READING = frozenset({Kind.INVOICE, Kind.CANCEL})
_LONGEST = 2000
_CANCELLED = frozenset({"canceled", "cancelled", "cancel"})


class Finding(Enum):
    ARRIVED = "arrived"
    ABSENT = "absent"
    DIFFERENT = "different"


def order_path(subject: str) -> str:
    return f"/api/oms/pvt/orders/{quote(subject, safe='')}"


def find(message: OutboxMessage, document: Any) -> Finding:
    """Whether `document`, the order as the marketplace has it, shows what `message` says.

    An unreadable document shows nothing.
    """
    if not isinstance(document, dict):
        return Finding.ABSENT
    if message.kind in (Kind.CANCEL, Kind.CANCEL_RETURNED):
        status = str(document.get("status", "")).lower()
        return Finding.ARRIVED if status in _CANCELLED else Finding.ABSENT
    said = orjson.loads(message.body)
    if message.kind == Kind.TRACKING:
        return _find_tracking(said, unquote(message.path.rpartition("/")[2]), document)
    return _find_invoice(said, document)


def shown(document: Any) -> str:
    """What of the order tells whether something arrived, and nothing about any person."""
    if not isinstance(document, dict):
        return ""
    keys = ("invoiceNumber", "invoiceValue", "trackingNumber")
    packages = [{key: package.get(key) for key in keys} for package in _packages(document)]
    told = {"status": document.get("status"), "packages": packages}
    return orjson.dumps(told).decode()[:_LONGEST]


def _find_invoice(said: dict[str, Any], document: dict[str, Any]) -> Finding:
    number, value = str(said.get("invoiceNumber")), _cents(said.get("invoiceValue"))
    same_number = [p for p in _packages(document) if str(p.get("invoiceNumber")) == number]
    if not same_number:
        return Finding.ABSENT
    agree = any(_cents(package.get("invoiceValue")) == value for package in same_number)
    return Finding.ARRIVED if agree else Finding.DIFFERENT


def _find_tracking(said: dict[str, Any], invoice_number: str, document: dict[str, Any]) -> Finding:
    shown = [
        str(package.get("trackingNumber"))
        for package in _packages(document)
        if str(package.get("invoiceNumber")) == invoice_number
    ]
    if str(said.get("trackingNumber")) in shown:
        return Finding.ARRIVED
    return Finding.DIFFERENT if shown else Finding.ABSENT


def _packages(document: dict[str, Any]) -> list[dict[str, Any]]:
    attachment = document.get("packageAttachment")
    packages = attachment.get("packages") if isinstance(attachment, dict) else None
    return [p for p in packages if isinstance(p, dict)] if isinstance(packages, list) else []


def _cents(value: Any) -> int | None:
    """Cents as the marketplace writes them: a number or a string of one."""
    try:
        return round(float(value))
    except (TypeError, ValueError, OverflowError):
        return None
