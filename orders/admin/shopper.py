"""The shopper, read from the placed document whatever its shape: fields may be missing or odd."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from orders.models import Order, PersonalData


def shopper_facts(order: Order) -> list[tuple[str, str]]:
    """Label and value of what is known of the shopper; nothing once it was erased."""
    personal = PersonalData.objects.filter(order=order).first()
    if personal is None:
        return []
    document = _dict(personal.document)
    profile = _dict(document.get("clientProfileData"))
    address = _dict(_dict(document.get("shippingData")).get("address"))
    facts = (
        (_("Name"), _join(profile, "firstName", "lastName")),
        (_("Company"), _join(profile, "corporateName")),
        (_("E-mail"), _join(profile, "email")),
        (_("Phone"), _join(profile, "phone")),
        (_("Document"), _join(profile, "documentType", "document", "corporateDocument")),
        (_("Receiver"), personal.receiver or _join(address, "receiverName")),
        (_("Street"), _join(address, "street", "number", "complement")),
        (_("Neighborhood"), _join(address, "neighborhood")),
        (_("City"), _join(address, "city", "state", "postalCode", "country")),
        (_("Reference"), _join(address, "reference")),
        (_("Note"), _note(document.get("openTextField"))),
    )
    return [(label, value) for label, value in facts if value]


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _note(field: Any) -> str:
    """The shopper's own words: VTEX sends them bare or in an object."""
    return field if isinstance(field, str) else _join(_dict(field), "value")


def _join(source: dict[str, Any], *names: str) -> str:
    found = (source.get(name) for name in names)
    return " ".join(str(value) for value in found if isinstance(value, (str, int)) and value != "")
