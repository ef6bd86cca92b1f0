"""Only fields known to hold no personal data are kept of a body."""

from typing import Any

KEPT = set(
    "type invoiceNumber invoiceValue issuanceDate items id price quantity invoiceKey"
    " courier trackingNumber trackingUrl dispatchedDate isDelivered deliveredDate events date"
    " marketplaceOrderId marketplaceOrderGroup marketplacePaymentValue orderId seller listPrice"
    " shippingData logisticsInfo itemIndex selectedSla lockTTL shippingEstimate deliveryWindow"
    " startDateUtc endDateUtc selectedDeliveryChannel unitMultiplier measurementUnit priceTags"
    " bundleItems name value rawValue cancellationRequestId cancellationRequestDate"
    " requestedByUser receipt error code message country postalCode requestIndex stockBalance slas"
    " deliveryChannel deliveryChannels shipsTo availableDeliveryWindows offerings priceValidUntil"
    " merchantName allowMultipleDeliveries handles filter status".split()
)
LONGEST = 300
DEEPEST = 8


def without_persons(body: Any, *, depth: int = 0) -> Any:
    if depth > DEEPEST:
        return "…"
    if isinstance(body, dict):
        return {
            key: without_persons(value, depth=depth + 1) if key in KEPT else "…"
            for key, value in body.items()
        }
    if isinstance(body, list):
        return [without_persons(entry, depth=depth + 1) for entry in body]
    return body[:LONGEST] if isinstance(body, str) else body
