"""What a label needs of the shopper, nothing more: a name and where it goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from orders.models import Order, PersonalData

_ADDRESS = (
    "receiverName",
    "street",
    "number",
    "complement",
    "neighborhood",
    "postalCode",
    "city",
    "state",
    "country",
    "reference",
)


@dataclass(frozen=True)
class Receiver:
    """`lines` are the whole address; `postal_code` is one of them, for those who sort by it."""

    name: str
    lines: tuple[str, ...]
    postal_code: str = ""


def receiver_of(order: Order) -> Receiver | None:
    """None once the personal data was erased."""
    personal = PersonalData.objects.filter(order=order, erased_at=None).first()
    return receiver_in(personal) if personal else None


def receiver_in(personal: PersonalData) -> Receiver:
    address = _address(personal.document)
    said = {key: str(address.get(key) or "").strip() for key in _ADDRESS}
    lines = (
        ", ".join(filter(None, (said["street"], said["number"], said["complement"]))),
        said["neighborhood"],
        " · ".join(filter(None, (said["postalCode"], said["city"], said["state"]))),
        said["country"],
        said["reference"],
    )
    name = personal.receiver or said["receiverName"]
    return Receiver(name, tuple(filter(None, lines)), said["postalCode"])


def _address(document: Any) -> dict[str, Any]:
    """The address as VTEX sent it; its keys come in any case."""
    shipping = _field(document, "shippingData")
    address = _field(shipping, "address")
    known = {key.lower(): key for key in _ADDRESS}
    if not isinstance(address, dict):
        return {}
    return {known[key.lower()]: value for key, value in address.items() if key.lower() in known}


def _field(document: Any, name: str) -> Any:
    if not isinstance(document, dict):
        return None
    return next((value for key, value in document.items() if key.lower() == name.lower()), None)
