"""The wire of the ordinary peer, in and out."""

# ruff: noqa: N802, N815 (fields are named as the wire has them)
from __future__ import annotations

from datetime import datetime
from typing import Any

from rest_framework import serializers

from benchmarks.peers.ordinary.simulating import Line, Sla
from sellers.models import DeliveryWindow, PickupPoint


class CartItemSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    quantity = serializers.IntegerField(min_value=1)
    seller = serializers.CharField(allow_null=True, required=False)


class CartSerializer(serializers.Serializer[Any]):
    items = CartItemSerializer(many=True)
    postalCode = serializers.CharField(allow_null=True, required=False, source="postal_code")
    country = serializers.CharField(allow_null=True, required=False)
    geoCoordinates = serializers.ListField(required=False, source="geo_coordinates")


class LineItemSerializer(serializers.Serializer[Line]):
    id = serializers.CharField(source="sku.ref")
    requestIndex = serializers.IntegerField(source="index")
    quantity = serializers.IntegerField()
    seller = serializers.CharField()
    price = serializers.IntegerField()
    listPrice = serializers.IntegerField(source="list_price")
    priceTags = serializers.ReadOnlyField(default=[])
    priceValidUntil = serializers.DateTimeField(source="sku.price_valid_until")
    measurementUnit = serializers.CharField(source="sku.measurement_unit")
    unitMultiplier = serializers.SerializerMethodField()
    merchantName = serializers.ReadOnlyField(default=None)
    offerings = serializers.JSONField(source="sku.offerings")
    attachmentOfferings = serializers.ReadOnlyField(default=[])

    def get_unitMultiplier(self, line: Line) -> int | float:
        multiplier = float(line.sku.unit_multiplier)
        return int(multiplier) if multiplier.is_integer() else multiplier


class AddressSerializer(serializers.ModelSerializer[PickupPoint]):
    addressType = serializers.ReadOnlyField(default="pickup")
    receiverName = serializers.ReadOnlyField(default=None)
    addressId = serializers.CharField(source="ref")
    postalCode = serializers.CharField(source="postal_code")
    geoCoordinates = serializers.SerializerMethodField()

    class Meta:
        model = PickupPoint
        fields = (
            "addressType", "receiverName", "addressId", "postalCode", "city", "state", "country",
            "street", "number", "neighborhood", "complement", "reference", "geoCoordinates",
        )  # fmt: skip

    def get_geoCoordinates(self, point: PickupPoint) -> list[float]:
        if point.longitude is None or point.latitude is None:
            return []
        return [point.longitude, point.latitude]


class PickupStoreSerializer(serializers.Serializer[PickupPoint]):
    isPickupStore = serializers.ReadOnlyField(default=True)
    friendlyName = serializers.CharField(source="friendly_name")
    additionalInfo = serializers.CharField(source="additional_info")
    address = AddressSerializer(source="*")


class WindowSerializer(serializers.Serializer[DeliveryWindow]):
    startDateUtc = serializers.DateTimeField(source="starts_at")
    endDateUtc = serializers.DateTimeField(source="ends_at")
    price = serializers.IntegerField(source="price_cents")


class SlaSerializer(serializers.Serializer[Sla]):
    id = serializers.CharField(source="policy.ref")
    name = serializers.CharField(source="policy.name")
    deliveryChannel = serializers.CharField(source="policy.channel")
    price = serializers.IntegerField()
    shippingEstimate = serializers.CharField(source="estimate")
    shippingEstimateDate = serializers.SerializerMethodField()
    availableDeliveryWindows = WindowSerializer(many=True, source="windows")
    pickupStoreInfo = PickupStoreSerializer(source="policy.pickup_point")

    def get_shippingEstimateDate(self, sla: Sla) -> datetime:
        return sla.by


class LogisticsSerializer(serializers.Serializer[Line]):
    itemIndex = serializers.IntegerField(source="index")
    quantity = serializers.IntegerField()
    stockBalance = serializers.IntegerField(source="stock_balance")
    shipsTo = serializers.ListField(source="ships_to")
    slas = SlaSerializer(many=True)
    deliveryChannels = serializers.ListField(source="channels")


class SimulationSerializer(serializers.Serializer[Any]):
    country = serializers.CharField()
    postalCode = serializers.CharField(source="postal_code")
    geoCoordinates = serializers.ListField(source="geo_coordinates")
    allowMultipleDeliveries = serializers.ReadOnlyField(default=True)
    items = LineItemSerializer(many=True, source="lines")
    logisticsInfo = LogisticsSerializer(many=True, source="lines")
