// VTEX's reference idea: an HTTP server that builds a mocked answer, here of the portal's size.
// Nothing is read; prices and stock are made up.
import { serve } from "./serving.mjs";

const POLICIES = 10;

serve((cart) => ({
  country: cart.country,
  postalCode: cart.postalCode,
  geoCoordinates: [],
  items: cart.items.map(item),
  logisticsInfo: cart.items.map(logistics),
  allowMultipleDeliveries: true,
}));

function item({ id, quantity, seller }, index) {
  return {
    id,
    requestIndex: index,
    quantity,
    seller,
    price: 26700,
    listPrice: 26700,
    priceTags: [],
    priceValidUntil: null,
    measurementUnit: "un",
    unitMultiplier: 1,
    merchantName: null,
    offerings: [],
    attachmentOfferings: [],
  };
}

function logistics({ quantity }, index) {
  const slas = [];
  for (let n = 1; n <= POLICIES; n++) slas.push(sla(`carrier-${n}`, `Carrier ${n}`, "delivery", null));
  slas.push(sla("pickup-101", "Pickup 101", "pickup-in-point", pickup()));
  return {
    itemIndex: index,
    quantity,
    stockBalance: 200,
    shipsTo: ["BRA"],
    slas,
    deliveryChannels: [
      { id: "delivery", stockBalance: 200 },
      { id: "pickup-in-point", stockBalance: 200 },
    ],
  };
}

function sla(id, name, deliveryChannel, pickupStoreInfo) {
  return {
    id,
    name,
    deliveryChannel,
    price: 1550,
    shippingEstimate: "7bd",
    shippingEstimateDate: "2026-01-12T23:59:59-03:00",
    availableDeliveryWindows: [],
    pickupStoreInfo,
  };
}

function pickup() {
  return {
    isPickupStore: true,
    friendlyName: "Counter 101",
    additionalInfo: "Monday to Friday, 9 to 18",
    address: {
      addressType: "pickup",
      receiverName: null,
      addressId: "counter-101",
      postalCode: "01000101",
      city: "São Paulo",
      state: "SP",
      country: "BRA",
      street: "Rua do Comércio",
      number: "101",
      neighborhood: "Centro",
      complement: "",
      reference: "",
      geoCoordinates: [-46.101, -23.101],
    },
  };
}
